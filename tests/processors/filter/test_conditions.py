"""The forms of conditions that the documentation of the Collector's filter processor shows."""

from typing import Any

import pytest

from tests.processors.filter.batches import LOGS, METRICS, SPANS, left, metrics, spans

OTTL_SPANS_LEFT = [("stays", ["other"]), ("all events go", [])]

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
    "other signals' conditions do nothing": (
        "{traces: {span: ['true']}, metrics: {metric: ['true']}, drop: ['span.name == \"x\"']}",
        LOGS,
        ["my password is", "debug", "warn", "IMPORTANT RECORD 1", "nothing said"],
    ),
}


@pytest.mark.parametrize(("config", "batch", "expected"), CASES.values(), ids=CASES)
def test_what_the_documentation_of_the_collector_says(config: str, batch: Any, expected: Any) -> None:
    assert left(config, batch) == expected
