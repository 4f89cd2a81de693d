"""Discord at its worst, in the middle of a burst: what could be delivered is, and a dead webhook is left alone."""

import asyncio
from typing import Any

import pytest

from otel_discord.component import Status
from otel_discord.testing.fake_discord import Answer, Break, Change, Cut, FakeDiscord, Fault, Stall, posts
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.rig import Rig, running

COUNT = 60
HTML = "<html><head><title>Access denied</title></head><body>Cloudflare</body></html>"
FAST: dict[str, Any] = {"shutdown_timeout": "1h", "rate_limit": {"channel_messages_per_minute": 0}}

RECOVERS: dict[str, Any] = {
    "503": Answer(503, HTML),
    "500-json": Answer(500, {"message": "500: Internal Server Error", "code": 0}),
    "reset-before-the-body": Break(Cut.UPLOAD),
    "refused": Break(Cut.REFUSED),
    "reset-instead-of-an-answer": Break(Cut.BEFORE_HEADERS),
    "no-answer": Stall(),
    "429": Answer(429, {"message": "x", "retry_after": 1.5, "global": False}, {"retry-after": "2"}),
    "429-html": Answer(429, HTML, {"retry-after": "5"}),
    "429-1015": Answer(429, "error code: 1015", {"retry-after": "120"}),
    "429-nothing": Answer(429, ""),
    "200-captive-portal": Answer(200, HTML),
    "redirect": Answer(302, "", {"location": "https://example.com/"}),
}


async def burst(fake: FakeDiscord, **config: Any) -> Rig:
    async with running(fake, **(FAST | config)) as rig:
        await rig.exporter.consume(logs_batch(COUNT))
        await asyncio.sleep(5)
    return rig


@pytest.mark.looptime(idle_timeout=7200, idle_step=5)
@pytest.mark.parametrize("name", RECOVERS)
async def test_a_passing_fault_costs_time_only(name: str) -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(RECOVERS[name], match=posts, first=3))
    rig = await burst(fake)
    assert rig.arrived() == list(range(COUNT))
    assert rig.telemetry.value("otelcol_exporter_sent_log_records") == COUNT
    assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 0


@pytest.mark.looptime(idle_timeout=7200, idle_step=5)
@pytest.mark.parametrize(
    "fault", [Answer(502, HTML, commit=True), Break(Cut.BEFORE_HEADERS, commit=True), Stall(commit=False)]
)
async def test_an_answer_lost_after_the_message_was_stored(fault: Any) -> None:
    """At least once: ten records twice, marked; at most once: never twice, at the price of the log."""
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(fault, match=posts, first=3))
    rig = await burst(fake)
    assert sorted(set(rig.arrived())) == list(range(COUNT))
    assert rig.telemetry.value("otel_discord_possible_duplicates_total") == 1

    careful = FakeDiscord(channel_limit=None)
    careful.faults.add(Fault(fault, match=posts, first=3))
    hook = careful.add_webhook()
    rig = await burst(careful, destinations={"only": {"webhook_url": hook.url, "delivery": "at_most_once"}})
    arrived = rig.arrived()
    assert len(arrived) == len(set(arrived))
    failed = rig.telemetry.value("otelcol_exporter_send_failed_log_records")
    sent = rig.telemetry.value("otelcol_exporter_sent_log_records")
    assert (sent, failed) == (COUNT - 10, 10)


@pytest.mark.looptime(idle_timeout=7200, idle_step=5)
@pytest.mark.parametrize(
    "change", [lambda fake: fake.delete_webhook(fake.webhooks[0]), lambda fake: fake.rotate_token(fake.webhooks[0])]
)
async def test_a_webhook_that_is_gone_gets_one_more_request_and_no_other(
    change: Any, caplog: pytest.LogCaptureFixture
) -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Change(change), match=posts, first=3))
    async with running(fake, **FAST) as rig:
        await rig.exporter.consume(logs_batch(COUNT))
        await asyncio.sleep(5)
        await rig.exporter.consume(logs_batch(5, first=COUNT))
        await asyncio.sleep(5)
    statuses = [each.status for each in fake.exchanges if each.method == "POST"]
    assert statuses[:2] == [200, 200]
    assert len(statuses) == 3
    assert statuses[2] in {401, 404}
    assert rig.arrived() == list(range(20))
    assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == COUNT + 5 - 20
    told = [record for record in caplog.records if "nothing more is sent" in record.message]
    assert len(told) == 1
    assert "record 64" in caplog.text  # the log has what Discord has not
    assert [event.status for event in rig.host.events][:2] == [Status.OK, Status.RECOVERABLE]


@pytest.mark.looptime(idle_timeout=600, idle_step=5)
async def test_a_webhook_that_was_never_there_gets_one_request() -> None:
    fake = FakeDiscord()
    hook = fake.add_webhook()
    fake.delete_webhook(hook)
    async with running(fake, webhook_url=hook.url, **FAST) as rig:
        await rig.exporter.consume(logs_batch(3))
        await asyncio.sleep(60)
    assert len(fake.exchanges) == 1


@pytest.mark.looptime(idle_timeout=7200, idle_step=5)
async def test_a_message_that_is_too_large_is_divided() -> None:
    fake = FakeDiscord(channel_limit=None)
    too_large = {"message": "Request entity too large", "code": 40005}
    fake.faults.add(Fault(Answer(413, too_large), match=posts, first=3))
    rig = await burst(fake)
    assert rig.arrived() == list(range(COUNT))
    assert len(fake.messages) == COUNT // 10 + 1


@pytest.mark.looptime(idle_timeout=7200, idle_step=5)
async def test_a_file_that_is_too_large_for_the_channel_stays_behind_and_the_card_says_so() -> None:
    fake = FakeDiscord(channel_limit=None)
    too_large = {"message": "Request entity too large", "code": 40005}
    fake.faults.add(Fault(Answer(413, too_large), match=posts))
    async with running(fake, **FAST) as rig:
        attributes = {"discord.attachments": [{"filename": "core.dump", "data": b"x" * 1000}]}
        await rig.exporter.consume(logs_batch(1, attributes=attributes))
    (message,) = fake.messages
    assert message.files == []
    assert "core.dump left out" in message.embeds[0]["description"]
    fake.assert_clean()


def poison(number: int) -> dict[str, Any]:
    tree = {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 256 or fewer in length."}]}
    errors = {"embeds": {str(number): {"title": tree}}}
    return {"message": "Invalid Form Body", "code": 50035, "errors": errors}


@pytest.mark.looptime(idle_timeout=7200, idle_step=5)
async def test_a_poisoned_card_does_not_cost_its_nine_neighbours(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Answer(400, poison(4)), match=posts, first=3))
    rig = await burst(fake)
    assert rig.arrived() == [number for number in range(COUNT) if number != 24]
    assert rig.telemetry.value("otel_discord_messages_failed_total", reason="invalid_form") == 1
    assert "record 24" in caplog.text


@pytest.mark.looptime(idle_timeout=7200, idle_step=5)
async def test_a_refusal_that_names_nothing_is_narrowed_down() -> None:
    fake = FakeDiscord(channel_limit=None)

    def has_poison(request: Any) -> bool:
        return posts(request) and b"record 24" in request.body

    blocked = {"message": "Message was blocked by automatic moderation", "code": 200000}
    fake.faults.add(Fault(Answer(400, blocked), match=has_poison, times=100))
    rig = await burst(fake)
    assert sorted(rig.arrived()) == [number for number in range(COUNT) if number != 24]
    assert rig.arrived() == sorted(rig.arrived())


@pytest.mark.looptime(idle_timeout=7200, idle_step=5)
async def test_a_name_that_discord_refuses_is_left_out() -> None:
    fake = FakeDiscord(channel_limit=None)
    tree = {"_errors": [{"code": "USERNAME_INVALID_CONTAINS", "message": 'Username cannot contain "x"'}]}
    answer = {"message": "Invalid Form Body", "code": 50035, "errors": {"username": tree}}
    named = Fault(Answer(400, answer), match=lambda request: b'"username"' in request.body, times=1000)
    fake.faults.add(named)
    rig = await burst(fake, username="Telemetry")
    assert rig.arrived() == list(range(COUNT))
    assert fake.count(400) == 1, "not one refusal for each message"


@pytest.mark.looptime(idle_timeout=7200, idle_step=5)
async def test_what_fails_five_times_waits_for_the_breaker_and_arrives() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Answer(503, HTML), match=posts, first=3, times=5))
    rig = await burst(fake)
    assert rig.arrived() == list(range(COUNT))
    assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 0


@pytest.mark.looptime(idle_timeout=7200, idle_step=5)
async def test_shutdown_with_discord_away_ends_at_its_deadline_and_says_what_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Stall(), match=posts, times=1e9))
    loop = asyncio.get_running_loop()
    async with running(fake, shutdown_timeout="3s") as rig:
        await rig.exporter.consume(logs_batch(7))
        await asyncio.sleep(1)
        closing_at_s = loop.time()
    assert loop.time() - closing_at_s <= 4.5
    assert "record 6" in caplog.text
    assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 7
