"""Very many alerts at once leave in batches of bounded size, and nobody has to wait for all of them."""

import asyncio

import pytest

from otel_discord.component import Receipt, RetryableError
from otel_discord.connectors.threshold.measures import Measure, parse_aggregation
from otel_discord.connectors.threshold.telling import MOST_ALERTS, MOST_BYTES
from otel_discord.signals import Batch
from otel_discord.signals.alert_event import AlertEvent
from otel_discord.testing.otlp import key_values
from otel_discord.testing.sinks import Sink
from tests.connectors.threshold.world import BEGIN_NS, FakeStorage, S, World, gauge, rule, world

MANY = 1_700


async def test_all_groups_fire_in_bounded_batches() -> None:
    async with world(rule()) as w:
        await put_all(w, 500)
        await w.connector.evaluate()
        assert [batch.item_count for batch in w.sink.batches] == [500, 500, 500, 200]
        assert len({event.fingerprint for event in w.events}) == MANY


async def test_long_texts_make_batches_of_fewer_alerts() -> None:
    async with world(rule(annotations={"summary": "s", "description": "x" * 20_000})) as w:
        await put_all(w, 500)
        await w.connector.evaluate()
        sizes = [batch.request.ByteSize() for batch in w.sink.batches]
        assert len(w.events) == MANY
        assert max(batch.item_count for batch in w.sink.batches) < MOST_ALERTS
        assert max(sizes) < MOST_BYTES + 30_000


class Choosy(Sink):
    """Takes so many batches, then none until it is told to."""

    def __init__(self, takes: int) -> None:
        super().__init__()
        self.takes = takes

    async def consume(self, batch: Batch) -> Receipt:
        if not self.takes:
            raise RetryableError("full")
        self.takes -= 1
        return await super().consume(batch)


async def test_what_is_not_accepted_keeps_the_rest_back_and_nothing_is_told_twice() -> None:
    sink = Choosy(2)
    async with world(rule(), sink=sink) as w:
        await put_all(w, 500)
        await w.connector.evaluate()
        assert len(w.events) == 1000
        sink.takes = 9
        await w.at(1)
        assert len(w.events) == len({event.fingerprint for event in w.events}) == MANY


@pytest.mark.parametrize("written", [1, 2, 4, 7])
async def test_a_kill_amid_many_batches_forgets_and_repeats_nobody(written: int) -> None:
    storage, told = FakeStorage(), list[AlertEvent]()
    at_the_kill: dict[str, bytes] = {}
    heard = 0
    async with world(rule(), storage=storage) as w:
        count = 0

        def note(key: str) -> None:
            nonlocal count, at_the_kill, heard
            count += 1
            if count == written:
                at_the_kill, heard = dict(storage.values), len(w.events)

        storage.written = note
        await put_all(w, 500)
        await w.connector.evaluate()
    told = w.events[:heard]
    assert at_the_kill
    async with world(rule(), storage=FakeStorage(at_the_kill), second=1) as w:
        await put_all(w, 500)
        await w.connector.evaluate()
        fingerprints = [event.fingerprint for event in told] + [event.fingerprint for event in w.events]
        assert len(set(fingerprints)) == MANY
        assert len(fingerprints) in (MANY, MANY + 500)  # the one batch of which it is not known that it was accepted


async def test_the_journal_is_not_written_anew_with_each_batch() -> None:
    storage = FakeStorage()
    async with world(rule(), storage=storage) as w:
        longest = 0

        def note(key: str) -> None:
            nonlocal longest
            longest = max(longest, storage.values.get(key, b"").count(b'"levels"'))

        storage.written = note
        await put_all(w, 500)
        await w.connector.evaluate()
        assert 0 < longest < 1_500
        await w.connector._keeper.write_whole()
        assert not [key for key in storage.values if key.startswith("journal/")]


async def test_turns_while_all_is_stored_stay_in_the_journal() -> None:
    storage = FakeStorage()
    async with world(rule(), storage=storage) as w:
        await put_all(w, 500)
        await w.connector.evaluate()
        passed = 0

        async def meanwhile() -> None:
            nonlocal passed
            passed += 1
            if passed == 20:
                w.go(1)
                await put_all(w, 5)
                await w.connector.evaluate()

        await w.connector._keeper.write_whole(meanwhile)
        assert passed > 20
        at_the_kill = dict(storage.values)
        assert len([event for event in w.events if str(event.state) == "resolved"]) == MANY
    async with world(rule(), storage=FakeStorage(at_the_kill), second=2) as w:
        await w.at(3)
        await w.at(1000)  # what is still there has had no data for long
        assert w.events == []


async def test_what_waits_to_be_told_still_does_when_all_has_been_stored() -> None:
    storage = FakeStorage()
    async with world(rule(), storage=storage, sink=Choosy(0)) as w:
        await w.at(0, 500)
        await w.connector._keeper.write_whole()
        at_the_kill = dict(storage.values)
    async with world(rule(), storage=FakeStorage(at_the_kill), second=1) as w:
        await w.at(1, 500)
        assert w.states == ["firing warning"]


async def test_measures_are_written_in_slices_that_make_the_same_whole() -> None:
    measure = Measure(aggregate=parse_aggregation("rate"), window_ns=60 * S)
    batch = gauge("m", 0, BEGIN_NS)
    metric = batch.request.resource_metrics[0].scope_metrics[0].metrics[0]
    metric.ClearField("gauge")
    metric.sum.is_monotonic, metric.sum.aggregation_temporality = True, 2  # type: ignore[assignment]
    point = metric.sum.data_points.add(time_unix_nano=BEGIN_NS, start_time_unix_nano=BEGIN_NS - S, as_double=1)
    for number in range(MANY):
        measure.take((("n", number),), number.to_bytes(2, "big"), metric, point, BEGIN_NS)
    slices = measure.slices()
    pieces = [next(slices), next(slices)]
    measure.take((("n", -1),), b"came later", metric, point, BEGIN_NS)
    pieces += slices
    assert max(map(len, pieces)) < len(b"".join(pieces)) / 5
    again = Measure(aggregate=parse_aggregation("rate"), window_ns=60 * S)
    again.restore(b"".join(pieces))
    assert again.to_bytes() == b"".join(pieces)


async def put_all(w: World, value: float) -> None:
    batch = gauge("queue.depth", value, w.now_ns)
    points = batch.request.resource_metrics[0].scope_metrics[0].metrics[0].gauge.data_points
    batch.request.resource_metrics[0].resource.ClearField("attributes")
    del points[:]
    for number in range(MANY):
        point = points.add(time_unix_nano=w.now_ns, as_double=value)
        point.attributes.extend(key_values({"service.name": f"worker {number}"}))
    await w.connector.consume(batch)


async def test_an_evaluation_that_is_cut_off_leaves_alerts_as_they_were_stored() -> None:
    storage = FakeStorage()
    async with world(rule(), storage=storage) as w:

        def cut(key: str) -> None:
            if key == "journal":
                del storage.values[key]  # it did not get through
                raise asyncio.CancelledError

        storage.written = cut
        await put_all(w, 500)
        with pytest.raises(asyncio.CancelledError):
            await w.connector.evaluate()
        storage.written = lambda key: None
    assert w.events == []
    assert not [key for key, value in storage.values.items() if key.startswith("alerts/") and b'"told"' in value]
    async with world(rule(), storage=storage, second=1) as w:
        await put_all(w, 500)
        await w.connector.evaluate()
        assert len(w.events) == MANY
