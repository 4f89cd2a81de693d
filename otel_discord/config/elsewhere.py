"""Keys that stand at the wrong level: found by their name in the model of the section. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel

from otel_discord.config.fit import members_of
from otel_discord.config.problem import KeyPath, join_path

_MOST_LEVELS: Final = 4
_MOST_PLACES: Final = 2
"""A name that is found in more places, such as ``enabled``, says nothing about which one was meant."""


def belongs_elsewhere(path: KeyPath, model: type[BaseModel]) -> str:
    """Return where the unknown key at ``path`` below a model belongs, the nearest places of its name, or ""."""
    found = {place: _steps(path[:-1], place[:-1]) for place in _places(model, str(path[-1]).lower(), ())}
    nearest = [place for place, steps in found.items() if steps == min(found.values())]
    if not 0 < len(nearest) <= _MOST_PLACES:
        return ""
    return " or ".join(_words(path, place) for place in nearest)


def _words(path: KeyPath, place: KeyPath) -> str:
    above = len(place) - 1
    if place[:-1] == path[:above]:
        here = path[above]
        return f"it belongs beside {here}" if len(place) < len(path) else f"it is {join_path(place)}"
    return f"it is {join_path(place)}"


def _steps(one: KeyPath, other: KeyPath) -> int:
    """Return how many levels up and down lie between two sections."""
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return len(one) + len(other) - 2 * same


def _places(model: type[BaseModel], key: str, before: KeyPath) -> Iterator[KeyPath]:
    for name, field in model.model_fields.items():
        written = field.alias or name
        if written.lower() == key:
            yield (*before, written)
        if len(before) < _MOST_LEVELS:
            for inner, step in _sections(field.annotation):
                yield from _places(inner, key, (*before, written, *step))


def _sections(annotation: Any) -> Iterator[tuple[type[BaseModel], KeyPath]]:
    """Yield the models of a field, and of the values of a map with a word for their keys; not those in lists."""
    for member in members_of(annotation):
        origin = get_origin(member)
        if isinstance(member, type) and origin is None and issubclass(member, BaseModel):
            yield member, ()
        elif isinstance(origin, type) and issubclass(origin, Mapping):
            for inner, _ in _sections(get_args(member)[1]):
                yield inner, ("<name>",)
