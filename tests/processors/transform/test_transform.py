"""What the Collector's documentation shows of its transform processor, and what is around the statements."""

import logging
from typing import Any

import pytest
import yaml
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from pydantic import ValidationError

from otel_discord.component import PermanentError, Receipt
from otel_discord.processors.transform.apply import step_of, transformed
from otel_discord.processors.transform.config import TransformConfig
from otel_discord.processors.transform.factory import FACTORY
from otel_discord.processors.transform.group import Group
from otel_discord.service.config_file import load_configuration
from otel_discord.service.registry import Registry
from otel_discord.signals import Signal, attributes_to_dict, to_plain
from otel_discord.testing.component_contract import check_cancelled, check_never_started, check_start_and_stop
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import any_value, key_values, logs_batch, metrics_batch, traces_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings


def changed(config: str, batch: Any) -> Any:
    model = TransformConfig.model_validate(yaml.safe_load(config))
    groups = [group for group in model.groups(batch.signal) if isinstance(group, Group)]
    before = batch.request.SerializeToString(deterministic=True)
    result = transformed(batch, [step_of(group, lambda *_: None) for group in groups])
    assert batch.request.SerializeToString(deterministic=True) == before
    return result


def record(body: Any, attributes: dict[str, Any] | None = None, resource: dict[str, Any] | None = None) -> Any:
    return logs_batch(1, body=lambda _: body, attributes=attributes, resource=resource or {})


def first(batch: Any) -> Any:
    group = next(iter(getattr(batch.request, batch.request.DESCRIPTOR.fields[0].name)))
    scope = getattr(group, group.DESCRIPTOR.fields_by_number[2].name)[0]
    return getattr(scope, scope.DESCRIPTOR.fields_by_number[2].name)[0]


def resource_of(batch: Any) -> dict[str, Any]:
    group = next(iter(getattr(batch.request, batch.request.DESCRIPTOR.fields[0].name)))
    return attributes_to_dict(group.resource.attributes)


JSON_BODY = '{"name": "log", "attr1": "foo", "nested": {"attr3": "example"}}'
BY_CACHE = """
log_statements:
  - statements:
      - merge_maps(log.cache, ParseJSON(log.body), "upsert") where IsMatch(log.body, "^\\\\{")
      - set(log.attributes["attr1"], log.cache["attr1"])
      - set(log.attributes["nested.attr3"], log.cache["nested"]["attr3"])
"""
UNSTRUCTURED = r"""
log_statements:
  - set(log.severity_number, SEVERITY_NUMBER_INFO) where IsString(log.body) and IsMatch(log.body, "\\sINFO\\s")
  - set(log.severity_number, SEVERITY_NUMBER_WARN) where IsString(log.body) and IsMatch(log.body, "\\sWARN\\s")
"""

LOGS = {
    "where": (
        'log_statements: [\'set(log.severity_text, "FAIL") where log.body == "request failed"\']',
        record("request failed"),
        lambda got: got.severity_text == "FAIL",
    ),
    "globs": (
        'log_statements: [\'replace_all_matches(log.attributes, "/user/*/list/*", "/user/{userId}")\']',
        record("x", {"path": "/user/7/list/8"}),
        lambda got: attributes_to_dict(got.attributes) == {"path": "/user/{userId}"},
    ),
    "patterns": (
        r"""log_statements: ['replace_all_patterns(log.attributes, "value", "/account/\\d{4}", "/account/{id}")']""",
        record("x", {"path": "/account/1234"}),
        lambda got: attributes_to_dict(got.attributes) == {"path": "/account/{id}"},
    ),
    "a field from an attribute": (
        "log_statements: ['set(log.body, log.attributes[\"http.route\"])']",
        record("x", {"http.route": "/a"}),
        lambda got: got.body.string_value == "/a",
    ),
    "JSON by way of the cache": (
        BY_CACHE,
        record(JSON_BODY),
        lambda got: attributes_to_dict(got.attributes) == {"attr1": "foo", "nested.attr3": "example"},
    ),
    "a body that is no JSON is left alone": (BY_CACHE, record("plain"), lambda got: not got.attributes),
    "the severity in a text": (
        UNSTRUCTURED,
        record("[2023-09-22 07:38:22,570] WARN [Something]: some log"),
        lambda got: got.severity_number == 13,
    ),
    "conditions of a group": (
        """
        log_statements:
          - conditions: ['IsMap(log.body) and log.body["object"] != nil']
            statements: ['set(log.body, log.attributes["http.route"])']
        """,
        record({"object": 1}, {"http.route": "/a"}),
        lambda got: got.body.string_value == "/a",
    ),
    "conditions that do not hold": (
        """
        log_statements:
          - conditions: ['log.body == "other"', 'log.body == "third"']
            statements: ['set(log.body, "changed")']
        """,
        record("x"),
        lambda got: got.body.string_value == "x",
    ),
    "the older form, in capitals and without prefixes": (
        "log_statements: [{context: LOG, statements: ['set(attributes[\"body\"], body)']}]",
        record("x"),
        lambda got: attributes_to_dict(got.attributes) == {"body": "x"},
    ),
}


@pytest.mark.parametrize(("config", "batch", "expected"), LOGS.values(), ids=LOGS)
def test_log_statements(config: str, batch: Any, expected: Any) -> None:
    assert expected(first(changed(config, batch)))


def test_span_statements() -> None:
    config = r"""
    trace_statements:
      - keep_keys(span.attributes, ["service.name", "process.command_line"])
      - replace_pattern(span.attributes["process.command_line"], "password\\=[^\\s]*(\\s?)", "password=***")
      - limit(span.attributes, 100, [])
      - truncate_all(span.attributes, 4096)
      - set(span.attributes["test"], "pass") where span.attributes["test"] == nil
    """
    batch = traces_batch(1)
    span = first(batch)
    del span.attributes[:]
    span.attributes.extend(key_values({"process.command_line": "run password=abc", "other": 1}))
    got = attributes_to_dict(first(changed(config, batch)).attributes)
    assert got == {"process.command_line": "run password=***", "test": "pass"}


def test_resources_are_changed_once() -> None:
    config = """
    trace_statements:
      - set(resource.attributes["n"], resource.attributes["n"] + 1)
      - set(resource.attributes["namespace"], resource.attributes["k8s.namespace.name"])
      - delete_key(resource.attributes, "k8s.namespace.name")
      - set(resource.attributes["test"], Concat([resource.attributes["n"], "b"], " "))
    """
    batch = traces_batch(5)
    group = batch.request.resource_spans[0]
    group.resource.attributes.extend(key_values({"n": 1, "k8s.namespace.name": "prod"}))
    got = resource_of(changed(config, batch))
    assert (got["n"], got["namespace"], got["test"]) == (2, "prod", "2 b")
    assert "k8s.namespace.name" not in got


def test_a_list_of_texts_is_about_the_lowest_of_their_contexts() -> None:
    model = TransformConfig.model_validate(
        {
            "metric_statements": ['set(metric.description, "x") where datapoint.attributes["test"] == "pass"'],
            "log_statements": ['set(resource.attributes["a"], 1)', 'set(log.attributes["b"], 1)'],
        }
    )
    contexts = {signal: [group.context for group in model.groups(signal)] for signal in Signal}  # type: ignore[union-attr]
    assert contexts == {Signal.LOGS: ["log"], Signal.METRICS: ["datapoint"], Signal.TRACES: []}


def test_scopes_events_and_points() -> None:
    traces = traces_batch(1)
    first(traces).events.add(name="a")
    got = changed(
        "trace_statements: [{statements: ['set(scope.name, \"s\")']}, {statements: ['set(spanevent.name, \"b\")']}]",
        traces,
    )
    assert got.request.resource_spans[0].scope_spans[0].scope.name == "s"
    assert first(got).events[0].name == "b"
    points = changed("metric_statements: ['set(datapoint.attributes[\"a\"], metric.name)']", metrics_batch(1))
    metric = first(points)
    point = getattr(metric, metric.WhichOneof("data")).data_points[0]
    assert attributes_to_dict(point.attributes)["a"] == metric.name


def test_sums_and_gauges_become_each_other() -> None:
    batch = metrics_batch(1)
    metric = first(batch)
    metric.name = "m"
    metric.ClearField("data")
    metric.sum.data_points.add(as_int=3)
    gauge = changed("metric_statements: ['convert_sum_to_gauge() where metric.name == \"m\"']", batch)
    assert first(gauge).gauge.data_points[0].as_int == 3
    back = changed("metric_statements: ['convert_gauge_to_sum(\"cumulative\", true)']", gauge)
    assert first(back).sum.data_points[0].as_int == 3
    assert first(back).sum.is_monotonic
    assert first(back).sum.aggregation_temporality == AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE


def test_a_cache_is_new_for_each_item_unless_it_is_shared() -> None:
    group = {"statements": ['set(log.attributes["before"], log.cache["seen"])', 'set(log.cache["seen"], log.body)']}

    def before(shared: bool) -> list[Any]:
        config = TransformConfig.model_validate({"log_statements": [{**group, "shared_cache": shared}]})
        steps = [step_of(each, lambda *_: None) for each in config.groups(Signal.LOGS) if isinstance(each, Group)]
        batch: Any = transformed(logs_batch(2), steps)
        return [attributes_to_dict(record.attributes).get("before") for _, _, record in batch.records()]

    assert before(False) == [None, None]
    assert before(True) == [None, "record 0"]


def make(config: dict[str, Any], sink: Sink) -> Any:
    return FACTORY.create(settings("transform"), TransformConfig.model_validate(config), Signal.LOGS, sink)


FAILING = ['set(log.attributes["a"], Substring(log.body, 100, 5))', 'set(log.attributes["b"], 1)']


async def test_the_batch_itself_goes_on_where_nothing_was_run() -> None:
    sink = Sink(always=Receipt(0, "noted"))
    batch = logs_batch(2)
    processor = make({"log_statements": ['set(log.body, "x") where log.body == "nobody"']}, sink)
    assert await processor.consume(batch) == Receipt(0, "noted")
    assert sink.batches[0] is batch


async def test_ignore_goes_on_with_the_next_statement_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    sink = Sink()
    processor = make({"log_statements": FAILING}, sink)
    with caplog.at_level(logging.WARNING):
        async with processor.lifespan(NopHost()):
            await processor.consume(logs_batch(3))
    assert [attributes_to_dict(each.attributes) for _, _, each in sink.batches[0].records()] == [{"b": 1}] * 3  # type: ignore[union-attr]
    said = [each.getMessage() for each in caplog.records]
    assert len(said) == 2
    assert "passed over" in said[0]
    assert "3 times" in said[1]


async def test_propagate_refuses_for_good_and_a_group_may_differ() -> None:
    sink = Sink()
    with pytest.raises(PermanentError):
        await make({"error_mode": "propagate", "log_statements": FAILING}, sink).consume(logs_batch(1))
    assert sink.offered == 0
    groups = [{"error_mode": "silent", "statements": FAILING}]
    await make({"error_mode": "propagate", "log_statements": groups}, sink).consume(logs_batch(1))
    assert sink.offered == 1


async def test_silent_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with (processor := make({"error_mode": "silent", "log_statements": FAILING}, Sink())).lifespan(NopHost()):
        await processor.consume(logs_batch(3))
    assert not caplog.records


WRONG = {
    "a field": ({"log_statements": ['set(log.bdy, "x")']}, r"log_statements::0: .*\(column 9\)"),
    "in a group": (
        {"log_statements": [{"context": "log", "statements": ["set(body, 1)", "set(body"]}]},
        r"log_statements::0::statements::1: .*\(column 9\)",
    ),
    "a condition": (
        {"log_statements": [{"conditions": ["log.body =="], "statements": ["set(log.body, 1)"]}]},
        r"log_statements::0::conditions::0: ",
    ),
    "a context of another signal": (
        {"log_statements": [{"context": "span", "statements": ["set(name, 1)"]}]},
        "log_statements::0::context: ",
    ),
    "functions of metrics beside data points": (
        {"metric_statements": ["convert_sum_to_gauge()", 'limit(datapoint.attributes, 100, ["host.name"])']},
        "convert_sum_to_gauge works in the context metric",
    ),
    "no such temporality": ({"metric_statements": ['convert_gauge_to_sum("both", true)']}, "one of cumulative, delta"),
    "both styles": (
        {"log_statements": ["set(log.body, 1)", {"statements": ["set(log.body, 1)"]}]},
        "has texts and groups",
    ),
    "no statements": ({"log_statements": [{"context": "log"}]}, "statements"),
    "a converter": ({"log_statements": ['IsMatch(log.body, "x")']}, "a statement begins with an editor"),
}


@pytest.mark.parametrize(("config", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_refused_with_its_place(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TransformConfig.model_validate(config)


def test_it_is_found_by_its_name() -> None:
    text = """yaml:
      receivers: {nop: }
      exporters: {nop: }
      processors: {transform: {log_statements: [{context: log, statements: ['set(body, "x")']}]}}
      service: {pipelines: {logs: {receivers: [nop], processors: [transform], exporters: [nop]}}}
    """
    load_configuration([text], [], Registry.from_entry_points(), {})


def test_bodies_of_any_type_can_be_written() -> None:
    batch = record(1)
    got = first(changed('log_statements: [\'set(log.body, ParseJSON("{\\"a\\": [1, true]}"))\']', batch))
    assert to_plain(got.body) == to_plain(any_value({"a": [1.0, True]}))


@pytest.mark.looptime
async def test_its_lifetime_is_as_it_must_be() -> None:
    for check in (check_never_started, check_start_and_stop, check_cancelled):
        await check(lambda: make({}, Sink()))
