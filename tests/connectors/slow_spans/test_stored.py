"""What was learned, over a restart: as bytes, and of a connector with storage."""

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.component import RetryableError, StartError
from otel_discord.connectors.slow_spans.operations import Operation, Operations
from otel_discord.connectors.slow_spans.stored import PARTS, from_bytes, part_of, to_bytes
from otel_discord.testing.host import NopHost
from otel_discord.testing.sinks import Sink
from tests.connectors.slow_spans.spans import SERVER, S, batch
from tests.connectors.slow_spans.test_connector import learn, running
from tests.connectors.threshold.world import FakeStorage

NS = 1_000_000_000
KEYS = {"learned": {"min_spans": 20}, "storage": "storage"}
durations = st.lists(st.floats(1e-4, 1e4), min_size=5, max_size=60)


def known() -> Operations:
    return Operations(10, 90.0, 3600.0, 5)


@given(st.dictionaries(st.text(max_size=8), durations, max_size=4))
def test_what_is_usual_is_the_same_after_a_restart(learned: dict[str, list[float]]) -> None:
    before, after = known(), known()
    for name, taken in learned.items():
        for place, duration_s in enumerate(taken):
            before.learn(Operation("shop", name, SERVER), duration_s, float(place))
    after.take_in(from_bytes(to_bytes(before.learned(), 100.0, 5 * NS), 7.0, 65 * NS))
    for name, taken in learned.items():
        operation = Operation("shop", name, SERVER)
        assert after.usual(operation).spans == before.usual(operation).spans
        in_order, rank = sorted(taken), int(0.9 * len(taken))  # between two that are far apart it may be either
        lowest, highest = in_order[max(0, rank - 2)], in_order[min(len(taken) - 1, rank + 1)]
        for usual in (before.usual(operation), after.usual(operation)):
            assert 0.95 * lowest <= usual.duration_s <= 1.05 * highest


def test_the_one_unused_for_longest_is_still_forgotten_first() -> None:
    before, after = known(), Operations(2, 90.0, 3600.0, 5)
    for at_s, name in enumerate(("a", "b", "c", "a")):
        before.learn(Operation("shop", name, SERVER), 0.1, float(at_s))
    after.take_in(reversed(from_bytes(to_bytes(before.learned(), 4.0, NS), 0.0, NS)))
    assert [operation.name for operation, _ in after.learned()] == ["c", "a"]


def test_time_between_two_runs_is_time_without_spans() -> None:
    before = known()
    before.learn(Operation("shop", "old", SERVER), 0.1, 10.0)
    ((_, sketch),) = from_bytes(to_bytes(before.learned(), 30.0, 100 * NS), 1000.0, 160 * NS)
    assert sketch.last_s == 1000.0 - 60.0 - 20.0


def test_a_clock_that_was_set_back_makes_nothing_younger_than_now() -> None:
    before = known()
    before.learn(Operation("shop", "old", SERVER), 0.1, 10.0)
    ((_, sketch),) = from_bytes(to_bytes(before.learned(), 30.0, 100 * NS), 1000.0, 40 * NS)
    assert sketch.last_s == 980.0


@pytest.mark.parametrize("stored", [b"", b"{", b"[]", b"{}", b'{"at_ns": 1, "operations": [[1]]}', b"\xff"])
def test_what_is_something_else_is_refused(stored: bytes) -> None:
    with pytest.raises(ValueError):
        from_bytes(stored, 0.0, 0)


def test_operations_fall_into_all_parts() -> None:
    assert {part_of(Operation("shop", f"GET /{each}", SERVER)) for each in range(500)} == set(range(PARTS))


@pytest.mark.looptime
async def test_what_was_learned_stays_over_a_restart() -> None:
    sink, storage = Sink(), FakeStorage()
    async with running(sink, NopHost({"storage": storage}), **KEYS) as connector:
        await learn(connector)
    assert len(storage.values) == 1
    async with running(sink, NopHost({"storage": storage}), **KEYS) as connector:
        await connector.consume(batch(S(1, 0, "GET /checkout", 0, 3200, SERVER)))
        await asyncio.sleep(6)
    (body,) = sink.bodies
    assert str(body).startswith("GET /checkout took 3.2 s (usually 138 ms)")


@pytest.mark.looptime
async def test_a_crash_loses_five_minutes_at_most() -> None:
    storage = FakeStorage()
    async with running(Sink(), NopHost({"storage": storage}), **KEYS) as connector:
        await learn(connector)
        await asyncio.sleep(301)
        assert len(storage.values) == 1
        storage.values.clear()
        await asyncio.sleep(301)
        assert not storage.values, "nothing is written anew that has not changed"


@pytest.mark.looptime
async def test_what_cannot_be_read_is_learned_anew(caplog: pytest.LogCaptureFixture) -> None:
    storage = FakeStorage({f"learned/{part:02d}": b"?" for part in range(PARTS)})
    async with running(Sink(), NopHost({"storage": storage}), **KEYS) as connector:
        await learn(connector)
    assert caplog.text.count("cannot be read and is learned anew") == PARTS


@pytest.mark.looptime
async def test_a_storage_that_refuses_costs_nothing_but_the_memory(caplog: pytest.LogCaptureFixture) -> None:
    sink, storage = Sink(), FakeStorage()
    storage.failure = RetryableError("disk full")
    with caplog.at_level(logging.WARNING):
        async with running(sink, NopHost({"storage": storage}), **KEYS) as connector:
            await learn(connector)
            await connector.consume(batch(S(1, 0, "GET /checkout", 0, 3200, SERVER)))
    assert sink.item_count == 1
    assert caplog.text.count("cannot be stored now") == 1


@pytest.mark.looptime
async def test_a_storage_that_cannot_be_read_stops_the_start() -> None:
    class Unreadable(FakeStorage):
        def open_queue(self, *_: object) -> object:  # type: ignore[override]
            raise StartError("no such directory")

    with pytest.raises(StartError):
        async with running(Sink(), NopHost({"storage": Unreadable()}), **KEYS):
            pass
