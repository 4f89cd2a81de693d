"""The unit of a rule's values, and values in it."""

import pytest

from otel_discord.connectors.threshold.values_unit import UnitOfValues, unit_of_values
from otel_discord.signals.alert_threshold import parse_condition


def test_a_condition_whose_unit_is_of_something_else_is_taken_as_it_stands() -> None:
    unit = UnitOfValues("last", conditions=[parse_condition("> 80 %")])
    unit.learn("By", "gauge")
    assert unit.bound(parse_condition("> 80 %")).limit == 80
    assert unit.mismatches == ["> 80 %"]


def test_ratios_are_said_in_percent_where_that_is_what_they_are() -> None:
    assert UnitOfValues("increase", is_share=True).show(0.0512, "a / b") == "5.12 %"
    unit = UnitOfValues("last")
    unit.learn("1", "gauge")
    assert unit.show(0.82, "system.memory.utilization") == "82 %"
    assert unit.show(0.82, "queue.depth") == "0.82"
    unit.conditions = [parse_condition("> 80 %")]
    assert unit.show(0.82, "something") == "82 %"


@pytest.mark.parametrize(
    ("aggregation", "unit", "kind", "expected"),
    [
        ("last", "s", "gauge", "s"),
        ("rate", "By", "sum", "By/s"),
        ("rate", "s", "histogram", "1/s"),
        ("increase", "s", "histogram", ""),
        ("count", "s", "gauge", ""),
        ("p99", "s", "histogram", "s"),
    ],
)
def test_the_unit_of_an_aggregate(aggregation: str, unit: str, kind: str, expected: str) -> None:
    assert unit_of_values(aggregation, unit, kind) == expected
