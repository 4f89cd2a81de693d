"""Durations: Go's spelling, both ways."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from otel_discord.config import Duration, StrictModel, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("10s", 10.0),
        ("1m30s", 90.0),
        ("1h", 3600.0),
        ("1.5h", 5400.0),
        ("1.s", 1.0),
        (".5s", 0.5),
        ("100us", 1e-4),
        ("100µs", 1e-4),  # the micro sign
        ("100μs", 1e-4),  # the Greek letter
        ("7ns", 7e-9),
        ("1s1s", 2.0),
        ("+3s", 3.0),
        ("-3s", -3.0),
        (" 3s ", 3.0),
        ("0", 0.0),
        ("-0", 0.0),
        ("0s", 0.0),
        (0, 0.0),
        (0.0, 0.0),
    ],
)
def test_what_is_a_duration(text: object, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "10",
        "10 s",
        "ten s",
        "1d",
        "1S",
        "3s-",
        "--3s",
        ".s",
        "1e3s",
        "٣s",
        "s3",
        "1h 30m",
        10,
        1.5,
        True,
        None,
        [],
    ],
)
def test_what_is_none_says_how_to_write_one(text: object) -> None:
    with pytest.raises(ValueError, match="use a number with a unit, as in 250ms, 10s, 5m or 1h30m"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["2562048h", "9" * 400 + "s"])
def test_no_longer_than_go_can_count(text: str) -> None:
    with pytest.raises(ValueError, match="longer than 292 years"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (1e-12, "0s"),
        (-1e-12, "0s"),
        (7e-9, "7ns"),
        (1.5e-6, "1.5us"),
        (0.25, "250ms"),
        (0.9999999999, "1s"),
        (1.000000001, "1.000000001s"),
        (59.9999999999, "1m"),
        (60, "1m"),
        (90, "1m30s"),
        (3600, "1h"),
        (3600.1, "1h0.1s"),
        (5430.25, "1h30m30.25s"),
        (-1.5, "-1.5s"),
        (604800, "168h"),
    ],
)
def test_the_shortest_spelling(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.floats(-1e9, 1e9, allow_subnormal=False))
def test_what_is_written_can_be_read_again(seconds: float) -> None:
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, rel=1e-12, abs=1e-9)


@given(st.text("0123456789.smhnu+- ", max_size=30))
def test_any_text_is_a_finite_duration_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert math.isfinite(parse_duration(text))


class Section(StrictModel):
    """A section with one duration."""

    wait: Duration = 5.0


def test_a_field_is_seconds_inside_and_text_outside() -> None:
    assert Section.model_validate({"wait": "1m30s"}).wait == 90.0
    assert Section().model_dump() == {"wait": "5s"}


@pytest.mark.parametrize(
    ("wait", "says"), [("-1s", "must not be negative"), ("5", "use a number with a unit"), (5, "5 has no unit")]
)
def test_a_field_refuses(wait: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Section.model_validate({"wait": wait})
