"""From a path to what reads and writes it, in one context."""

from collections.abc import Callable
from typing import Any, Final

from otel_discord.config.nearest import did_you_mean
from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.expression import Expression
from otel_discord.ottl.items import ContextKind
from otel_discord.ottl.otlp_values import Key
from otel_discord.ottl.paths.contexts import CONTEXTS, Place
from otel_discord.ottl.paths.field import Access, IndexableField, Keys
from otel_discord.ottl.paths.tables import Fields
from otel_discord.ottl.refusal import Refusal
from otel_discord.ottl.syntax import Path, Segment
from otel_discord.ottl.values import kind_name, type_name

PREFIXES: Final = frozenset(prefix for context in CONTEXTS.values() for prefix in context.places)


def open_path(path: Path, kind: ContextKind, keys: Keys | None) -> Access:
    """Return what reads and writes the path.

    Raises:
        Refusal: no such field in this context, or keys where none may stand.
    """
    context = CONTEXTS[kind]
    segments = path.segments
    place, prefix = context.own, kind.value
    if segments[0].name in PREFIXES:
        prefix = segments[0].name
        if prefix not in context.places:
            reached = ", ".join(context.places)
            raise Refusal(f'"{prefix}" cannot be reached from the context {kind.value}, only {reached}', path.column)
        place, segments = context.places[prefix], segments[1:]
        _no_keys(path.segments[0])
        if not segments:
            raise Refusal(f'"{prefix}" needs a field, such as {prefix}.{next(iter(place.fields))}', path.column)
    known = place.fields if place is not context.own else {**place.fields, **context.item_fields}
    for segment in segments[:-1]:
        _no_keys(segment)
    name = ".".join(segment.name for segment in segments)
    field = known.get(name)
    if field is None:
        raise _unknown(name, prefix, known, segments[0].column)
    owner = _owner(place, name, context.item_fields)
    if keys is None:
        return field.open(owner)
    if isinstance(field, IndexableField):
        return field.open_at(owner, keys)
    raise Refusal(f'"{name}" takes no keys', segments[-1].keys[0].column)


def keys_of(keys: list[tuple[Expression, int]]) -> Keys:
    """Return compiled keys.

    Raises:
        Refusal: a constant that is no key.
    """
    for key, column in keys:
        if key.kind is not None and key.kind not in (str, int):
            raise Refusal(f"a key is a string or an int, not {kind_name(key.kind)}", column)
    getters = [key.get for key, _ in keys]
    if all(key.is_constant for key, _ in keys):
        constant: list[Any] = [key.value for key, _ in keys]
        return Keys(lambda _item: constant, tuple(constant))
    return Keys(_reader(getters), None)


def _reader(getters: list[Callable[[Any], Any]]) -> Callable[[Any], list[Key]]:
    def read(item: Any) -> list[Key]:
        found = [getter(item) for getter in getters]
        for key in found:
            if type(key) is not str and type(key) is not int:
                raise OttlError(f"a key is a string or an int, not {type_name(key)}")
        return found

    return read


def _owner(place: Place, name: str, item_fields: Fields) -> str:
    if name in item_fields and name not in place.fields:
        return ""
    return place.group if name == "schema_url" else place.owner


def _no_keys(segment: Segment) -> None:
    if segment.keys:
        raise Refusal(f'"{segment.name}" takes no keys here', segment.keys[0].column)


def _unknown(name: str, prefix: str, known: Fields, column: int) -> Refusal:
    advice = did_you_mean(name, known) or f"it has {', '.join(sorted(known))}"
    return Refusal(f'{prefix} has no field "{name}"; {advice}', column)
