"""Arguments by name: the Collector takes ``resolve_conflicts`` and ``resolveConflicts``, its documentation has both."""

import pytest

from otel_discord.ottl import ContextKind, OttlSyntaxError, parse_condition, parse_statement


@pytest.mark.parametrize(
    "text",
    [
        "flatten(log.body, resolveConflicts=true)",
        "flatten(log.body, resolve_conflicts=true)",
        'set(log.body, ParseCSV("a|b", "x,y", delimiter="|", headerDelimiter=",", mode="lazyQuotes"))',
    ],
)
def test_both_spellings_are_good(text: str) -> None:
    parse_statement(text, ContextKind.LOG)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("flatten(log.body, resolveConflict=true)", "resolve_conflict"),
        ("flatten(log.body, resolveConflicts=true, resolve_conflicts=true)", "given twice"),
        ("set(log.logBody, 1)", '"logBody"'),
    ],
)
def test_other_names_are_not(text: str, problem: str) -> None:
    with pytest.raises(OttlSyntaxError) as error:
        parse_statement(text, ContextKind.LOG)
    assert problem in str(error.value)


@pytest.mark.parametrize("text", ["severityNumber > 1", "log.severityNumber > 1"])
def test_paths_have_small_letters_only(text: str) -> None:
    with pytest.raises(OttlSyntaxError):
        parse_condition(text, ContextKind.LOG)
