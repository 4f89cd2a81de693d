"""Severity numbers, their ranges, and the words that people write for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.signals import (
    Severity,
    effective_severity,
    parse_min_severity,
    severity_from_text,
    severity_range,
)

NAMES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
ALIASES = {
    "WARN": ["warning", "Warning"],
    "FATAL": ["critical", "CRIT", "emergency", "emerg", "alert", "panic"],
    "ERROR": ["err", "severe"],
    "INFO": ["notice", "information", "informational"],
    "DEBUG": ["verbose"],
}


@pytest.mark.parametrize("number", range(1, 25))
def test_each_number_lies_in_one_range_of_four(number: int) -> None:
    assert severity_range(number).name == NAMES[(number - 1) // 4]
    assert 0 <= number - severity_range(number) <= 3


@pytest.mark.parametrize("number", [-1, 0, 25, 2**31 - 1, -(2**31)])
def test_other_numbers_lie_in_none(number: int) -> None:
    assert severity_range(number) is Severity.UNSPECIFIED


@pytest.mark.parametrize(("name", "word"), [(name, word) for name, words in ALIASES.items() for word in words])
def test_other_words_for_a_range(name: str, word: str) -> None:
    assert severity_from_text(word) is Severity[name]


@pytest.mark.parametrize("name", NAMES)
def test_names_in_any_case_with_or_without_their_step(name: str) -> None:
    for text in (name, name.lower(), f" {name} ", f"{name}1", f"{name.lower()}4"):
        assert severity_from_text(text) is Severity[name]


@pytest.mark.parametrize("text", ["", " ", "UNSPECIFIED", "INFO0", "INFO5", "INFO12", "4", "WARNING2", "E", "错误"])
def test_what_names_none(text: str) -> None:
    assert severity_from_text(text) is Severity.UNSPECIFIED


@pytest.mark.parametrize(
    ("number", "text", "effective"),
    [(17, "INFO", 17), (0, "ERROR", 17), (0, "", 0), (0, "loud", 0), (9, "", 9), (0, "warning", 13)],
)
def test_a_text_speaks_only_where_there_is_no_number(number: int, text: str, effective: int) -> None:
    assert effective_severity(number, text) == effective


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("WARN", 13),
        ("error2", 18),
        ("Fatal4", 24),
        ("trace1", 1),
        ("critical", 21),
        (" info ", 9),
        ("13", 13),
        (0, 0),
        (24, 24),
    ],
)
def test_a_threshold_as_users_write_it(written: object, number: int) -> None:
    assert parse_min_severity(written) == number


@pytest.mark.parametrize("written", ["", "loud", "-1", "25", "²", 25, -1, "UNSPECIFIED", True, None, 13.0, ["WARN"]])
def test_what_is_no_threshold(written: object) -> None:
    with pytest.raises(ValueError, match="severity"):
        parse_min_severity(written)


@given(st.sampled_from(NAMES), st.integers(1, 4))
def test_a_threshold_by_name_is_the_number_of_that_name(name: str, step: int) -> None:
    assert parse_min_severity(f"{name}{step}") == Severity[name] + step - 1


@given(st.text(max_size=20))
def test_any_text_names_a_range_or_none(text: str) -> None:
    assert severity_from_text(text) in Severity
