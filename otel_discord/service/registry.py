"""Which components there are: factories by kind and type, from entry points or, in tests, from a list.

Nothing is imported until it is asked for, so a broken plugin that nobody uses harms nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Final

from otel_discord.component import (
    ConnectorFactory,
    ExporterFactory,
    ExtensionFactory,
    Factory,
    Kind,
    ProcessorFactory,
    ReceiverFactory,
)

GROUPS: Final[Mapping[Kind, str]] = MappingProxyType({kind: f"otel_discord.{kind}s" for kind in Kind})
_FACTORIES: Final = (ReceiverFactory, ProcessorFactory, ConnectorFactory, ExporterFactory, ExtensionFactory)


class BrokenComponentError(Exception):
    """A component is installed but cannot be used; the message names its package."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a component comes from: the package that brings it, and the object its entry point names."""

    distribution: str
    version: str
    module: str


class Registry:
    """Factories by kind and type name."""

    def __init__(self, factories: Iterable[Factory] = (), points: Iterable[tuple[Kind, EntryPoint]] = ()) -> None:
        self._loaded: dict[tuple[Kind, str], Factory] = {(each.kind, each.type_name): each for each in factories}
        self._points: dict[tuple[Kind, str], list[EntryPoint]] = {}
        for kind, point in points:
            self._points.setdefault((kind, point.name), []).append(point)

    @classmethod
    def from_entry_points(cls) -> "Registry":
        """Return the registry of what is installed: groups ``otel_discord.receivers`` and so on."""
        installed = entry_points()  # once for all groups: each call looks at every package there is
        return cls(points=[(kind, point) for kind, group in GROUPS.items() for point in installed.select(group=group)])

    def type_names(self, kind: Kind) -> Sequence[str]:
        """Return the types of a kind, sorted, without importing any of them."""
        return sorted({name for found, name in (*self._loaded, *self._points) if found is kind})

    def factory(self, kind: Kind, type_name: str) -> Factory:
        """Return a factory; the first call imports its module.

        Raises:
            KeyError: there is no such type.
            BrokenComponentError: its package cannot be imported, or is no factory of that kind, or there are two.
        """
        key = (kind, type_name)
        if key not in self._loaded:
            self._loaded[key] = _load(kind, self._points[key])
        return self._loaded[key]

    def source(self, kind: Kind, type_name: str) -> Source | None:
        """Return where a type comes from; None where the registry was made from a list."""
        points = self._points.get((kind, type_name))
        return _source(points[0]) if points else None


def _source(point: EntryPoint) -> Source:
    distribution = point.dist
    if distribution is None:
        return Source("", "", point.value)
    return Source(distribution.name, distribution.version, point.value)


def _load(kind: Kind, points: list[EntryPoint]) -> Factory:
    different = {(_source(point).distribution, point.value): point for point in points}
    if len(different) > 1:
        packages = ", ".join(sorted(distribution or value for distribution, value in different))
        raise BrokenComponentError(f'{kind} "{points[0].name}" is brought by several packages: {packages}')
    point = points[0]
    package = _source(point).distribution or point.value
    about = f'{kind} "{point.name}" of package {package}'
    try:
        factory = point.load()
    except Exception as error:  # a foreign module may raise anything; it becomes one clear problem
        raise BrokenComponentError(f"{about} cannot be imported: {type(error).__name__}: {error}") from error
    if not isinstance(factory, _FACTORIES):
        raise BrokenComponentError(f"{about}: {point.value} is a {type(factory).__name__}, not a factory")
    if factory.kind is not kind or factory.type_name != point.name:
        raise BrokenComponentError(f'{about}: {point.value} makes the {factory.kind} "{factory.type_name}"')
    return factory
