"""Counts as delta sums: defaults, conditions, attributes, times."""

import logging
from typing import Any

import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric
from pydantic import ValidationError

from otel_discord.component import ACCEPTED, Kind, Outlets, Receipt, RetryableError
from otel_discord.config.model_errors import explain
from otel_discord.connectors.count.config import CountConfig
from otel_discord.connectors.count.factory import FACTORY
from otel_discord.service.config_file import load_configuration
from otel_discord.service.registry import Registry
from otel_discord.signals import Batch, LogsBatch, MetricsBatch, Signal, attributes_to_dict
from otel_discord.testing.component_contract import check_cancelled, check_never_started, check_start_and_stop
from otel_discord.testing.otlp import START_NS, key_values, logs_batch, metrics_batch, traces_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings

S = 1_000_000_000


def make(sink: Sink | None, **keys: Any) -> Any:
    outlets: dict[Signal, Any] = {} if sink is None else {Signal.METRICS: sink}
    return FACTORY.create(settings("count"), CountConfig.model_validate(keys), Outlets(outlets))


async def metrics_of(batch: Batch, **keys: Any) -> dict[str, Metric]:
    sink = Sink()
    assert await make(sink, **keys).consume(batch) == ACCEPTED
    return {
        metric.name: metric
        for each in sink.batches
        if isinstance(each, MetricsBatch)
        for group in each.request.resource_metrics
        for scope_metrics in group.scope_metrics
        for metric in scope_metrics.metrics
    }


async def counts_of(batch: Batch, **keys: Any) -> dict[str, Any]:
    """Return for each metric its number, or its numbers by attributes."""
    return {
        name: metric.sum.data_points[0].as_int
        if not metric.sum.data_points[0].attributes
        else {tuple(attributes_to_dict(p.attributes).values()): p.as_int for p in metric.sum.data_points}
        for name, metric in (await metrics_of(batch, **keys)).items()
    }


def traces_with_events() -> Any:
    batch = traces_batch(3)
    for number, span in enumerate(batch.request.resource_spans[0].scope_spans[0].spans):
        for _ in range(number):
            span.events.add(name="exception" if number == 2 else "retry", time_unix_nano=START_NS + 5 * S)
    return batch


def with_attributes(*attributes: dict[str, Any]) -> LogsBatch:
    batch = logs_batch(len(attributes))
    for (_, _, record), each in zip(batch.records(), attributes, strict=True):
        record.attributes.extend(key_values(each))
    return batch


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        (logs_batch(4), {"log.record.count": 4}),
        (metrics_batch(3), {"metric.count": 1, "metric.datapoint.count": 3}),
        (traces_with_events(), {"trace.span.count": 3, "trace.span.event.count": 3}),
        (traces_batch(2), {"trace.span.count": 2}),
    ],
    ids=["logs", "metrics", "traces", "no events"],
)
async def test_without_keys_everything_is_counted(batch: Batch, expected: dict[str, int]) -> None:
    before = batch.request.SerializeToString()
    assert await counts_of(batch) == expected
    assert batch.request.SerializeToString() == before


async def test_a_count_is_a_monotonic_delta_sum_over_the_time_of_what_was_counted() -> None:
    sink = Sink()
    await make(sink).consume(logs_batch(3))
    (group,) = sink.batches[0].request.resource_metrics  # type: ignore[union-attr]  # metrics
    assert attributes_to_dict(group.resource.attributes)["service.name"] == "shop"
    metric = group.scope_metrics[0].metrics[0]
    assert metric.description == "The number of log records observed."
    assert metric.sum.is_monotonic
    assert metric.sum.aggregation_temporality == AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
    point = metric.sum.data_points[0]
    assert (point.start_time_unix_nano, point.time_unix_nano) == (START_NS, START_NS + 2 * S)


async def test_what_has_no_time_was_seen_now() -> None:
    batch = logs_batch()
    next(iter(batch.records()))[2].time_unix_nano = 0
    point = (await metrics_of(batch))["log.record.count"].sum.data_points[0]
    assert point.start_time_unix_nano == point.time_unix_nano > START_NS // 2


async def test_each_resource_has_its_own_counts() -> None:
    sink, batch = Sink(), logs_batch(2)
    batch.request.MergeFrom(logs_batch(5, resource={"service.name": "other"}).request)
    batch.request.MergeFrom(logs_batch(0, resource={"service.name": "silent"}).request)
    await make(sink).consume(batch)
    groups = sink.batches[0].request.resource_metrics  # type: ignore[union-attr]  # metrics
    names = [attributes_to_dict(group.resource.attributes)["service.name"] for group in groups]
    assert names == ["shop", "other"]
    assert [group.scope_metrics[0].metrics[0].sum.data_points[0].as_int for group in groups] == [2, 5]


async def test_conditions_are_joined_by_or_and_replace_the_default() -> None:
    conditions = ["severity_number >= SEVERITY_NUMBER_ERROR", 'attributes["env"] == "prod"']
    batch = logs_batch(2, severity=9)
    batch.request.MergeFrom(logs_batch(3, severity=17).request)
    batch.request.resource_logs[0].scope_logs[0].log_records[0].attributes.extend(key_values({"env": "prod"}))
    sink = Sink()
    await make(sink, logs={"my.count": {"description": "d", "conditions": conditions}, "all": None}).consume(batch)
    groups = sink.batches[0].request.resource_metrics  # type: ignore[union-attr]  # metrics
    found = [{m.name: m.sum.data_points[0].as_int for m in g.scope_metrics[0].metrics} for g in groups]
    assert found == [{"my.count": 1, "all": 2}, {"my.count": 3, "all": 3}]


@pytest.mark.parametrize(
    ("batch", "keys", "expected"),
    [
        (traces_with_events(), {"spans": {"s": {"conditions": ['name == "operation"']}}, "spanevents": {}}, {"s": 3}),
        (
            traces_with_events(),
            {"spans": {}, "spanevents": {"e": {"conditions": ['name == "exception"']}}},
            {"e": 2},
        ),
        (metrics_batch(2), {"metrics": {"m": {"conditions": ['name == "requests"']}}, "datapoints": {}}, {"m": 1}),
        (
            metrics_batch(3),
            {"metrics": {}, "datapoints": {"p": {"conditions": ['attributes["n"] == 1', 'attributes["n"] == 2']}}},
            {"p": 2},
        ),
    ],
)
async def test_each_section_has_its_own_context(batch: Batch, keys: dict[str, Any], expected: dict[str, int]) -> None:
    assert await counts_of(batch, **keys) == expected


async def test_attributes_make_points_of_their_own() -> None:
    batch = with_attributes({"env": "a"}, {"env": "b"}, {"env": "a"}, {}, {"env": 1}, {"env": "1"}, {"env": True})
    keys = {"logs": {"c": {"attributes": [{"key": "env", "default_value": "none"}]}}}
    points = (await metrics_of(batch, **keys))["c"].sum.data_points
    found = [(attributes_to_dict(point.attributes)["env"], point.as_int) for point in points]
    assert [(type(value), value, number) for value, number in found] == [
        (str, "a", 2), (str, "b", 1), (str, "none", 1), (int, 1, 1), (str, "1", 1), (bool, True, 1),
    ]  # fmt: skip


async def test_an_attribute_may_be_the_scopes_or_the_resources_and_what_has_none_is_not_counted() -> None:
    batch = with_attributes({"service.name": "own"}, {})
    batch.request.resource_logs[0].scope_logs[0].scope.attributes.extend(key_values({"lib": 2.5}))
    by = {"attributes": [{"key": "service.name"}, {"key": "lib"}]}
    missing = {"attributes": [{"key": "service.name"}, {"key": "gone", "default_value": ""}]}
    assert await counts_of(batch, logs={"c": by, "none": missing}) == {"c": {("own", 2.5): 1, ("shop", 2.5): 1}}


async def test_nothing_counted_is_not_passed_on() -> None:
    sink = Sink()
    connector = make(sink, logs={"c": {"conditions": ["false"]}}, spans={}, spanevents={})
    assert await connector.consume(logs_batch()) == ACCEPTED
    assert await connector.consume(traces_batch()) == ACCEPTED
    assert await make(None).consume(logs_batch()) == ACCEPTED
    assert sink.offered == 0


async def test_a_refusal_goes_back_and_rejected_counts_are_no_rejected_records() -> None:
    with pytest.raises(RetryableError):
        await make(Sink(always=RetryableError("busy"))).consume(logs_batch())
    assert await make(Sink(always=Receipt(1, "too many"))).consume(logs_batch(9)) == Receipt(0, "too many")


async def test_a_condition_that_fails_does_not_count_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    conditions = ['Int(attributes["x"]) > 1 and Substring(body, 90, 1) == "x"', 'attributes["x"] == 5']
    batch = with_attributes({"x": 5}, {"x": 6})
    with caplog.at_level(logging.WARNING):
        assert await counts_of(batch, logs={"c": {"conditions": conditions}}) == {"c": 1}
    assert "does not count" in caplog.text


CONTRIB = """
receivers: {nop: }
exporters: {nop: }
connectors:
  count:
  count/custom:
    spanevents:
      my.prod.event.count:
        description: The number of span events from my prod environment.
        conditions:
          - 'attributes["env"] == "prod"'
          - 'name == "prodevent"'
    logs:
      my.log.count:
        attributes: [{key: env, default_value: unspecified_environment}]
      my.error.log.count: {conditions: ["severity_number >= SEVERITY_NUMBER_ERROR"]}
      plain:
service:
  pipelines:
    traces: {receivers: [nop], exporters: [count, count/custom]}
    logs: {receivers: [nop], exporters: [count, count/custom]}
    metrics/in: {receivers: [nop], exporters: [count]}
    metrics: {receivers: [count, count/custom], exporters: [nop]}
"""


def test_examples_of_contrib_load() -> None:
    found = load_configuration([f"yaml:{CONTRIB}"], [], Registry.from_entry_points(), {}).components[Kind.CONNECTOR]
    assert [len(each.config.logs or {}) for each in found.values()] == [0, 3]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("keys", "path", "words"),
    [
        ({"logs": {"c": {"conditions": ["true", "severity >= 1"]}}}, "logs::c::conditions::1", "column"),
        ({"spans": {"a.b": {"conditions": ['name = "x"']}}}, "spans::a.b::conditions::0", "column"),
        ({"metrics": {"c": {"attributes": [{"key": "a"}]}}}, "metrics::c::attributes", "count datapoints"),
        ({"logs": {"c": {"attributes": [{}]}}}, "logs::c::attributes::0::key", "is required"),
        ({"logs": {"c": {"attributes": [{"key": ""}]}}}, "logs::c::attributes::0::key", "at least 1"),
        ({"log": {}}, "log", "has invalid keys"),
        ({"logs": {"": {}}}, "logs", "has no name"),
    ],
)
def test_wrong_ones_are_refused(keys: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CountConfig.model_validate(keys)
    problems = {"::".join(map(str, each[0])): each[1] for each in explain(refused.value, CountConfig, keys)}
    assert words in problems[path]


@pytest.mark.looptime
async def test_its_lifetime_is_as_it_must_be() -> None:
    for check in (check_never_started, check_start_and_stop, check_cancelled):
        await check(lambda: make(Sink()))
