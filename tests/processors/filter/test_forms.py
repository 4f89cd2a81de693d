"""What the Collector's documentation shows, in each of its forms, drops and keeps what it says there."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import yaml
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_discord.processors.filter.apply import filtered
from otel_discord.processors.filter.config import FilterConfig
from otel_discord.processors.filter.rules import compile_rules
from otel_discord.signals import LogsBatch, MetricsBatch, Signal, TracesBatch
from otel_discord.testing.otlp import any_value, key_values

Attributes = Mapping[str, Any]


def logs(*groups: tuple[Attributes, Sequence[Mapping[str, Any]]]) -> LogsBatch:
    request = ExportLogsServiceRequest()
    for resource, records in groups:
        group = request.resource_logs.add()
        group.resource.attributes.extend(key_values(resource))
        scope_logs = group.scope_logs.add()
        for each in records:
            record = scope_logs.log_records.add(
                severity_number=each.get("severity", 0), severity_text=each.get("text", "")
            )
            record.body.CopyFrom(any_value(each["body"]))
            record.attributes.extend(key_values(each.get("attributes", {})))
    return LogsBatch(request)


def spans(*groups: tuple[Attributes, Sequence[Mapping[str, Any]]], scope: str = "") -> TracesBatch:
    request = ExportTraceServiceRequest()
    for resource, members in groups:
        group = request.resource_spans.add()
        group.resource.attributes.extend(key_values(resource))
        scope_spans = group.scope_spans.add()
        scope_spans.scope.name = scope
        for each in members:
            span = scope_spans.spans.add(name=each["name"], kind=each.get("kind", 0))
            span.parent_span_id = each.get("parent", b"")
            span.attributes.extend(key_values(each.get("attributes", {})))
            for name, attributes in each.get("events", ()):
                span.events.add(name=name).attributes.extend(key_values(attributes))
    return TracesBatch(request)


def metrics(*groups: tuple[Attributes, Sequence[Mapping[str, Any]]]) -> MetricsBatch:
    request = ExportMetricsServiceRequest()
    for resource, members in groups:
        group = request.resource_metrics.add()
        group.resource.attributes.extend(key_values(resource))
        scope_metrics = group.scope_metrics.add()
        for each in members:
            metric = scope_metrics.metrics.add(name=each["name"])
            kind = each.get("kind", "gauge")
            for point in each.get("points", [{}]):
                added = getattr(metric, kind).data_points.add()
                added.attributes.extend(key_values(point.get("attributes", {})))
                if "value" in point:
                    added.as_int = point["value"]
    return MetricsBatch(request)


def left(config: str, batch: Any) -> Any:
    """Return what is left by name: bodies; spans with their events; metrics with the numbers of their points."""
    model = FilterConfig.model_validate(yaml.safe_load(config))
    before = batch.request.SerializeToString(deterministic=True)
    result = filtered(batch, compile_rules(model, batch.signal, lambda *_: None))
    assert batch.request.SerializeToString(deterministic=True) == before
    if result is None:
        return []
    assert all(len(group.ListFields()) for group in _resources(result))
    match result:
        case LogsBatch():
            return [record.body.string_value for _, _, record in result.records()]
        case TracesBatch():
            return [
                (span.name, [event.name for event in span.events])
                for group in result.request.resource_spans
                for scope in group.scope_spans
                for span in scope.spans
            ]
        case MetricsBatch():
            return [
                (metric.name, len(getattr(metric, metric.WhichOneof("data") or "").data_points))
                for group in result.request.resource_metrics
                for scope in group.scope_metrics
                for metric in scope.metrics
            ]


def _resources(batch: Any) -> Any:
    (field,) = batch.request.DESCRIPTOR.fields
    return getattr(batch.request, field.name)


SPANS = spans(
    ({"host.name": "localhost"}, [{"name": "local"}]),
    (
        {"host.name": "far"},
        [
            {"name": "in container", "attributes": {"container.name": "app_container_1"}},
            {"name": "app_3"},
            {
                "name": "stays",
                "events": [("one", {"grpc": True}), ("a grpc call", {}), ("other", {"grpc": False})],
            },
            {"name": "all events go", "events": [("x", {"grpc": True})]},
        ],
    ),
)
OTTL_SPANS_LEFT = [("stays", ["other"]), ("all events go", [])]

METRICS = metrics(
    (
        {"my_label": "abc123", "service.name": "other"},
        [
            {"name": "my.metric"},
            {"name": "another", "points": [{}, {}]},
            {"name": "of a histogram", "kind": "histogram"},
            {"name": "of a summary", "kind": "summary"},
        ],
    ),
    ({"service.name": "my_service_name"}, [{"name": "my.metric"}]),
)

LOGS = logs(
    (
        {"host.name": "just_this_one_hostname"},
        [
            {"body": "my password is", "severity": 17},
            {"body": "debug", "severity": 5, "text": "DEBUG"},
            {"body": "warn", "severity": 13, "text": "WARN2"},
            {"body": "IMPORTANT RECORD 1", "severity": 9, "text": "INFO"},
        ],
    ),
    ({"host.name": "prefix.1"}, [{"body": "nothing said", "attributes": {"record_attr": "prefix_1"}}]),
)

CASES = {
    "conditions by signal: traces": (
        """
        error_mode: ignore
        traces:
          span:
            - 'attributes["container.name"] == "app_container_1"'
            - 'resource.attributes["host.name"] == "localhost"'
            - 'name == "app_3"'
          spanevent:
            - 'attributes["grpc"] == true'
            - 'IsMatch(name, ".*grpc.*")'
        """,
        SPANS,
        OTTL_SPANS_LEFT,
    ),
    "flat: traces, each condition about its own context": (
        """
        trace_conditions:
          - resource.attributes["host.name"] == "localhost"
          - span.attributes["container.name"] == "app_container_1"
          - span.name == "app_3"
          - spanevent.attributes["grpc"] == true
          - IsMatch(spanevent.name, ".*grpc.*")
        """,
        SPANS,
        OTTL_SPANS_LEFT,
    ),
    "flat: one condition across contexts is about span events": (
        """
        trace_conditions: ['resource.attributes["host.name"] == "far" or spanevent.name == "x"']
        """,
        SPANS,
        [("local", []), ("in container", []), ("app_3", []), ("stays", []), ("all events go", [])],
    ),
    "conditions by signal: metrics": (
        """
        metrics:
          metric:
            - 'name == "my.metric" and resource.attributes["my_label"] == "abc123"'
            - 'type == METRIC_DATA_TYPE_HISTOGRAM'
          datapoint:
            - 'metric.type == METRIC_DATA_TYPE_SUMMARY'
            - 'resource.attributes["service.name"] == "my_service_name"'
        """,
        METRICS,
        [("another", 2)],
    ),
    "a metric and a value": (
        """
        metrics: {datapoint: ['metric.name == "k8s.pod.phase" and value_int == 4']}
        """,
        metrics(({}, [{"name": "k8s.pod.phase", "points": [{"value": 4}, {"value": 2}]}])),
        [("k8s.pod.phase", 1)],
    ),
    "metrics of no type": (
        "metrics: {metric: [type == METRIC_DATA_TYPE_NONE]}",
        metrics(({}, [{"name": "a"}])),
        [("a", 1)],
    ),
    "spans that are not HTTP": (
        "traces: {span: ['attributes[\"http.request.method\"] == nil']}",
        spans(({}, [{"name": "a", "attributes": {"http.request.method": "GET"}}, {"name": "b"}])),
        [("a", [])],
    ),
    "root spans of a health check": (
        """
        trace_conditions:
          - context: span
            conditions: ['IsRootSpan() and IsMatch(span.attributes["url.path"], "^/(health|metrics)(/|$)")']
        """,
        spans(
            (
                {},
                [
                    {"name": "probe", "attributes": {"url.path": "/health"}},
                    {"name": "child", "attributes": {"url.path": "/health"}, "parent": b"12345678"},
                    {"name": "work", "attributes": {"url.path": "/healthy-food"}},
                ],
            )
        ),
        [("child", []), ("work", [])],
    ),
    "functions of data points": (
        """
        metrics: {metric: ['HasAttrKeyOnDatapoint("http.method")', 'HasAttrOnDatapoint("verb", "GET")']}
        """,
        metrics(
            (
                {},
                [
                    {"name": "has the key", "points": [{}, {"attributes": {"http.method": "GET"}}]},
                    {"name": "has the value", "points": [{"attributes": {"verb": "GET"}}]},
                    {"name": "another value", "points": [{"attributes": {"verb": "PUT"}}]},
                ],
            )
        ),
        [("another value", 1)],
    ),
    "functions of data points, flat, beside a resource": (
        """
        metric_conditions: ['HasAttrKeyOnDatapoint("verb") and resource.attributes["env"] == "test"']
        """,
        metrics(
            ({"env": "test"}, [{"name": "a", "points": [{"attributes": {"verb": "GET"}}]}, {"name": "b"}]),
            ({"env": "prod"}, [{"name": "c", "points": [{"attributes": {"verb": "GET"}}]}]),
        ),
        [("b", 1), ("c", 1)],
    ),
    "conditions by signal: logs": (
        """
        logs: {log_record: ['IsMatch(body, ".*password.*")', 'severity_number < SEVERITY_NUMBER_WARN']}
        """,
        LOGS,
        ["warn"],
    ),
    "flat: logs in groups": (
        """
        log_conditions:
          - error_mode: propagate
            conditions: [log.severity_number < SEVERITY_NUMBER_INFO]
          - error_mode: silent
            context: resource
            conditions: ['attributes["host.name"] == "prefix.1"']
        """,
        LOGS,
        ["my password is", "warn", "IMPORTANT RECORD 1"],
    ),
    "resources": (
        'logs: {resource: [\'attributes["host.name"] == "just_this_one_hostname"\']}',
        LOGS,
        ["nothing said"],
    ),
    "scopes": (
        "trace_conditions: ['scope.name == \"noisy\"']",
        spans(({}, [{"name": "a"}]), scope="noisy"),
        [],
    ),
    "include by resource, strict": (
        "logs: {include: {match_type: strict, resource_attributes: [{key: host.name, value: just_this_one_hostname}]}}",
        LOGS,
        ["my password is", "debug", "warn", "IMPORTANT RECORD 1"],
    ),
    "include by resource, regexp": (
        "logs: {include: {match_type: regexp, resource_attributes: [{key: host.name, value: prefix.*}]}}",
        LOGS,
        ["nothing said"],
    ),
    "include by the record's attributes": (
        "logs: {include: {match_type: regexp, record_attributes: [{key: record_attr, value: prefix_.*}]}}",
        LOGS,
        ["nothing said"],
    ),
    "include by texts of severities": (
        "logs: {include: {match_type: regexp, severity_texts: ['INFO[2-4]?', 'WARN[2-4]?', 'ERROR[2-4]?']}}",
        LOGS,
        ["warn", "IMPORTANT RECORD 1"],
    ),
    "include by severity, with those that have none": (
        'logs: {include: {severity_number: {min: "INFO", match_undefined: true}}}',
        LOGS,
        ["my password is", "warn", "IMPORTANT RECORD 1", "nothing said"],
    ),
    "include by severity alone": (
        "logs: {include: {severity_number: {min: info}}}",
        LOGS,
        ["my password is", "warn", "IMPORTANT RECORD 1"],
    ),
    "include by body": (
        "logs: {include: {match_type: regexp, bodies: ['^IMPORTANT RECORD']}}",
        LOGS,
        ["IMPORTANT RECORD 1"],
    ),
    "include, then exclude": (
        """
        logs:
          include: {match_type: strict, severity_texts: [DEBUG, WARN2]}
          exclude: {match_type: strict, bodies: [debug]}
        """,
        LOGS,
        ["warn"],
    ),
    "metrics: include by regexp and resource, exclude by name": (
        """
        metrics:
          include:
            match_type: regexp
            metric_names: [prefix/.*, prefix_.*]
            resource_attributes: [{key: container.name, value: app_container_1}]
          exclude: {match_type: strict, metric_names: [hello_world, prefix/not]}
        """,
        metrics(
            (
                {"container.name": "app_container_1"},
                [{"name": "prefix/a"}, {"name": "prefix_b"}, {"name": "prefix/not"}, {"name": "c"}],
            ),
            ({"container.name": "app_container_2"}, [{"name": "prefix/a"}]),
        ),
        [("prefix/a", 1), ("prefix_b", 1)],
    ),
    "metrics: exclude drops the whole resource": (
        """
        metrics:
          exclude:
            match_type: strict
            metric_names: [hello_world]
            resource_attributes: [{key: container.name, value: app_container_1}]
        """,
        metrics(
            ({"container.name": "app_container_1"}, [{"name": "any"}]),
            ({"container.name": "app_container_2"}, [{"name": "any"}, {"name": "hello_world"}]),
        ),
        [("any", 1)],
    ),
    "metrics: expressions": (
        """
        metrics:
          exclude:
            match_type: expr
            expressions:
              - MetricName == "my.metric" && Label("my_label") == "abc123"
              - MetricType == "Histogram"
        """,
        metrics(
            (
                {},
                [
                    {"name": "my.metric", "points": [{}, {"attributes": {"my_label": "abc123"}}]},
                    {"name": "my.metric", "points": [{"attributes": {"my_label": "x"}}]},
                    {"name": "h", "kind": "histogram"},
                    {"name": "stays"},
                ],
            )
        ),
        [("my.metric", 1), ("stays", 1)],
    ),
    "spans: include and exclude": (
        """
        spans:
          include: {match_type: strict, services: [app_3]}
          exclude:
            match_type: regexp
            span_names: [hello_world, hello/world]
            attributes: [{key: container.name, value: (app_container_1|app_container_2)}]
        """,
        spans(
            (
                {"service.name": "app_3"},
                [
                    {"name": "hello/world", "attributes": {"container.name": "app_container_2"}},
                    {"name": "hello/world"},
                    {"name": "work"},
                ],
            ),
            ({"service.name": "app_1"}, [{"name": "work"}]),
        ),
        [("hello/world", []), ("work", [])],
    ),
    "other signals' conditions do nothing": (
        "{traces: {span: ['true']}, metrics: {metric: ['true']}, drop: ['span.name == \"x\"']}",
        LOGS,
        ["my password is", "debug", "warn", "IMPORTANT RECORD 1", "nothing said"],
    ),
}


@pytest.mark.parametrize(("config", "batch", "expected"), CASES.values(), ids=CASES)
def test_what_the_documentation_of_the_collector_says(config: str, batch: Any, expected: Any) -> None:
    assert left(config, batch) == expected


KEEP = {
    "records": ("keep: [log.severity_number >= SEVERITY_NUMBER_WARN]", LOGS, ["my password is", "warn"]),
    "any of several, also of what it stands in": (
        'keep: [log.severity_number >= SEVERITY_NUMBER_ERROR, \'resource.attributes["host.name"] == "prefix.1"\']',
        LOGS,
        ["my password is", "nothing said"],
    ),
    "drop wins": (
        "{keep: [log.severity_number >= SEVERITY_NUMBER_WARN], drop: ['IsMatch(log.body, \"password\")']}",
        LOGS,
        ["warn"],
    ),
    "nothing": ("keep: ['log.body == \"nobody\"']", LOGS, []),
    "only conditions of other signals": ("keep: ['span.name == \"x\"']", logs(({}, [{"body": "a"}])), ["a"]),
    "span events, spans stay": (
        "keep: ['spanevent.name == \"exception\"']",
        spans(({}, [{"name": "a", "events": [("exception", {}), ("x", {})]}, {"name": "b", "events": [("x", {})]}])),
        [("a", ["exception"]), ("b", [])],
    ),
    "spans, or those with such an event": (
        "keep: ['span.name == \"b\"', 'spanevent.name == \"exception\"']",
        spans(
            (
                {},
                [
                    {"name": "a", "events": [("exception", {}), ("x", {})]},
                    {"name": "b", "events": [("x", {})]},
                    {"name": "c", "events": [("x", {})]},
                ],
            )
        ),
        [("a", ["exception"]), ("b", ["x"])],
    ),
    "data points; metrics without any go": (
        "keep: ['datapoint.value_int > 1']",
        metrics(({}, [{"name": "a", "points": [{"value": 1}, {"value": 2}]}, {"name": "b", "points": [{"value": 1}]}])),
        [("a", 1)],
    ),
    "a scope": ("keep: ['scope.name == \"wanted\"']", spans(({}, [{"name": "a"}]), scope="other"), []),
    "a group with its context": (
        "keep: [{context: log, conditions: ['body == \"warn\"']}]",
        LOGS,
        ["warn"],
    ),
}


@pytest.mark.parametrize(("config", "batch", "expected"), KEEP.values(), ids=KEEP)
def test_keep_and_drop(config: str, batch: Any, expected: Any) -> None:
    assert left(config, batch) == expected


def test_the_same_batch_goes_on_where_nothing_is_dropped() -> None:
    for config in ("{}", "log_conditions: ['log.body == \"nobody\"']", "keep: ['true']"):
        rules = compile_rules(FilterConfig.model_validate(yaml.safe_load(config)), Signal.LOGS, lambda *_: None)
        assert filtered(LOGS, rules) is LOGS


def test_what_stays_keeps_what_it_stands_in() -> None:
    batch = logs(({"a": 1}, [{"body": "x"}, {"body": "y"}]))
    batch.request.resource_logs[0].schema_url = "resource schema"
    scope_logs = batch.request.resource_logs[0].scope_logs[0]
    scope_logs.schema_url, scope_logs.scope.name = "scope schema", "scope"
    rules = compile_rules(FilterConfig.model_validate({"drop": ['log.body == "y"']}), Signal.LOGS, lambda *_: None)
    result = filtered(batch, rules)
    assert result is not None
    del scope_logs.log_records[1]
    assert result.request == batch.request
