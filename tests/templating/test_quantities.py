"""Values with units, as people say them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.templating.quantities import is_said_in_percent, show


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


@pytest.mark.parametrize(
    ("unit", "metric", "written", "expected"),
    [
        ("1", "system.memory.utilization", False, True),
        ("", "cache_hit_ratio", False, True),
        ("1", "errors / requests", False, True),
        ("1", "something", True, True),
        ("%", "something", False, True),
        ("1", "queue.depth", False, False),
        ("", "errors / requests", False, False),
        ("By", "x.utilization", True, False),
    ],
)
def test_what_is_said_in_percent(unit: str, metric: str, written: bool, expected: bool) -> None:
    assert is_said_in_percent(unit, metric, written_in_percent=written) is expected


@given(
    st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["By", "s", "ms", "1", "%", "{x}", "", "By/s", "?"])
)
def test_any_value_can_be_said(value: float, unit: str) -> None:
    assert show(value, unit)
    assert show(value, unit, as_percent=True)
