"""A user's own regular expression as a pattern."""

from otel_discord.redaction.finding import Category, Pattern, found_by


def custom_pattern(name: str, expression: str) -> Pattern:
    """Return a pattern that shows ``[name]`` in place of the group ``s``, or of the whole match without such a group.

    Raises:
        PatternError: RE2 does not take the expression; with its reason.
    """
    return Pattern(
        name=name,
        category=Category.CREDENTIALS,
        summary=f"own expression {expression!r}",
        find=found_by(expression, name),
        triggers=(),
        shown=(name,),
    )
