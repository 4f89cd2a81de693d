"""The context of a condition that names none: from its paths, and from the functions in it."""

import pytest

from otel_discord.ottl import ContextKind, OttlError, OttlSyntaxError, parse_condition, parse_statement
from otel_discord.ottl.inferred import context_of
from otel_discord.ottl.told_once import ToldOnce
from otel_discord.signals import Signal


@pytest.mark.parametrize(
    ("text", "signal", "kind"),
    [
        ('resource.attributes["a"] == "b"', Signal.LOGS, ContextKind.RESOURCE),
        ('scope.name == "b" or resource.attributes["a"] == "b"', Signal.TRACES, ContextKind.SCOPE),
        ("log.severity_number < 5", Signal.LOGS, ContextKind.LOG),
        ('span.name == "a" and spanevent.name == "b"', Signal.TRACES, ContextKind.SPANEVENT),
        ('metric.name == "a" and datapoint.value_int == 1', Signal.METRICS, ContextKind.DATAPOINT),
        ("IsRootSpan()", Signal.TRACES, ContextKind.SPAN),
        ('HasAttrKeyOnDatapoint("a") and resource.attributes["a"] == "b"', Signal.METRICS, ContextKind.METRIC),
        ("true", Signal.METRICS, ContextKind.METRIC),
    ],
)
def test_it_is_the_highest_in_which_the_text_has_a_meaning(text: str, signal: Signal, kind: ContextKind) -> None:
    assert context_of([(text, parse_condition)], signal) is kind


def test_conditions_and_statements_have_one_together() -> None:
    texts = [('set(resource.attributes["a"], 1)', parse_statement), ("log.body != nil", parse_condition)]
    assert context_of(texts, Signal.LOGS) is ContextKind.LOG


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ('log.body == "a" or span.name == "b"', 20, "not among logs"),
        ('true and name == "a"', 10, "needs its context"),
        ("log.bdy == 1", 5, "did you mean"),
        ("IsRootSpan()", 1, "works in the context span"),
        ("log.body ==", 12, "ends here"),
    ],
)
def test_what_has_no_meaning_is_refused_with_its_column(text: str, column: int, words: str) -> None:
    with pytest.raises(OttlSyntaxError, match=words) as caught:
        context_of([(text, parse_condition)], Signal.LOGS)
    assert caught.value.column == column


def test_an_error_is_told_once_for_each_text_and_counted() -> None:
    told: list[str] = []
    errors = ToldOnce(lambda text, _: told.append(text))
    for text in ("a", "b", "a", "a"):
        errors(text, OttlError("wrong type"))
    assert told == ["a", "b"]
    assert errors.counts == {"a": 3, "b": 1}
