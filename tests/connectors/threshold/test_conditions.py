"""Conditions and units: what is written, in the unit of the metric, and as people read it."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.connectors.threshold.conditions import parse_condition
from otel_discord.connectors.threshold.values_unit import UnitOfValues, unit_of_values
from otel_discord.templating.units import convert, show


@pytest.mark.parametrize(
    ("text", "unit", "yes", "no"),
    [
        ("> 0.8", "1", 0.81, 0.8),
        (">= 0.8", "1", 0.8, 0.79),
        ("< 80", "{job}", 79, 80),
        ("<=80", "", 80, 80.1),
        ("== 0", "", 0, 1),
        ("!= 0", "", 1, 0),
        ("> 80 %", "1", 0.801, 0.8),
        ("> 80%", "%", 81, 80),
        ("> 80 %", "", 0.81, 0.8),
        ("> 500ms", "s", 0.51, 0.5),
        ("> 500ms", "ms", 501, 500),
        ("> 0.5 s", "ms", 501, 500),
        ("> 2 min", "s", 121, 120),
        ("> 1.5 GiB", "By", 1.5 * 2**30 + 1, 1.5 * 2**30),
        ("> 1.5 GiB", "MiBy", 1537, 1536),
        ("> 1 GB", "By", 1e9 + 1, 1e9),
        ("> 10 MiB/s", "By/s", 10 * 2**20 + 1, 10 * 2**20),
        ("> 1,000", "", 1001, 1000),
        ("> 1_000", "", 1001, 1000),
        ("> -5", "Cel", -4, -5),
        ("> 1e3", "", 1001, 1000),
        ("> .5", "", 0.6, 0.5),
        ("> 2k", "{job}", 2001, 2000),
    ],
)
def test_it_holds(text: str, unit: str, yes: float, no: float) -> None:
    bound = parse_condition(text).bound_to(unit)
    assert bound is not None
    assert bound.holds(yes)
    assert not bound.holds(no)
    assert not bound.holds(math.nan)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no condition"),
        ("80", "needs one of the operators"),
        ("= 80", "write =="),
        ("=> 80", "write >="),
        ("≥ 80", "write >="),
        (">", "needs a number"),
        ("> many", "needs a number"),
        ("> 80 parsecs", "unknown unit 'parsecs'"),
        ("> 0,8", "decimal point"),
        ("> 1,24", "decimal point"),
        ("> 1e999", "too large"),
        ("> 80 and < 90", "unknown unit"),
    ],
)
def test_what_is_wrong_is_said(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_condition(text)


@given(st.text(max_size=20))
def test_any_text_is_a_condition_or_refused_in_words(text: str) -> None:
    with suppress(ValueError):
        assert parse_condition(text).bound_to("s") is None or parse_condition(text).text


def test_units_that_do_not_go_together() -> None:
    assert convert(80, "%", "By") is None
    assert convert(1, "GiB", "s") is None
    assert convert(1, "h", "s") == 3600
    assert convert(80, "%", "{job}") == 0.8
    unit = UnitOfValues("last", conditions=[parse_condition("> 80 %")])
    unit.learn("By", "gauge")
    assert unit.bound(parse_condition("> 80 %")).limit == 80
    assert unit.mismatches == ["> 80 %"]


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1240, "{job}", "1,240"),
        (1240.0, "", "1,240"),
        (1.4 * 2**30, "By", "1.4 GiB"),
        (0, "By", "0 B"),
        (12.0 * 2**20, "By/s", "12 MiB/s"),
        (192, "s", "3 m 12 s"),
        (0.0125, "s", "12.5 ms"),
        (0, "s", "0 s"),
        (1500, "ms", "1.5 s"),
        (82, "%", "82 %"),
        (0.82, "1", "0.82"),
        (21.5, "Cel", "21.5 Cel"),
        (3.25, "{request}/s", "3.25/s"),
        (None, "s", "no value"),
        (math.nan, "s", "not a number"),
        (math.inf, "By", "infinite"),
    ],
)
def test_values_are_said_as_people_say_them(value: float | None, unit: str, expected: str) -> None:
    assert show(value, unit) == expected


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


@given(
    st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["By", "s", "ms", "1", "%", "{x}", "", "By/s", "?"])
)
def test_any_value_can_be_said(value: float, unit: str) -> None:
    assert show(value, unit)
    assert show(value, unit, as_percent=True)
