"""The same load, told by the Python SDK as cumulative and as delta metrics, is the same alert at the same moment."""

import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider, ObservableCounter, UpDownCounter
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource

from otel_discord.signals import MetricsBatch
from otel_discord.signals.alert_event import AlertEvent
from tests.connectors.threshold.world import BEGIN_NS, S, rule, world

EVERY_S = 10
Load = Callable[[Any, int], None]
"""What the application does in one interval: (meter's instrument, number of the interval)."""


def provider(temporality: AggregationTemporality, *views: View) -> tuple[MeterProvider, InMemoryMetricReader]:
    kinds = (Counter, Histogram, ObservableCounter)
    preferred: dict[type, AggregationTemporality] = dict.fromkeys(kinds, temporality)
    preferred[UpDownCounter] = AggregationTemporality.CUMULATIVE
    reader = InMemoryMetricReader(preferred_temporality=preferred)
    resource = Resource({"service.name": "shop"})
    return MeterProvider([reader], resource=resource, views=views, shutdown_on_exit=False), reader


def collected(reader: InMemoryMetricReader, ends_ns: list[int]) -> MetricsBatch | None:
    """Return what the SDK would send at the end of an interval, its times moved to those of the test.

    ``ends_ns`` are the real ends of the intervals so far; this one's is added.
    """
    ends_ns.append(time.time_ns())  # the SDK's own is a little later, and so belongs to the interval that follows
    data = reader.get_metrics_data()
    if data is None:
        return None
    request = encode_metrics(data)
    for resource_metrics in request.resource_metrics:
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                for point in getattr(metric, str(metric.WhichOneof("data"))).data_points:
                    begun = bisect_left(ends_ns, point.start_time_unix_nano)
                    point.start_time_unix_nano = BEGIN_NS + begun * EVERY_S * S
                    point.time_unix_nano = BEGIN_NS + len(ends_ns) * EVERY_S * S
    return MetricsBatch(request)


async def told(
    temporality: AggregationTemporality, make: Callable[[Any], Any], load: Load, keys: Mapping[str, Any], *views: View
) -> Sequence[tuple[Any, ...]]:
    meters, reader = provider(temporality, *views)
    instrument = make(meters.get_meter("app"))
    ends_ns: list[int] = []
    async with world(rule(metric="load", window="30s", **keys)) as w:
        for number in range(30):
            load(instrument, number)
            batch = collected(reader, ends_ns)
            w.go((number + 1) * EVERY_S)
            if batch is not None:
                await w.connector.consume(batch)
            await w.connector.evaluate()
        meters.shutdown()
        return [life(event) for event in w.events]


def life(event: AlertEvent) -> tuple[Any, ...]:
    value = None if event.value is None else pytest.approx(event.value, rel=0.02)  # buckets may be coarser
    return (str(event.state), event.severity, event.fingerprint, event.started_ns, event.ended_ns, value, event.labels)


def requests_counted(counter: Any, number: int) -> None:
    counter.add(1000 if 8 <= number < 15 else 5, {"route": "/a"})
    counter.add(1, {"route": "/b"})


def requests_timed(histogram: Any, number: int) -> None:
    for each in range(40):
        histogram.record((2.0 if 8 <= number < 15 else 0.02) * (1 + each / 40), {"route": "/a"})


def only_now_and_then(counter: Any, number: int) -> None:
    if number in {10, 11, 12}:
        counter.add(5000, {"route": "/rare"})
    counter.add(1, {"route": "/b"})


CASES = [
    ("rate", lambda meter: meter.create_counter("load"), requests_counted, {"warning": "> 20", "critical": "> 90"}),
    ("increase", lambda meter: meter.create_counter("load"), requests_counted, {"warning": "> 1500"}),
    ("p90", lambda meter: meter.create_histogram("load"), requests_timed, {"warning": "> 1"}),
    ("count", lambda meter: meter.create_histogram("load"), requests_timed, {"warning": "> 100"}),
    ("avg", lambda meter: meter.create_histogram("load"), requests_timed, {"warning": "> 1"}),
    ("increase", lambda meter: meter.create_counter("load"), only_now_and_then, {"warning": "> 4000"}),
]


IDS = [f"{aggregation}-{load.__name__}" for aggregation, _, load, _ in CASES]


@pytest.mark.parametrize(("aggregation", "make", "load", "conditions"), CASES, ids=IDS)
@pytest.mark.parametrize("exponential", [False, True])
async def test_both_temporalities_are_one_alert(
    aggregation: str, make: Callable[[Any], Any], load: Load, conditions: dict[str, str], exponential: bool
) -> None:
    view = View(instrument_type=Histogram, aggregation=ExponentialBucketHistogramAggregation())
    views = [view] if exponential else []
    keys = {"aggregation": aggregation, "conditions": conditions}
    cumulative = await told(AggregationTemporality.CUMULATIVE, make, load, keys, *views)
    delta = await told(AggregationTemporality.DELTA, make, load, keys, *views)
    assert [each[0] for each in cumulative][:1] == ["firing"]
    assert cumulative == delta
