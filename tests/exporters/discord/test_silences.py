"""Silences: what matches is not shown and counted, whatever its severity; the end is told where something was lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from otel_discord.component import PermanentError, QueueLimits, RetryableError
from otel_discord.component.silences import Silence, SilenceRequest
from otel_discord.signals import LogsBatch
from otel_discord.signals.alert_event import AlertEvent, AlertState
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.state import FakeMessage
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.disk import STORED, Disk, DiskQueue, host_with
from tests.exporters.discord.rig import Rig, running

pytestmark = pytest.mark.looptime(idle_timeout=200_000, idle_step=5)
BEGINNING_S = 1_767_225_600.0
HOUR_S = 3_600.0
SHOP = {"service.name": "shop"}


class SlowQueue(DiskQueue):
    """Takes its time to store what was routed."""

    pause_s = 0.0

    async def route_all(self, cards: Any, folds: Any = ()) -> Any:
        await asyncio.sleep(self.pause_s)
        return await super().route_all(cards, folds)


class SlowDisk(Disk):
    """A disk with one slow queue."""

    @property
    def queue(self) -> SlowQueue:
        (queue,) = self.queues.values()
        assert isinstance(queue, SlowQueue)
        return queue

    @asynccontextmanager
    async def open_queue(self, owner: str, limits: QueueLimits) -> AsyncIterator[DiskQueue]:
        self.queues.setdefault(owner, SlowQueue(limits))
        async with super().open_queue(owner, limits) as queue:
            yield queue


def now_s() -> float:
    return BEGINNING_S + asyncio.get_running_loop().time()


def configured(*, start_s: float = 0.0, **more: Any) -> dict[str, Any]:
    clock = {"wall_clock": lambda: now_s() + start_s}
    return {"fold": {"enabled": True}, "shutdown_timeout": "1m", **clock, **more}


async def silence(
    rig: Rig, *matchers: str, for_s: float = HOUR_S, starts_in_s: float = 0.0, id_: str = "5a", **more: str
) -> Silence:
    starts_s = now_s() + starts_in_s
    return await rig.exporter.add_silence(
        SilenceRequest(
            id=id_, matchers=matchers, starts_ns=int(starts_s * 1e9), ends_ns=int((starts_s + for_s) * 1e9), **more
        )
    )


async def tell(rig: Rig, count: int = 1, body: str = "order {n} failed", **arguments: Any) -> None:
    await rig.exporter.consume(logs_batch(count, body=body, **arguments))
    await asyncio.sleep(1)


async def tell_alert(rig: Rig, state: AlertState, severity: str = "critical", **more: Any) -> None:
    batch = logs_batch(1)
    record = batch.request.resource_logs[0].scope_logs[0].log_records[0]
    record.CopyFrom(AlertEvent(name="QueueTooDeep", state=state, severity=severity, **more).to_record())
    await rig.exporter.consume(LogsBatch(batch.request))
    await asyncio.sleep(1)


def about(fake: FakeDiscord, text: str) -> list[FakeMessage]:
    return [message for message in fake.messages if text in message.content + str(message.embeds)]


async def test_what_matches_is_dropped_and_counted_and_the_end_says_so() -> None:
    fake = FakeDiscord()
    async with running(fake, **configured()) as rig:
        added = await silence(rig, "service.name=shop", comment="known", author="ann")
        assert added.active
        await tell(rig, 3, resource=SHOP)
        await tell(rig, 1, body="the house burns", severity=21, resource=SHOP)
        await tell(rig, 1, attributes={"discord.count": 5}, resource=SHOP)
        assert fake.messages == []
        await tell(rig, 1, body="another service", resource={"service.name": "pay"})
        assert len(fake.messages) == 1
        (seen,) = await rig.exporter.silences()
        assert (seen.id, seen.matchers, seen.silenced_records) == ("5a", ("service.name=shop",), 9)
        assert (seen.comment, seen.author, seen.ends_ns) == ("known", "ann", added.ends_ns)
        assert rig.telemetry.value("otel_discord_muted_records_total", action="silence") == 9
        await asyncio.sleep(HOUR_S)
        (over,) = about(fake, "A silence is over")
        assert "service.name=shop: 9 events were not shown." in over.embeds[0]["description"]
        assert "known" in over.embeds[0]["description"]
        assert "Silenced by ann." in over.embeds[0]["description"]
        assert await rig.exporter.silences() == []
        await tell(rig, 1, body="the house burns", severity=21, resource=SHOP)
        assert len(about(fake, "the house burns")) == 1
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 0


async def test_nothing_is_said_where_nothing_was_lost() -> None:
    fake = FakeDiscord()
    ops, errors = fake.add_webhook(), fake.add_webhook()
    destinations = {
        "ops": {"webhook_url": ops.url, "min_severity": "FATAL"},
        "errors": {"webhook_url": errors.url, "min_severity": "WARN"},
    }
    async with running(fake, **configured(destinations=destinations)) as rig:
        await silence(rig, "service.name=shop", for_s=60)
        await silence(rig, "service.name=nobody", for_s=60, id_="5b")
        await tell(rig, 2, resource=SHOP)
        (first, _) = sorted(await rig.exporter.silences(), key=lambda each: each.id)
        assert first.silenced_records == 2
        await asyncio.sleep(70)
        assert fake.messages_of(ops) == []
        (over,) = fake.messages_of(errors)
        assert "2 events were not shown" in str(over.embeds)


async def test_a_record_for_two_destinations_is_one_record() -> None:
    fake = FakeDiscord()
    hooks = [fake.add_webhook(), fake.add_webhook()]
    destinations = {f"d{number}": {"webhook_url": hook.url} for number, hook in enumerate(hooks)}
    async with running(fake, **configured(destinations=destinations)) as rig:
        await silence(rig, "service.name=shop", for_s=60)
        await tell(rig, 1, resource=SHOP)
        (seen,) = await rig.exporter.silences()
        assert seen.silenced_records == 1
        await asyncio.sleep(70)
        assert ["1 event was not shown" in str(fake.messages_of(hook)[0].embeds) for hook in hooks] == [True, True]


async def test_an_alert_is_silenced_whatever_its_severity_and_its_end_never() -> None:
    fake = FakeDiscord()
    async with running(fake, **configured()) as rig:
        await silence(rig, "QueueTooDeep", "severity=critical")
        for state in (AlertState.FIRING, AlertState.UPDATED):
            await tell_alert(rig, state)
        assert fake.messages == []
        await tell_alert(rig, AlertState.RESOLVED)
        assert [each.silenced_records for each in await rig.exporter.silences()] == [2]


async def test_one_that_begins_later() -> None:
    fake = FakeDiscord()
    async with running(fake, **configured()) as rig:
        added = await silence(rig, "service.name=shop", starts_in_s=600, for_s=600)
        assert not added.active
        await tell(rig, body="early", resource=SHOP)
        await asyncio.sleep(700)
        await tell(rig, body="silenced", resource=SHOP)
        assert [each.active for each in await rig.exporter.silences()] == [True]
        await asyncio.sleep(600)
        await tell(rig, body="late", resource=SHOP)
        assert [len(about(fake, word)) for word in ("early", "silenced", "late")] == [1, 0, 1]


async def test_expired_by_hand() -> None:
    fake = FakeDiscord()
    async with running(fake, **configured()) as rig:
        await silence(rig, "service.name=shop")
        await silence(rig, "service.name=pay", starts_in_s=60, id_="5b")
        await tell(rig, 2, resource=SHOP)
        ended = await rig.exporter.expire_silence("5a")
        assert ended.silenced_records == 2
        assert not (await rig.exporter.expire_silence("5b")).active
        await tell(rig, 1, body="shown", resource=SHOP)
        assert len(about(fake, "A silence is over")) == 1
        assert len(about(fake, "shown")) == 2
        with pytest.raises(PermanentError, match="no silence '5a'; there is: none"):
            await rig.exporter.expire_silence("5a")


async def test_a_restart_goes_on_with_it() -> None:
    fake, disk = FakeDiscord(), Disk()
    async with running(fake, host=host_with(disk), **configured(sending_queue=STORED)) as rig:
        await silence(rig, 'body=~"order.*", service.name = shop', comment="known")
        await tell(rig, 3, resource=SHOP)
    assert fake.messages == []
    async with running(fake, host=host_with(disk), **configured(start_s=600, sending_queue=STORED)) as rig:
        await tell(rig, 2, resource=SHOP)
        assert fake.messages == []
        (seen,) = await rig.exporter.silences()
        assert (seen.silenced_records, seen.matchers) == (5, ("body=~order.*", "service.name=shop"))
    async with running(fake, host=host_with(disk), **configured(start_s=2 * HOUR_S, sending_queue=STORED)) as rig:
        await asyncio.sleep(1)
        (over,) = about(fake, "A silence is over")
        assert "5 events were not shown" in str(over.embeds)
    async with running(fake, host=host_with(disk), **configured(start_s=3 * HOUR_S, sending_queue=STORED)) as rig:
        await asyncio.sleep(1)
        assert len(fake.messages) == 1
        assert await rig.exporter.silences() == []


async def test_without_storage_the_end_of_the_service_is_its_end() -> None:
    fake = FakeDiscord()
    async with running(fake, **configured()) as rig:
        await silence(rig, "service.name=shop")
        await tell(rig, 3, resource=SHOP)
    (over,) = fake.messages
    assert "3 events were not shown" in str(over.embeds)
    assert "ended with the service" in str(over.embeds)
    with pytest.raises(RetryableError):
        await rig.exporter.silences()


async def test_what_an_earlier_run_has_left_may_be_damaged() -> None:
    fake, disk = FakeDiscord(), Disk()
    async with running(fake, host=host_with(disk), **configured(sending_queue=STORED)) as rig:
        await silence(rig, "service.name=shop")
        await tell(rig, 1, resource=SHOP)
    stored = await disk.queue.get_state("silences")
    assert stored is not None
    damaged = stored.replace(b"service.name=shop", b"service.name~shop").replace(b'"records":1', b'"records":"x"')
    await disk.queue.set_state("silences", damaged)
    async with running(fake, host=host_with(disk), **configured(sending_queue=STORED)) as rig:
        assert await rig.exporter.silences() == []
        await tell(rig, 1, body="shown", resource=SHOP)
        assert len(about(fake, "shown")) == 1


async def test_maintenance_and_silences_leave_each_other_alone() -> None:
    fake = FakeDiscord()
    window = {"name": "backup", "matchers": ["service.name=shop"]}
    async with running(fake, **configured(maintenance=[window])) as rig:
        await silence(rig, "service.name=shop", for_s=60)
        await tell(rig, 2, resource=SHOP)
        (seen,) = await rig.exporter.maintenance_windows()
        assert (seen.active, seen.dropped_records) == (False, 0)
        assert [each.silenced_records for each in await rig.exporter.silences()] == [2]


@pytest.mark.parametrize(
    ("matchers", "for_s", "words"),
    [
        (("service.name~shop",), 60, "character 13: expected =, !=, =~ or !~"),
        (("service.name=~(",), 60, "regular expression"),
        (("service.name!=shop",), 60, "expected a matcher that needs something"),
        (("service.name=shop",), 0, "ends after its start"),
    ],
)
async def test_what_cannot_be_is_refused(matchers: tuple[str, ...], for_s: float, words: str) -> None:
    async with running(FakeDiscord(), **configured()) as rig:
        with pytest.raises(PermanentError, match=words):
            await silence(rig, *matchers, for_s=for_s)
        await silence(rig, "a=b")
        with pytest.raises(PermanentError, match="silence '5a' already"):
            await silence(rig, "a=b")


async def test_a_reload_goes_on_with_it() -> None:
    fake, host = FakeDiscord(), NopHost(hands_over=True)
    async with running(fake, host=host, **configured()) as rig:
        await silence(rig, "service.name=shop")
        await tell(rig, 3, resource=SHOP)
    host.hands_over = False
    async with running(fake, host=host, **configured()) as rig:
        await tell(rig, 1, resource=SHOP)
        assert [each.silenced_records for each in await rig.exporter.silences()] == [4]
        assert fake.messages == []
        await asyncio.sleep(HOUR_S)
        assert "4 events were not shown" in str(fake.messages[0].embeds)


async def test_counts_are_stored_while_it_holds() -> None:
    fake, disk = FakeDiscord(), Disk()
    async with running(fake, host=host_with(disk), **configured(sending_queue=STORED)) as rig:
        await silence(rig, "service.name=shop")
        await tell(rig, 3, resource=SHOP)
        await asyncio.sleep(11)
        assert b'"records":3' in (await disk.queue.get_state("silences") or b"")
        await rig.exporter.expire_silence("5a")
        assert await disk.queue.get_state("silences") is None


async def test_what_is_being_routed_at_its_end_is_counted() -> None:
    fake, disk = FakeDiscord(), SlowDisk()
    async with running(fake, host=host_with(disk), **configured(sending_queue=STORED)) as rig:
        await silence(rig, "service.name=shop", for_s=20)
        await silence(rig, "service.name=pay", id_="5b")
        await asyncio.sleep(19)
        disk.queue.pause_s = 5
        await rig.exporter.consume(logs_batch(2, resource=SHOP))
        await rig.exporter.consume(logs_batch(3, resource={"service.name": "pay"}))
        await asyncio.sleep(1)
        assert (await rig.exporter.expire_silence("5b")).silenced_records == 3
        await asyncio.sleep(20)
        assert "2 events were not shown" in str(about(fake, "name=shop")[0].embeds)
        assert "3 events were not shown" in str(about(fake, "name=pay")[0].embeds)


async def test_a_message_of_an_alert_stays_as_it_is_until_its_end() -> None:
    fake = FakeDiscord()

    def shown() -> list[str]:
        return [message.content + str(message.embeds) for message in fake.messages]

    async with running(fake, **configured()) as rig:
        await tell_alert(rig, AlertState.FIRING, severity="warning", value=5.0)
        await asyncio.sleep(300)
        before = shown()
        assert len(before) == 1
        await silence(rig, "QueueTooDeep")
        await tell_alert(rig, AlertState.UPDATED, severity="warning", value=9.0)
        await tell_alert(rig, AlertState.UPDATED, severity="critical", value=99.0)
        await asyncio.sleep(300)
        assert shown() == before
        assert [each.silenced_records for each in await rig.exporter.silences()] == [2]
        await tell_alert(rig, AlertState.RESOLVED, severity="critical")
        await asyncio.sleep(300)
        assert shown() != before
