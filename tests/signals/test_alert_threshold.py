"""Conditions and units: what is written, in the unit of the metric."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.signals.alert_threshold import parse_condition
from otel_discord.signals.units import convert


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
