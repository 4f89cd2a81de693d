"""The picture of an alert: there from its first word, kept by edits, replaced at the end, and never in the way."""

import asyncio
from typing import Any

import pytest

from otel_discord.testing.fake_discord import Answer, FakeDiscord, FakeRequest, Fault, answers, method_is
from tests.exporters.discord.alerting import AMBER, BEGINNING_S, GREEN, GREY, RED, batch, colors, edits, words
from tests.exporters.discord.alerting import firing as bare_firing
from tests.exporters.discord.alerting import resolved as bare_resolved
from tests.exporters.discord.alerting import updated as bare_updated
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.drawing import Sketches, beside, pictures, uploads, with_series
from tests.exporters.discord.rig import Rig, running

pytestmark = pytest.mark.looptime(idle_timeout=2_000_000, idle_step=30)


def wall_clock() -> float:
    return BEGINNING_S + asyncio.get_running_loop().time()


ALERTS: dict[str, Any] = {
    "fold": {"window": "5m", "edit_interval": "10s"},
    "alerts": {"group_by": ["alert.name"], "group_wait": "5s", "group_interval": "1m"},
    "shutdown_timeout": "1h",
    "wall_clock": wall_clock,
}
BLOCKS = "▁"


def firing(started_s: float = 0, at_s: float | None = None, **changes: Any) -> Any:
    return with_series(bare_firing(started_s, at_s, **changes))


def updated(started_s: float, at_s: float, **changes: Any) -> Any:
    return with_series(bare_updated(started_s, at_s, **changes))


def resolved(started_s: float, at_s: float, **changes: Any) -> Any:
    return with_series(bare_resolved(started_s, at_s, **changes))


async def tell(rig: Rig, *events: Any) -> None:
    await rig.exporter.consume(batch(*events))


async def test_from_the_first_word_to_the_end() -> None:
    fake, sketches = FakeDiscord(), Sketches()
    async with running(fake, charts=sketches, **ALERTS) as rig:
        await tell(rig, firing(0, 60))
        await asyncio.sleep(0.1)
        assert sketches.warmed
        await asyncio.sleep(6)
        (message,) = fake.messages
        assert uploads(fake) == [("created", ["chart.png"])]
        assert message.files[0].description == "queue.depth over 9 m 55 s: highest 1,410, last 1,410, threshold > 1000"
        assert pictures(message)[0].startswith("\x89PNG 1 open")
        assert BLOCKS not in words(message)
        for second in range(70, 130, 10):
            await asyncio.sleep(10)
            await tell(rig, updated(0, second, value=1000.0 + second))
        await asyncio.sleep(15)
        assert len(edits(fake)) >= 4
        assert len(uploads(fake)) == 1
        assert pictures(message)[0].startswith("\x89PNG 1 open")
        await tell(rig, resolved(0, 150))
        await asyncio.sleep(1)
        assert uploads(fake)[1:] == [("edited", ["chart.png"])]
        assert colors(fake) == [GREEN]
        assert pictures(message)[0].startswith("\x89PNG 2 over")
        assert len(message.files) == 1
        assert beside(message) == []
    fake.assert_clean()


async def test_what_looks_different_is_drawn_again() -> None:
    fake, sketches = FakeDiscord(), Sketches()
    async with running(fake, charts=sketches, **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(10)
        for minute in range(1, 60):
            await asyncio.sleep(60)
            await tell(rig, updated(0, minute * 60, value=float(minute)))
        await asyncio.sleep(60)
        assert 4 <= len(uploads(fake)) <= 9  # each time half as long again
        assert "over 5" in fake.messages[0].files[0].description  # and the start is still in it
    fake.assert_clean()


async def test_worse_is_a_new_message_with_a_picture_of_its_own() -> None:
    fake = FakeDiscord()
    async with running(fake, charts=Sketches(), **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(60)
        await tell(rig, updated(0, 60, severity="critical", threshold="> 5000", value=5000.0))
        await asyncio.sleep(2)
        first, second = fake.messages
        assert colors(fake) == [GREY, RED]
        assert pictures(first)[0].startswith("\x89PNG 1")
        assert pictures(second)[0].startswith("\x89PNG 2")
        assert "> 5000" in second.files[0].description
        await tell(rig, resolved(0, 90, severity="critical"))
        await asyncio.sleep(2)
        assert pictures(second)[0].startswith("\x89PNG 3 over")
        assert [len(each.files) for each in fake.messages] == [1, 1]
    fake.assert_clean()


async def test_a_group_shows_the_alert_that_leads_it() -> None:
    fake = FakeDiscord()

    def shop(number: int, made: Any = firing, *times: float, **changes: Any) -> Any:
        name = f"shop-{number}"
        return made(*times, labels={"service.name": name}, metric=name, summary=f"{name} waits", **changes)

    async with running(fake, charts=Sketches(), **ALERTS) as rig:
        await tell(rig, shop(0, firing, 10), shop(1, firing, 20), shop(2, firing, 30))
        await asyncio.sleep(6)
        (message,) = fake.messages
        assert "shop-0" in pictures(message)[0]
        await asyncio.sleep(60)
        await tell(rig, shop(0, resolved, 10, 70))
        await asyncio.sleep(70)
        assert "shop-1" in pictures(message)[0]
        await tell(rig, shop(2, resolved, 30, 200), shop(1, resolved, 20, 230))
        await asyncio.sleep(5)
        assert "over shop-1" in pictures(message)[0]
        assert words(message).split("\n")[1].startswith("🟢 shop-1")
        assert len(message.files) == 1
    fake.assert_clean()


async def test_alerts_that_share_a_message_have_a_picture_each() -> None:
    fake = FakeDiscord()
    async with running(fake, charts=Sketches(), **ALERTS) as rig:
        await tell(rig, *(firing(0, name=f"Alert{number}", metric=f"m{number}") for number in range(8)))
        await asyncio.sleep(10)
        message = fake.messages[0]
        assert len(message.embeds) == 8
        assert [file.filename for file in message.files] == ["chart.png", *(f"chart-{n}.png" for n in range(2, 9))]
        await tell(rig, resolved(0, 60, name="Alert3", metric="m3"))
        await asyncio.sleep(10)
        shown = pictures(message)
        assert [f"m{number} " in shown[number] for number in range(8)] == [True] * 8
        assert [" over " in text.split(" m")[0] + " " for text in shown] == [number == 3 for number in range(8)]
        assert uploads(fake)[1:] == [("edited", ["chart-4.png"])]
        await tell(rig, updated(0, 70, name="Alert5", metric="m5", severity="critical"))  # it leaves the message
        await asyncio.sleep(5)
        await tell(rig, updated(0, 80, name="Alert0", metric="m0", value=2.0))
        await asyncio.sleep(15)
        assert [len(each.embeds) for each in fake.messages] == [7, 1]
        assert len(message.files) == 7
        assert beside(message) == []
        assert [
            f"m{number} " in text for number, text in zip([0, 1, 2, 3, 4, 6, 7], pictures(message), strict=True)
        ] == [True] * 7
    fake.assert_clean()


@pytest.mark.parametrize("why", ["off", "none", "fails", "plain"])
async def test_without_a_picture_it_is_a_line_of_text(why: str) -> None:
    fake, sketches = FakeDiscord(), Sketches()
    sketches.fails = why == "fails"
    config = ALERTS | ({"alerts": ALERTS["alerts"] | {"charts": False}} if why == "off" else {})
    config |= {"render": {"preset": "plain"}} if why == "plain" else {}
    async with running(fake, charts=None if why == "none" else sketches, **config) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(10)
        (message,) = fake.messages
        assert BLOCKS in message.content + words(message)
        assert "100 to 1,410 in 9 m 55 s" in message.content + words(message)
        await tell(rig, resolved(0, 60))
        await asyncio.sleep(10)
        assert BLOCKS in message.content + words(message)
        assert uploads(fake) == []
        assert len(sketches.plans) == (0 if why in ("off", "none", "plain") else 2)
    fake.assert_clean()


async def test_the_picture_may_come_with_a_later_edit_and_go_with_another() -> None:
    fake, sketches = FakeDiscord(), Sketches()
    sketches.fails = True
    async with running(fake, charts=sketches, **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(10)
        sketches.fails = False
        await tell(rig, updated(0, 20, value=2.0))
        await asyncio.sleep(10)
        (message,) = fake.messages
        assert pictures(message)[0].startswith("\x89PNG 2 open")
        assert BLOCKS not in words(message)
        sketches.fails = True
        await tell(rig, updated(0, 90, threshold="> 2000"))
        await asyncio.sleep(10)
        assert pictures(message)[0].startswith("\x89PNG 2 open")  # better than none
        await tell(rig, resolved(0, 100))
        await asyncio.sleep(10)
        assert BLOCKS in words(message)
        assert message.files == []
    fake.assert_clean()


REFUSALS = {
    "too large": Answer(413, {"code": 40005, "message": "Request entity too large"}),
    "form": Answer(400, {"code": 50035, "message": "Invalid Form Body", "errors": {
        "attachments": {"0": {"_errors": [{"code": "BASE_TYPE_BAD", "message": "no"}]}}}}),
    "bad file": Answer(400, {"code": 50046, "message": "Invalid file uploaded"}),
    "explicit": Answer(400, {"code": 20009, "message": "Explicit content cannot be sent to the desired recipient(s)"}),
}  # fmt: skip


def has_files(request: FakeRequest) -> bool:
    return bool(request.parts)


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_picture_that_discord_refuses_takes_nothing_with_it(refusal: str) -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault(REFUSALS[refusal], match=has_files, times=9))
    async with running(fake, charts=Sketches(), **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(10)
        (message,) = fake.messages
        assert pictures(message) == [""]
        assert "chart.png left out" in words(message)
        for second in (20, 40, 60):
            await tell(rig, updated(0, second, value=float(second)))
            await asyncio.sleep(20)
        assert BLOCKS in words(message)
        await tell(rig, resolved(0, 100))
        await asyncio.sleep(10)
        assert colors(fake) == [GREEN]
        assert sum(each.status >= 400 for each in fake.exchanges) == 1  # and none with an edit
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") in (None, 0)


async def test_an_edit_whose_picture_is_refused_shows_the_end_without() -> None:
    fake = FakeDiscord()
    async with running(fake, charts=Sketches(), **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(10)
        fake.faults.add(Fault(REFUSALS["too large"], match=has_files))
        await tell(rig, resolved(0, 100))
        await asyncio.sleep(10)
        (message,) = fake.messages
        assert colors(fake) == [GREEN]
        assert BLOCKS in words(message)
        assert message.files == []


async def test_other_files_of_the_message_survive() -> None:
    fake = FakeDiscord()
    async with running(fake, charts=Sketches(), **ALERTS) as rig:
        await rig.exporter.consume(with_attachments(firing(0), 1))
        await asyncio.sleep(10)
        (message,) = fake.messages
        assert [file.filename for file in message.files] == ["part-0.txt", "chart.png"]
        trace = message.files[0]
        await tell(rig, resolved(0, 100))
        await asyncio.sleep(10)
        assert [file.filename for file in message.files] == ["part-0.txt", "chart.png"]
        assert message.files[0] is trace
        assert pictures(message)[0].startswith("\x89PNG 2 over")
    fake.assert_clean()


@pytest.mark.parametrize("charts", [True, False])
async def test_another_run_replaces_the_picture(charts: bool) -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    short = ALERTS | {"shutdown_timeout": "0s"}
    async with running(fake, host=host_with(disk), sending_queue=STORED, charts=Sketches(), **short) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(10)
        await tell(rig, updated(0, 2000, value=1.0))
        await asyncio.sleep(10)
        assert len(uploads(fake)) == 2  # so that the stored id is not that of the picture which is there
    again = Sketches() if charts else None
    async with running(fake, host=host_with(disk), sending_queue=STORED, charts=again, **ALERTS) as rig:
        await tell(rig, bare_resolved(0, 2060))  # its series is that which was stored
        await asyncio.sleep(30)
        (message,) = fake.messages
        assert colors(fake) == [GREEN]
        assert beside(message) == []
        if charts:
            assert pictures(message)[0].startswith("\x89PNG 1 over queue.depth over 43 m")
            assert len(message.files) == 1
        else:
            assert message.files == []
            assert BLOCKS in words(message)
    fake.assert_clean()


async def test_deleted_by_hand_it_is_posted_anew_with_its_picture() -> None:
    fake = FakeDiscord()
    async with running(fake, charts=Sketches(), **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(10)
        fake.messages[0].deleted = True
        await tell(rig, updated(0, 60, value=1300.0))
        await asyncio.sleep(30)
        assert colors(fake) == [AMBER]
        assert pictures(fake.messages[0])[0].startswith("\x89PNG 2 open")


async def test_a_doubtful_try_is_sent_again_with_the_same_picture() -> None:
    fake, sketches = FakeDiscord(), Sketches()
    fake.faults.add(Fault(Answer(502), match=method_is("POST"), times=1))
    async with running(fake, charts=sketches, **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(60)
        assert pictures(fake.messages[-1])[0].startswith("\x89PNG 1 open")
        assert len(sketches.plans) == 1


def with_attachments(event: Any, count: int) -> Any:
    request = batch(event)
    record = request.request.resource_logs[0].scope_logs[0].log_records[0]
    asked = record.attributes.add(key="discord.attachments").value.array_value.values
    for number in range(count):
        pairs = asked.add().kvlist_value.values
        for key, text in (("filename", f"part-{number}.txt"), ("data", "what happened")):
            pairs.add(key=key).value.string_value = text
    return request


async def test_where_there_is_no_room_for_it_the_picture_stays_behind() -> None:
    fake = FakeDiscord()
    async with running(fake, charts=Sketches(), **ALERTS) as rig:
        await rig.exporter.consume(with_attachments(firing(0), 10))
        await asyncio.sleep(10)
        (message,) = fake.messages
        assert [file.filename for file in message.files] == [f"part-{number}.txt" for number in range(10)]
        assert pictures(message) == [""]
        await tell(rig, resolved(0, 100))
        await asyncio.sleep(10)
        assert colors(fake) == [GREEN]
        assert len(message.files) == 10
    fake.assert_clean()


async def test_a_picture_whose_id_is_not_known_is_drawn_anew_before_it_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeDiscord()
    monkeypatch.setattr(answers, "FILES_BASE", "https://elsewhere.example/files")
    monkeypatch.setattr(answers.message_json, "__kwdefaults__", {"files_base": "https://elsewhere.example/files"})
    async with running(fake, charts=Sketches(), **ALERTS) as rig:
        await tell(rig, *(firing(0, name=f"Alert{number}", metric=f"m{number}") for number in range(6)))
        await asyncio.sleep(10)
        await tell(rig, updated(0, 20, name="Alert1", metric="m1", value=7.0))
        await asyncio.sleep(15)
        assert len(uploads(fake)) == 1
        await tell(rig, resolved(0, 60, name="Alert3", metric="m3"))
        await asyncio.sleep(10)
        (message,) = fake.messages
        assert [f"m{number} " in text for number, text in enumerate(pictures(message))] == [True] * 6
        assert len(uploads(fake)[1][1]) == 6
        assert len(message.files) == 6
    fake.assert_clean()


async def test_what_comes_while_a_picture_is_drawn_is_not_forgotten() -> None:
    fake, sketches = FakeDiscord(), Sketches(delay_s=1.0)
    async with running(fake, charts=sketches, **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(5.5)  # it is being drawn
        assert len(sketches.plans) == 1
        await tell(rig, updated(0, 6, value=7.0, peak=7_777.0))
        await asyncio.sleep(30)
        (message,) = fake.messages
        assert "peak 7,777" in words(message)
        await tell(rig, updated(0, 40, threshold="> 2000"))
        await asyncio.sleep(0.5)
        await tell(rig, resolved(0, 41))
        await asyncio.sleep(10)
        assert colors(fake) == [GREEN]
        assert " over " in pictures(message)[0].split("queue")[0] + " "
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 4
    fake.assert_clean()
