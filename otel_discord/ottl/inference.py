"""Which context a list of texts is about, from the prefixes of their paths (``log.body``, ``resource.attributes``)."""

from collections.abc import Iterable, Iterator
from typing import Any

from otel_discord.ottl.errors import OttlSyntaxError
from otel_discord.ottl.items import ContextKind
from otel_discord.ottl.parser import parse
from otel_discord.ottl.path_compiler import PREFIXES
from otel_discord.ottl.paths.contexts import CONTEXTS
from otel_discord.ottl.syntax import Argument, Call, Chain, Combined, Comparison, ListOf, MapOf, Negated, Negative, Path


def infer_context(texts: Iterable[str], *, default: ContextKind | None = None) -> ContextKind:
    """Return the lowest context among the prefixes, when it reaches all the others; ``default`` when there is no path.

    Raises:
        OttlSyntaxError: a text cannot be parsed, a path has no prefix, or no context reaches all of them.
    """
    found: dict[str, tuple[str, int]] = {}
    last = ""
    for text in texts:
        last = text
        for path in paths_in(text):
            prefix = path.segments[0].name
            if prefix not in PREFIXES:
                problem = f'"{prefix}" needs its context before it, as in log.{prefix} or resource.{prefix}'
                raise OttlSyntaxError(problem, text, path.column)
            found.setdefault(prefix, (text, path.column))
    if not found:
        if default is None:
            raise OttlSyntaxError("no path says which context this is about", last, 1)
        return default
    for kind, context in CONTEXTS.items():
        if _own(kind) & found.keys():
            for prefix, (text, column) in found.items():
                if prefix not in context.places:
                    raise OttlSyntaxError(f'"{prefix}" cannot be reached from "{kind.value}"', text, column)
            return kind
    raise AssertionError(found)


def _own(kind: ContextKind) -> set[str]:
    return {"scope", "instrumentation_scope"} if kind is ContextKind.SCOPE else {kind.value}


def paths_in(text: str) -> Iterator[Path]:
    """Yield the paths of a condition or statement, those inside keys and arguments too.

    Raises:
        OttlSyntaxError: it is none.
    """
    parsed = parse(text)
    waiting: list[Any] = [parsed.head] if parsed.where is None else [parsed.where, parsed.head]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Path):
            yield node
        waiting.extend(reversed(_children(node)))


def _children(node: Any) -> list[Any]:
    match node:
        case Path(segments):
            return [key for segment in segments for key in segment.keys]
        case Call(_, arguments, keys):
            return [*arguments, *keys]
        case Argument(_, value):
            return [value]
        case ListOf(members) | Combined(_, members):
            return list(members)
        case MapOf(pairs):
            return [member for _, member in pairs]
        case Chain(first, rest):
            return [first, *(operand for _, operand in rest)]
        case Comparison(_, left, right):
            return [left, right]
        case Negative(operand) | Negated(operand):
            return [operand]
        case _:
            return []
