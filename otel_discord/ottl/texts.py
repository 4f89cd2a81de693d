"""The doors for texts that users write. What parses and compiles is imported with the first of them: few write any."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from otel_discord.ottl.condition import Condition, Statement
from otel_discord.ottl.items import ContextKind

if TYPE_CHECKING:
    from otel_discord.ottl.registry import Clock, Function


def parse_condition(
    text: str,
    context: ContextKind,
    *,
    clock: "Clock | None" = None,
    functions: "Mapping[str, Function] | None" = None,
) -> Condition:
    """Compile a condition; ``clock`` gives nanoseconds since 1970 to functions that ask for the time.

    ``functions``: those that it may call; None: all.

    Raises:
        OttlSyntaxError: it is none; says where and what was expected.
    """
    from otel_discord.ottl import parsing

    return parsing.condition(text, context, clock, functions)


def parse_statement(
    text: str,
    context: ContextKind,
    *,
    clock: "Clock | None" = None,
    functions: "Mapping[str, Function] | None" = None,
) -> Statement:
    """Compile a statement, as :func:`parse_condition`.

    Raises:
        OttlSyntaxError: it is none; says where and what was expected.
    """
    from otel_discord.ottl import parsing

    return parsing.statement(text, context, clock, functions)


def infer_context(texts: Iterable[str], *, default: ContextKind | None = None) -> ContextKind:
    """Return the lowest context among the prefixes, when it reaches all the others; ``default`` when there is no path.

    Raises:
        OttlSyntaxError: a text cannot be parsed, a path has no prefix, or no context reaches all of them.
    """
    from otel_discord.ottl import inference

    return inference.infer_context(texts, default=default)
