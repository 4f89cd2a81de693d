"""A kill at any moment neither repeats an alert nor forgets one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from otel_discord.component import RetryableError
from otel_discord.signals import Batch
from otel_discord.testing.sinks import Sink
from tests.connectors.heartbeat.world import events_of, world
from tests.connectors.threshold.world import FakeStorage

pytestmark = pytest.mark.looptime

CONFIG = {
    "check_interval": "5s",
    "watch": [{"after": "1m", "repeat_interval": "0s", "expect": [{"service.name": "cart"}]}],
}
SENDS = [(0, "shop"), (30, "shop"), (200, "shop"), (210, "cart"), (230, "shop"), (400, "shop"), (405, "cart")]
END_S = 500


@dataclass(frozen=True)
class Moment:
    """What was on disk, and what had been told, at one moment."""

    at_s: float
    values: dict[str, bytes]
    told: Sequence[Batch]


def told(batches: Sequence[Batch]) -> list[tuple[str, str]]:
    """Return what was told, a batch that came twice in a row once."""
    unique: list[Batch] = []
    for batch in batches:
        if not unique or batch != unique[-1]:
            unique.append(batch)
    sink = Sink()
    sink.batches = unique
    return [(str(event.state), str(event.labels["service.name"])) for event in events_of(sink)]


async def run(w: Any, from_s: float) -> None:
    for second, service in SENDS:
        if second >= from_s:
            await w.go(second)
            await w.send(service)
    await w.go(END_S)


async def test_a_kill_at_every_moment() -> None:
    moments: list[Moment] = []
    storage, clock = FakeStorage(), [0.0]

    class Watching(Sink):
        async def consume(self, batch: Batch) -> Any:
            receipt = await super().consume(batch)
            snap()
            return receipt

    sink = Watching()

    def snap(_: str = "") -> None:
        moments.append(Moment(clock[0], dict(storage.values), list(sink.batches)))

    async with world(CONFIG, storage=storage, sink=sink) as w:
        storage.written = lambda key: (clock.__setitem__(0, (w.now_ns() - 1_700_000_000 * 10**9) / 1e9), snap(key))[1]
        await run(w, 0)
    whole = told(sink.batches)
    assert whole == [
        ("firing", "cart"), ("firing", "shop"), ("resolved", "shop"), ("resolved", "cart"), ("firing", "cart"),
        ("firing", "shop"), ("resolved", "shop"), ("resolved", "cart"), ("firing", "shop"), ("firing", "cart"),
    ]  # fmt: skip
    doubled = 0
    for moment in moments[:-1]:
        again = Sink()
        again.batches = list(moment.told)
        async with world(CONFIG, storage=FakeStorage(moment.values), sink=again, first_s=moment.at_s) as w:
            await run(w, moment.at_s)
            await w.go(END_S + 60)  # silence counts anew
        for service in ("shop", "cart"):
            of_service = [state for state, name in told(again.batches) if name == service]
            expected = ["firing", "resolved"] * len(of_service)
            assert of_service == expected[: len(of_service)], moment.at_s  # in turns: none twice, none forgotten
            assert of_service[-1] == "firing"
        doubled += len(events_of(again)) > len(told(again.batches))
    assert 0 < doubled <= len(sink.batches)  # only where it was accepted, and that was not yet on disk


async def test_an_alert_that_waits_is_sent_by_the_next_run() -> None:
    storage, sink = FakeStorage(), Sink(always=RetryableError("busy"))
    async with world(CONFIG, storage=storage, sink=sink) as w:
        await w.go(65)
    async with world(CONFIG, storage=storage, first_s=70) as w:
        await w.go(76)
        assert told(w.sink.batches) == [("firing", "cart")]


async def test_who_has_sent_is_known_after_a_restart() -> None:
    storage = FakeStorage()
    async with world(storage=storage) as w:
        await w.send("shop")
        await w.go(20)
    async with world(storage=storage, first_s=1000) as w:
        await w.go(1299)
        assert w.told == []
        await w.go(1302)
        assert w.told == ["firing shop"]
    assert w.events[0].summary == "shop has sent nothing for 21 minutes 40 seconds"


async def test_a_watch_that_is_removed_ends_its_alerts() -> None:
    storage = FakeStorage()
    config = {"watch": [{"after": "1m", "labels": {"team": "core"}}]}
    async with world(config, storage=storage) as w:
        await w.send("shop")
        await w.go(65)
        (firing,) = w.events
    for others in ({"name": "Another"}, {"group_by": ["service.name", "host.name"]}):
        kept = FakeStorage(storage.values)
        async with world({"watch": [others]}, storage=kept, first_s=70) as w:
            await w.go(75)
            (resolved,) = w.events
        assert (resolved.name, str(resolved.state), resolved.resolution) == (firing.name, "resolved", "rule removed")
        assert (resolved.fingerprint, resolved.labels) == (firing.fingerprint, firing.labels)
        async with world({"watch": [others]}, storage=kept, first_s=80) as w:
            await w.go(90)
            assert w.events == []


async def test_the_fingerprint_stays_though_labels_change() -> None:
    storage = FakeStorage()
    async with world({"watch": [{"after": "1m"}]}, storage=storage) as w:
        await w.send("shop")
        await w.go(65)
        (firing,) = w.events
    async with world({"watch": [{"after": "1m", "labels": {"team": "core"}}]}, storage=storage, first_s=70) as w:
        await w.send("shop")
        await w.go(75)
        (resolved,) = w.events
    assert (resolved.fingerprint, resolved.resolution) == (firing.fingerprint, "recovered")


async def test_what_is_not_expected_any_more_and_never_came_ends() -> None:
    storage = FakeStorage()
    async with world(CONFIG, storage=storage) as w:
        await w.go(65)
    async with world({"watch": [{"after": "1m"}]}, storage=storage, first_s=70) as w:
        await w.go(300)
    assert [(str(event.state), event.resolution) for event in w.events] == [("resolved", "rule removed")]


async def test_forgetting_goes_on_over_restarts() -> None:
    storage = FakeStorage()
    config = {"watch": [{"after": "1m", "forget_after": "1h"}]}
    async with world(config, storage=storage) as w:
        await w.send("shop")
        await w.go(65)
    async with world(config, storage=storage, first_s=4000) as w:
        await w.go(4059)
        assert w.told == []
        await w.go(4062)
    assert [event.resolution for event in w.events] == ["forgotten"]


@pytest.mark.parametrize("value", [b"", b"\xff\x00nonsense", b"{}", b"[]", b'{"number": 1, "watches": {"a": 3}}\n'])
async def test_nothing_readable_in_the_storage_is_no_reason_not_to_start(value: bytes) -> None:
    async with world(CONFIG, storage=FakeStorage({"state": value, "handed_on": value})) as w:
        await w.go(66)
        assert w.told == ["firing cart"]


async def test_a_storage_that_fails_keeps_no_alert_back(caplog: pytest.LogCaptureFixture) -> None:
    storage = FakeStorage()
    async with world(CONFIG, storage=storage) as w:
        storage.failure = RetryableError("disk full")
        await w.go(66)
        assert w.told == ["firing cart"]
        storage.failure = None
        await w.go(75)
    assert caplog.text.count("cannot be stored now") == 1
