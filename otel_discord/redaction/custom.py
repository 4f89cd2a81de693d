"""A user's own regular expression as a pattern."""

from collections.abc import Callable, Iterator

from otel_discord.redaction.engine import Expression
from otel_discord.redaction.finding import Category, Finding, Pattern, found_by


def custom_pattern(name: str, expression: str) -> Pattern:
    """Return a pattern that shows ``[name]`` in place of the group ``s``, or of the whole match without such a group.

    Raises:
        PatternError: RE2 does not take the expression; with its reason.
    """
    Expression(expression).check()
    return Pattern(
        name=name,
        category=Category.CREDENTIALS,
        summary=f"own expression {expression!r}",
        find=found_by(expression, name),
        triggers=(),
        shown=(name,),
    )


def blocked_value(expression: str, replace: Callable[[str], str]) -> Pattern:
    """Return a pattern whose whole matches become what ``replace`` makes of them.

    Raises:
        PatternError: RE2 does not take the expression; with its reason.
    """
    compiled = Expression(expression, whole=True)
    compiled.check()

    def find(text: str) -> Iterator[Finding]:
        return (Finding(start, end, "blocked") for start, end in compiled.spans(text))

    return Pattern(
        name=f"blocked {expression}",
        category=Category.CREDENTIALS,
        summary="a blocked value",
        find=find,
        triggers=(),
        shown=(),
        replace=replace,
    )
