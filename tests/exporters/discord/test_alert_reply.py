"""``alerts::reply_on_resolve``: the end of an alert is told by a short message of its own as well, once."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from otel_discord.component import QueueLimits, RetryableError, ShutdownError, Sizer
from otel_discord.exporters.discord.alerts.group import AlertGroup, Arrival
from otel_discord.exporters.discord.alerts.member import slim
from otel_discord.exporters.discord.alerts.reply import reply_card
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.folding.kinds import Kind, kind_of
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, method_is
from otel_discord.testing.fake_discord.state import FakeMessage
from tests.exporters.discord.alerting import AMBER, GREEN, GREY, at, batch, colors, firing, resolved, updated
from tests.exporters.discord.disk import STORED, Disk, DiskQueue, host_with
from tests.exporters.discord.rig import running
from tests.exporters.discord.test_alert_crash import quiet, stored_run
from tests.exporters.discord.test_alert_life import ALERTS, tell

REPLIES: dict[str, Any] = ALERTS | {"alerts": ALERTS["alerts"] | {"reply_on_resolve": True}}
virtual = pytest.mark.looptime(idle_timeout=2_000_000, idle_step=30)


def replies(fake: FakeDiscord) -> list[str]:
    return [text for message in fake.messages for text in lines(message)]


def lines(message: FakeMessage) -> list[str]:
    told = [embed.get("description", "") for embed in message.embeds if not embed.get("title")]
    return told or [message.content] * (": resolved" in message.content and "**" not in message.content)


@virtual
@pytest.mark.parametrize("preset", ["compact", "plain"])
async def test_the_end_is_told_once_more_with_the_way_to_the_first_message(preset: str) -> None:
    fake = FakeDiscord()
    hook = fake.add_webhook()
    errors = {"webhook_url": hook.url, "mention": {"min_severity": "WARN", "roles": ["1"]}}
    config = REPLIES | {"render": {"preset": preset}, "destinations": {"errors": errors}}
    async with running(fake, **config) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(60)
        await tell(rig, resolved(0, 840))
        await asyncio.sleep(60)
        first, second = fake.messages
        (line,) = replies(fake)
        assert line.startswith("🟢 QueueTooDeep: resolved after 14 minutes · [message](https://discord.com/channels/")
        assert line.endswith(f"/{first.id})")
        assert "<@&1>" in first.content
        assert "<@&1>" not in second.content
        for event in (resolved(0, 840), resolved(0, 900), firing(0), resolved(0, 900)):
            await tell(rig, event)
            await asyncio.sleep(60)
        assert len(fake.messages) == 2
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 6
        await tell(rig, firing(1000))
        await asyncio.sleep(60)
        await tell(rig, resolved(1000, 1060))
        await asyncio.sleep(60)
        assert len(fake.messages) == 4
        assert len(replies(fake)) == 2


@virtual
async def test_one_for_a_group_and_one_for_the_message_that_it_went_on_in() -> None:
    fake = FakeDiscord()
    async with running(fake, **REPLIES) as rig:
        shops = [{"labels": {"service.name": f"shop-{number}"}} for number in range(12)]
        await tell(rig, *(firing(0, **shop) for shop in shops))
        await asyncio.sleep(30)
        await tell(rig, updated(0, 30, severity="critical", **shops[3]))
        await asyncio.sleep(30)
        await tell(rig, *(resolved(0, 200, severity="critical", **shop) for shop in shops[:11]))
        await asyncio.sleep(200)
        assert replies(fake) == []
        await tell(rig, resolved(0, 300, **shops[11]))
        await asyncio.sleep(30)
        (line,) = replies(fake)
        assert line.startswith("🟢 QueueTooDeep: all 12 resolved after 5 minutes · [message](")
        assert f"/{fake.messages[1].id})" in line
        assert colors(fake) == [GREY, GREEN, GREEN]


@virtual
async def test_none_without_being_asked_for_and_none_for_what_was_never_told_as_firing() -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(10)
        await tell(rig, resolved(0, 10))
        await asyncio.sleep(60)
        assert len(fake.messages) == 1
    fake = FakeDiscord()
    async with running(fake, **REPLIES) as rig:
        await tell(rig, firing(0), resolved(0, 3))
        await asyncio.sleep(30)
        await tell(rig, resolved(0, 40, ended_ns=at(3)))
        await tell(rig, resolved(0, 5, name="Unknown"))
        await asyncio.sleep(60)
        assert len(fake.messages) == 1
        await tell(rig, firing(100, name="Deleted"))
        await asyncio.sleep(30)
        fake.messages[-1].deleted = True
        await tell(rig, resolved(100, 150, name="Deleted"))
        await asyncio.sleep(60)
        assert replies(fake) == []


@virtual
async def test_where_the_place_is_not_known_it_has_no_link() -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault(Answer(500), match=method_is("GET"), times=1))
    async with running(fake, **REPLIES) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(30)
        await tell(rig, resolved(0, 60))
        await asyncio.sleep(30)
        assert replies(fake) == ["🟢 QueueTooDeep: resolved after 1 minute"]


@virtual
async def test_many_ends_share_messages_and_mix_with_nothing_else() -> None:
    fake = FakeDiscord()
    async with running(fake, **REPLIES) as rig:
        names = [f"Alert{number}" for number in range(45)]
        await tell(rig, *(firing(0, name=name) for name in names))
        await asyncio.sleep(120)
        before = len(fake.messages)
        await tell(rig, *(resolved(0, 120, name=name) for name in names), firing(130, name="New"))
        await asyncio.sleep(120)
        assert len(replies(fake)) == 45
        assert len(set(replies(fake))) == 45
        assert len(fake.messages) <= 2 * before + 1
        for message in fake.messages[before:]:
            assert len(lines(message)) in (0, len(message.embeds))
        assert AMBER in colors(fake)
        assert not [each for each in fake.exchanges if each.status == 429]


@virtual
@pytest.mark.parametrize("fault", [Answer(500), Answer(429, {"retry_after": 2.0, "global": False})])
async def test_an_edit_that_fails_is_followed_by_one_reply(fault: Answer) -> None:
    fake = FakeDiscord()
    async with running(fake, **REPLIES) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(30)
        fake.faults.add(Fault(fault, match=method_is("PATCH"), times=2))
        await tell(rig, resolved(0, 60))
        await asyncio.sleep(60)
        assert len(replies(fake)) == 1
        assert colors(fake) == [GREEN, GREEN]


@virtual
@pytest.mark.parametrize("after_s", [0, 0.001, 0.05, 0.5, 30])
async def test_another_run_tells_it_once(after_s: float) -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    short = REPLIES | {"shutdown_timeout": "0s"}
    async with running(fake, host=host_with(disk), sending_queue=STORED, **short) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(30)
        await tell(rig, resolved(0, 60))
        await asyncio.sleep(after_s)
    for _ in range(2):
        async with running(fake, host=host_with(disk), sending_queue=STORED, **REPLIES) as rig:
            await tell(rig, firing(0), resolved(0, 60))
            await asyncio.sleep(60)
        assert len(replies(fake)) == 1
        assert colors(fake)[0] == GREEN


@virtual
async def test_a_storage_that_refuses_for_a_moment_delays_it() -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    async with running(fake, host=host_with(disk), sending_queue=STORED, **REPLIES) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(30)
        await tell(rig, resolved(0, 60))
        route, failures = disk.queue.route_all, 3

        async def refusing(cards: Any, folds: Any = ()) -> Any:
            nonlocal failures
            if folds and not cards and failures:
                failures -= 1
                raise RetryableError("full")
            return await route(cards, folds)

        disk.queue.route_all = refusing  # type: ignore[method-assign]
        await asyncio.sleep(60)
        assert failures == 0
        assert len(replies(fake)) == 1
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 0


async def test_what_a_power_cut_leaves_tells_it_once(tmp_path: Path) -> None:
    fake = FakeDiscord()
    fake.add_webhook()
    wanted = {"alerts": {"group_wait": "100ms", "reply_on_resolve": True}}
    async with stored_run(fake, tmp_path / "first", **wanted) as rig:
        await rig.exporter.consume(batch(firing(0)))
        await quiet(fake)
        await rig.exporter.consume(batch(resolved(0, 60)))
        await quiet(fake)
        shutil.copytree(tmp_path / "first", tmp_path / "second")
    assert len(replies(fake)) == 1
    async with stored_run(fake, tmp_path / "second", **wanted) as rig:
        await rig.exporter.consume(batch(firing(0), resolved(0, 60), resolved(0, 70, ended_ns=at(60))))
        await quiet(fake)
    assert len(replies(fake)) == 1


def alert_card(group: AlertGroup) -> Card:
    seen: dict[str, Any] = {"severity": 13, "count": 7, "first_seen_ns": 1, "last_seen_ns": 2, "accepted_ns": 3}
    return Card(resource=b"", scope=b"", record=b"", fingerprint=b"f", alert_group=group.to_bytes(), **seen)


def test_what_it_says() -> None:
    group = AlertGroup.opened_by(Arrival(slim(firing(0), 0)), 0)
    group = group.after(Arrival(slim(resolved(0, 60), 0)), is_told=True)
    card = alert_card(group)
    made = Card.from_bytes(reply_card(card, group, "", 5).to_bytes())
    assert (made.count, made.no_ping, made.fingerprint, AlertGroup.from_bytes(made.alert_group)) == (0, True, b"", None)
    assert (kind_of(made.to_bytes()), kind_of(card.to_bytes())) == (Kind.REPLY, Kind.ALERT)
    output = Renderer(RenderOptions(emoji=False)).render(made, late="sent again").embed
    assert output is not None
    assert (output.description, output.color) == ("QueueTooDeep: resolved after 1 minute · sent again", GREEN)


class CutQueue(DiskQueue):
    """As after a power cut: what comes from a certain step on is never on disk."""

    left = 10**9

    async def _step(self, step: Any, *args: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise ShutdownError("the power is off")
        return await step(*args)

    async def route_all(self, cards: Any, folds: Any = ()) -> Any:
        return await self._step(super().route_all, cards, folds)

    async def post(self, posted: Any) -> None:
        await self._step(super().post, posted)

    async def settle(self, card_ids: Any, settlement: Any) -> None:
        await self._step(super().settle, card_ids, settlement)

    async def mark_shown(self, postings: Any) -> None:
        await self._step(super().mark_shown, postings)

    async def mark_sending(self, card_ids: Any) -> None:
        await self._step(super().mark_sending, card_ids)


@virtual
@pytest.mark.parametrize("steps", range(8))
async def test_a_cut_at_any_step_neither_forgets_nor_repeats_it(steps: int) -> None:
    fake, disk, queue = FakeDiscord(), Disk(), CutQueue(QueueLimits(100, Sizer.REQUESTS, 2**20))
    disk.queues = {"discord/logs": queue}
    fake.add_webhook()
    short = REPLIES | {"shutdown_timeout": "0s"}
    async with running(fake, host=host_with(disk), sending_queue=STORED, **short) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(30)
        queue.left = steps
        await tell(rig, resolved(0, 60))
        await asyncio.sleep(30)
        was_cut = queue.left < 0
    queue.left = 10**9
    in_flight = bool(queue.in_doubt & {card.id for card in await queue.head("default", 10)})
    async with running(fake, host=host_with(disk), sending_queue=STORED, **REPLIES) as rig:
        await tell(rig, resolved(0, 60))
        await asyncio.sleep(60)
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 0
    assert was_cut == (steps < 5)
    assert colors(fake)[0] == GREEN
    assert len({line.partition(" · sent again")[0] for line in replies(fake)}) == 1
    assert len(replies(fake)) == 1 + in_flight
    assert sum("sent again" in line for line in replies(fake)) == in_flight
