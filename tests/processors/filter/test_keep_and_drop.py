"""Conditions of this house, keep and drop, and what stays as it was."""

from typing import Any

import pytest
import yaml

from otel_discord.processors.filter.apply import filtered
from otel_discord.processors.filter.config import FilterConfig
from otel_discord.processors.filter.rules import compile_rules
from otel_discord.signals import Signal
from tests.processors.filter.batches import LOGS, left, logs, metrics, spans

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
