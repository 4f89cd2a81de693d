"""Which context texts are about."""

import pytest

from otel_discord.ottl import ContextKind, OttlSyntaxError, infer_context


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (['log.body == "x"'], ContextKind.LOG),
        (['set(log.body, "x") where resource.attributes["a"] == "b"'], ContextKind.LOG),
        (['resource.attributes["a"] == "b"'], ContextKind.RESOURCE),
        (['resource.attributes["a"] == "b"', 'instrumentation_scope.name == "x"'], ContextKind.SCOPE),
        (['scope.name == "x"', 'not IsMatch(span.name, "x")'], ContextKind.SPAN),
        (['spanevent.name == "x" and span.name == "y"'], ContextKind.SPANEVENT),
        (['metric.name == "x"', "-datapoint.value_int + 1 > 2"], ContextKind.DATAPOINT),
        (['metric.name == "x"'], ContextKind.METRIC),
        (['Split(log.body, ",")[log.flags] == [{"a": resource.attributes[log.body]}]'], ContextKind.LOG),
    ],
)
def test_the_lowest_context_is_taken(texts: list[str], expected: ContextKind) -> None:
    assert infer_context(texts) is expected


def test_without_a_path_the_default_is_taken() -> None:
    assert infer_context(["true"], default=ContextKind.LOG) is ContextKind.LOG
    assert infer_context([], default=ContextKind.SPAN) is ContextKind.SPAN
    with pytest.raises(OttlSyntaxError, match="no path says"):
        infer_context(["true"])


@pytest.mark.parametrize(
    ("texts", "column", "message"),
    [
        (['attributes["a"] == 1'], 1, '"attributes" needs its context before it'),
        (["log.body == 1", "log.body == span.name"], 13, '"span" cannot be reached from "log"'),
        (["datapoint.value_int == log.flags"], 1, '"datapoint" cannot be reached from "log"'),
        (["log.body =="], 12, "the text ends here"),
    ],
)
def test_what_cannot_be_inferred_is_refused(texts: list[str], column: int, message: str) -> None:
    with pytest.raises(OttlSyntaxError) as raised:
        infer_context(texts)
    assert message in raised.value.message
    assert raised.value.column == column
    assert raised.value.text == texts[-1]
