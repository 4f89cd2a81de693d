"""Which messages each context reaches, under which prefix, and where they hang on its item."""

from dataclasses import dataclass
from typing import Final

from otel_discord.ottl.items import ContextKind
from otel_discord.ottl.paths import tables
from otel_discord.ottl.paths.field import Field
from otel_discord.ottl.paths.nested import Cache
from otel_discord.ottl.paths.scalars import Scalar


@dataclass(frozen=True, slots=True)
class Place:
    """A message's fields, the item's attribute that holds it, and that of the group with its schema URL."""

    fields: tables.Fields
    owner: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What paths mean in one context. ``own`` are the prefixes of the context itself, which may be left out."""

    places: dict[str, Place]
    own: Place
    item_fields: tables.Fields


_ITEM_FIELDS: Final[dict[str, Field]] = {"cache": Cache()}
_EVENT_FIELDS: Final[dict[str, Field]] = {"event_index": Scalar("event_index", int, read_only=True)}


def _context(kind: ContextKind, own: Place, suffix: str, **further: Place) -> Context:
    resource = Place(tables.RESOURCE, "resource", f"resource_{suffix}")
    scope = Place(tables.SCOPE, "scope", f"scope_{suffix}")
    places = {kind.value: own, **further, "scope": scope, "instrumentation_scope": scope, "resource": resource}
    return Context(places, own, _ITEM_FIELDS | (_EVENT_FIELDS if kind is ContextKind.SPANEVENT else {}))


_SPAN: Final = Place(tables.SPAN, "span")
_METRIC: Final = Place(tables.METRIC, "metric")
_SCOPE: Final = Place(tables.SCOPE, "scope", "scope_group")
_RESOURCE: Final = Place(tables.RESOURCE, "resource", "resource_group")

CONTEXTS: Final[dict[ContextKind, Context]] = {
    ContextKind.LOG: _context(ContextKind.LOG, Place(tables.LOG, "record"), "logs"),
    ContextKind.DATAPOINT: _context(ContextKind.DATAPOINT, Place(tables.DATAPOINT, "point"), "metrics", metric=_METRIC),
    ContextKind.METRIC: _context(ContextKind.METRIC, _METRIC, "metrics"),
    ContextKind.SPANEVENT: _context(ContextKind.SPANEVENT, Place(tables.SPANEVENT, "event"), "spans", span=_SPAN),
    ContextKind.SPAN: _context(ContextKind.SPAN, _SPAN, "spans"),
    ContextKind.SCOPE: Context(
        {"scope": _SCOPE, "instrumentation_scope": _SCOPE, "resource": _RESOURCE}, _SCOPE, _ITEM_FIELDS
    ),
    ContextKind.RESOURCE: Context({"resource": _RESOURCE}, _RESOURCE, _ITEM_FIELDS),
}
"""From the lowest to the highest: a context reaches those above it that it stands in."""
