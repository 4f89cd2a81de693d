"""Alerts name traces that show what was measured: the worst of late, and nothing is kept where there are none."""

from typing import Any

import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint

from otel_discord.connectors.threshold.exemplars import LEAST_KEPT_NS, Exemplars
from otel_discord.connectors.threshold.state import Worse
from otel_discord.signals import MetricsBatch
from otel_discord.signals.alert_event import MAX_EXEMPLARS
from tests.connectors.threshold.world import BEGIN_NS, S, counter, gauge, rule, world

LABELS = (("service.name", "worker"),)


def trace(number: int) -> bytes:
    return number.to_bytes(16, "big")


def exemplar(number: int, value: float, at_ns: int = BEGIN_NS) -> Exemplar:
    return Exemplar(trace_id=trace(number), as_double=value, time_unix_nano=at_ns)


def ids(*numbers: int) -> tuple[str, ...]:
    return tuple(trace(number).hex() for number in numbers)


@pytest.mark.parametrize(
    ("worse", "first"), [(Worse.GREATER, (3, 1, 2)), (Worse.SMALLER, (2, 1, 3)), (Worse.FARTHER_FROM_ZERO, (2, 3, 1))]
)
def test_the_worst_comes_first(worse: Worse, first: tuple[int, ...]) -> None:
    kept = Exemplars(worse, S)
    kept.take(LABELS, [exemplar(1, 1), exemplar(2, -9), exemplar(3, 5)], BEGIN_NS)
    assert kept.of(LABELS, BEGIN_NS) == ids(*first)


def test_they_are_few_and_recent_and_each_is_there_once() -> None:
    kept = Exemplars(Worse.GREATER, S)
    for second in range(100):
        now_ns = BEGIN_NS + second * S
        kept.take(LABELS, [exemplar(1, 50, now_ns), exemplar(2 + second, 1000 - second, now_ns)], now_ns)
    assert kept.of(LABELS, BEGIN_NS + 100 * S) == ids(2, 3, 4, 5, 6)
    assert len(kept._by_group[LABELS]) == MAX_EXEMPLARS
    later_ns = BEGIN_NS + LEAST_KEPT_NS + 3 * S
    kept.take(LABELS, [exemplar(700, 1, later_ns)], later_ns)
    assert kept.of(LABELS, later_ns) == ids(6, 700)


def test_what_is_no_trace_says_nothing_and_takes_no_room() -> None:
    kept = Exemplars(Worse.GREATER, S)
    kept.take(LABELS, [Exemplar(as_int=5), Exemplar(trace_id=b"short"), exemplar(0, 1)], BEGIN_NS)
    assert kept.of(LABELS, BEGIN_NS) == ()
    assert not kept._by_group


def test_no_number_is_not_bad() -> None:
    kept = Exemplars(Worse.GREATER, S)
    kept.take(LABELS, [exemplar(1, float("nan")), Exemplar(trace_id=trace(2), as_int=-4)], BEGIN_NS)
    assert kept.of(LABELS, BEGIN_NS) == ids(2, 1)


def test_groups_are_bounded_and_those_heard_of_last_stay() -> None:
    kept = Exemplars(Worse.GREATER, S, most_groups=2)
    for number in (1, 2, 1, 3):
        kept.take((("n", number),), [exemplar(number, 1)], BEGIN_NS)
    assert [bool(kept.of((("n", number),), BEGIN_NS)) for number in (1, 2, 3)] == [True, False, True]


def histogram(kind: str, at_ns: int, numbers: Any) -> MetricsBatch:
    batch = gauge("queue.depth", 0, at_ns)
    metric = batch.request.resource_metrics[0].scope_metrics[0].metrics[0]
    metric.ClearField("gauge")
    data = getattr(metric, kind)
    data.aggregation_temporality = 1
    made: HistogramDataPoint | ExponentialHistogramDataPoint = data.data_points.add(
        time_unix_nano=at_ns, count=10, sum=5000
    )
    made.exemplars.extend(exemplar(number, 100 * number, at_ns) for number in numbers)
    return batch


@pytest.mark.parametrize("kind", ["histogram", "exponential_histogram"])
async def test_alerts_on_histograms_name_them(kind: str) -> None:
    async with world(rule(aggregation="avg", repeat_interval="1m", resolve="< 80")) as w:
        await w.connector.consume(histogram(kind, w.now_ns, [1, 2]))
        await w.at(0)
        w.go(60)
        await w.connector.consume(histogram(kind, w.now_ns, [3]))
        await w.connector.evaluate()
        await w.at(120, 5)
        await w.at(180, 5)
        assert [(event.state, event.exemplars) for event in w.events] == [
            ("firing", ids(2, 1)),
            ("updated", ids(3, 2, 1)),
            ("resolved", ()),
        ]


async def test_only_points_that_the_rule_wants_count() -> None:
    async with world(rule(where='attributes["kind"] == "slow"')) as w:
        for number, kind in ((1, "slow"), (2, "quick")):
            batch = gauge("queue.depth", 500, w.now_ns, attributes={"kind": kind})
            point = batch.request.resource_metrics[0].scope_metrics[0].metrics[0].gauge.data_points[0]
            point.exemplars.append(exemplar(number, 1))
            await w.connector.consume(batch)
        await w.at(0)
        assert w.events[0].exemplars == ids(1)


async def test_a_ratio_names_those_of_what_it_counts() -> None:
    ratio = {"name": "Errors", "ratio": {"of": "errors", "to": "requests"}, "conditions": {"warning": "> 5 %"}}
    async with world(ratio) as w:
        for number, name in ((1, "errors"), (2, "requests")):
            batch = counter(name, 10, w.now_ns, w.now_ns - S)
            point = batch.request.resource_metrics[0].scope_metrics[0].metrics[0].sum.data_points[0]
            point.exemplars.append(exemplar(number, 1))
            await w.connector.consume(batch)
        await w.at(0)
        assert w.events[0].exemplars == ids(1)


async def test_points_without_exemplars_leave_nothing_behind() -> None:
    async with world(rule()) as w:
        await w.at(0, 500)
        (made,) = w.connector._evaluation.rules
        assert w.events[0].exemplars == ()
        assert not made.exemplars._by_group
