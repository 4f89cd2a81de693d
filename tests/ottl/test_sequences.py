"""What an error in one condition or statement means for the rest."""

from collections.abc import Sequence
from typing import Literal

import pytest

from otel_discord.ottl import (
    ConditionSequence,
    ContextKind,
    ErrorMode,
    LogItem,
    OttlError,
    StatementSequence,
    parse_condition,
    parse_statement,
)

FAILS = 'body["x"] == 1'


def conditions(
    texts: Sequence[str], mode: ErrorMode, logic: Literal["or", "and"] = "or"
) -> tuple[ConditionSequence, list[str]]:
    told: list[str] = []
    parsed = [parse_condition(text, ContextKind.LOG) for text in texts]
    return ConditionSequence(parsed, mode, lambda text, error: told.append(f"{text}: {error}"), logic), told


@pytest.mark.parametrize(
    ("texts", "logic", "expected"),
    [
        ([], "or", False),
        ([], "and", False),
        (["false", "true"], "or", True),
        (["false", "false"], "or", False),
        (["true", "true"], "and", True),
        (["true", "false"], "and", False),
        ([FAILS, "true"], "or", True),
        ([FAILS, "false"], "or", False),
        ([FAILS, "true"], "and", True),
        (["true", FAILS], "and", True),
        ([FAILS, FAILS], "and", False),
        ([FAILS, FAILS], "or", False),
    ],
)
def test_conditions_with_errors_passed_over(
    texts: list[str], logic: Literal["or", "and"], expected: bool, log: LogItem
) -> None:
    for mode in (ErrorMode.IGNORE, ErrorMode.SILENT):
        sequence, told = conditions(texts, mode, logic)
        assert sequence.matches(log) is expected
        failing = [f"{FAILS}: a string cannot be indexed"] * texts.count(FAILS)
        assert told == (failing if mode is ErrorMode.IGNORE else [])


def test_conditions_propagate(log: LogItem) -> None:
    sequence, told = conditions(["false", FAILS, "true"], ErrorMode.PROPAGATE)
    with pytest.raises(OttlError):
        sequence.matches(log)
    assert conditions(["true", FAILS], ErrorMode.PROPAGATE)[0].matches(log) is True
    assert told == []


def statements(mode: ErrorMode) -> tuple[StatementSequence, list[str]]:
    told: list[str] = []
    texts = ['set(event_name, "a")', 'set(body["x"], 1)', 'set(severity_text, "b")', "set(body, 1) where false"]
    parsed = [parse_statement(text, ContextKind.LOG) for text in texts]
    return StatementSequence(parsed, mode, lambda text, error: told.append(f"{text}: {error}")), told


def test_statements(log: LogItem) -> None:
    sequence, told = statements(ErrorMode.IGNORE)
    assert sequence.run(log) is True
    assert (log.record.event_name, log.record.severity_text) == ("a", "b")
    assert told == ['set(body["x"], 1): a string cannot be indexed']


def test_statements_in_silence(log: LogItem) -> None:
    sequence, told = statements(ErrorMode.SILENT)
    sequence.run(log)
    assert log.record.severity_text == "b"
    assert told == []


def test_statements_propagate(log: LogItem) -> None:
    sequence, told = statements(ErrorMode.PROPAGATE)
    with pytest.raises(OttlError):
        sequence.run(log)
    assert (log.record.event_name, log.record.severity_text) == ("a", "ERROR")
    assert told == []


def test_a_statement_says_whether_it_ran(log: LogItem) -> None:
    statement = parse_statement('set(event_name, "x") where severity_number == 9', ContextKind.LOG)
    assert statement(log) is False
    assert log.record.event_name == "order.failed"
    log.record.severity_number = 9
    assert statement(log) is True
    assert log.record.event_name == "x"
    assert repr(statement).startswith("Statement('set(")
    nothing = parse_statement('set(event_name, cache["none"])', ContextKind.LOG)
    assert nothing(log) is True
    assert log.record.event_name == "x"
