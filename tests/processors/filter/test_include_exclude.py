"""The older forms, include and exclude, that the documentation of the Collector's filter processor shows."""

from typing import Any

import pytest

from tests.processors.filter.batches import LOGS, left, metrics, spans

CASES = {
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
}


@pytest.mark.parametrize(("config", "batch", "expected"), CASES.values(), ids=CASES)
def test_what_the_documentation_of_the_collector_says(config: str, batch: Any, expected: Any) -> None:
    assert left(config, batch) == expected
