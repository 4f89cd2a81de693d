"""Which destination that a source names a record goes to: asked when a batch comes in, and again when it is routed.

What comes in for a run stays that run's while the batch waits, also where the run is finalized meanwhile: as long as
its destination is there. Nothing here waits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from google.protobuf.message import DecodeError
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.component import StartError
from otel_discord.component.destination_source import (
    DestinationSource,
    LabelsResources,
    RemembersDestinations,
    SourcedDestination,
)
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.sourced.names import LEFT_OVER, is_sourced
from otel_discord.signals import LogsBatch

_MAX_BATCHES: Final = 100_000
"""Of which is known whose they are until they are routed."""
Places: TypeAlias = Sequence[Destination | None]
"""The destination of each resource of a batch, in order; None for those that go where the configuration says."""


@dataclass(slots=True, kw_only=True)
class LiveDestinations:
    """Of one exporter.

    ``read`` makes a destination of what the source says of one, or raises StartError; ``refused`` hears once of each
    that cannot be used, and why.
    """

    source: DestinationSource
    read: Callable[[SourcedDestination], Destination]
    refused: Callable[[str, str], None]
    opens: Callable[[Destination], bool] = lambda _: True
    """Sees to it that somebody sends what comes for a destination; False where nobody can now."""
    mine: Callable[[str], bool] = lambda _: True
    """Says of which of them the lanes are here."""
    knows_former: bool = False
    """Whether what is routed may have been taken in by another process: what was a run's then stays so."""
    _known: dict[str, Destination] = field(default_factory=dict)
    _refused: set[str] = field(default_factory=set)
    """Those whose address cannot be used: said once."""
    _waiting: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Whose the resources of a batch are that is not routed yet."""

    def refreshed(self) -> Mapping[str, Destination]:
        """Return the destinations that the source names now, by name, and know their present settings."""
        named = self.source.destinations()
        found: dict[str, Destination] = {}
        for name, item in named.items():
            known = self._read(name, item)
            if known is not None:
                found[name] = self._known[name] = known
        self._refused &= named.keys()
        return found

    def _read(self, name: str, item: SourcedDestination) -> Destination | None:
        if name != item.name or not is_sourced(name) or name == LEFT_OVER:
            self._cannot_be(name, "its name cannot be that of a run")
            return None
        try:
            return self.read(item)
        except StartError as error:
            self._cannot_be(name, str(error))
            return None

    def _cannot_be(self, name: str, why: str) -> None:
        if name not in self._refused:
            self._refused.add(name)
            self.refused(name, why)

    def forget(self, name: str) -> None:
        """Route nothing there any more."""
        self._known.pop(name, None)

    def of(self, resource: Resource) -> Destination | None:
        """Return the live destination that a resource belongs to, where somebody sends what comes for it."""
        found = self._named(resource)
        return found if found is not None and self.opens(found) else None

    def _named(self, resource: Resource) -> Destination | None:
        name = self.source.destination_of(resource)
        if name is None or name in self._refused:
            return None
        return self._known.get(name) or self.refreshed().get(name)

    def places(self, batch: LogsBatch) -> Places:
        """Return whose the resources of a batch are that comes in; empty where no run has one."""
        found = [self._named(each.resource) for each in batch.request.resource_logs]
        return found if any(found) else ()

    def accepted(self, batch_id: int, places: Places) -> None:
        """Remember whose a batch is until it is routed."""
        if any(places):
            while len(self._waiting) >= _MAX_BATCHES:
                del self._waiting[next(iter(self._waiting))]
            self._waiting[batch_id] = tuple(each.name if each is not None else "" for each in places)

    def routed_to(self, batch_id: int, number: int, resource: Resource) -> Destination | None:
        """Return the destination of a batch's resource, the ``number``-th, as it is routed."""
        found = self.of(resource)
        names = self._waiting.get(batch_id, ()) if found is None else ()
        name = names[number] if number < len(names) else ""
        if found is None and not name and self.knows_former and isinstance(self.source, RemembersDestinations):
            name = self.source.former_destination_of(resource) or ""
        known = self._known.get(name) if name else None
        return known if known is not None and self.opens(known) else found

    def takes(self, name: str) -> bool:
        """Return whether a destination is live and somebody sends what comes for it."""
        found = self.refreshed().get(name)
        return found is not None and self.opens(found)

    def may_be_unknown(self, name: str, resource: Resource) -> bool:
        """Return whether the source may not have heard yet of the destination that a resource was taken in for."""
        if isinstance(self.source, RemembersDestinations):
            return name not in self._known and self.source.former_destination_of(resource) is None
        return False

    def routed(self, batch_id: int) -> None:
        """A batch waits no more."""
        self._waiting.pop(batch_id, None)

    def waiting_for(self, name: str) -> frozenset[int]:
        """Return the batches that are not routed yet and that a destination has a part of."""
        return frozenset(batch_id for batch_id, names in self._waiting.items() if name in names)

    def still_waiting(self, batch_ids: frozenset[int]) -> bool:
        """Return whether some of these batches are not routed yet."""
        return any(batch_id in self._waiting for batch_id in batch_ids)

    def place_of(self, resource: Resource) -> str:
        """Return the name of the run that a resource belongs to, "" for others."""
        return self.source.destination_of(resource) or ""

    def label_of(self, resource: bytes) -> str:
        """Return what people call whose a serialised resource is, "" for nobody's and where the source has no words."""
        if not isinstance(self.source, LabelsResources):
            return ""
        try:
            return self.source.label_of(Resource.FromString(resource))
        except DecodeError:
            return ""
