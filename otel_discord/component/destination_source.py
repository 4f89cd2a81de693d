"""What an extension offers that names destinations at run time (``destinations_from: run_channels``).

The source says which resource belongs where, the exporter that uses it (the *user*) delivers there. What belongs to no
live destination of the source goes where the exporter's own configuration says.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.config import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedDestination:
    """A destination that the source names now. ``name`` is its lane's name for good: ``run/7f3kq2…``."""

    name: str
    webhook_url: Secret
    """As Discord gives it, with ``thread_id`` where it leads into a thread."""
    label: str
    """What people call it: ``run-build-42-1-ab12``."""
    min_severity: int | None = None
    """Records below it do not go there; None: what the exporter says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What passed of one destination's telemetry, before any severity was looked at."""

    records: int = 0
    warnings: int = 0
    """WARN to WARN4."""
    errors: int = 0
    """ERROR and above."""
    steps: int = 0
    """Steps that began, by events ``run.step`` or a change of ``cicd.pipeline.task.name``."""
    last_step: str = ""
    """Name of the latest step; "" where none was named."""
    last_error: str = ""
    """First line of the latest error, masked; "" where there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCard:
    """What there is to say about a run in its own channel, in one message that is edited as the run goes on."""

    run_id: str
    name: str
    """Title, or the channel's name."""
    state: str
    """``running``, ``succeeded``, ``failed``, ``cancelled``, ``finished`` (an outcome in other words), ``expired``."""
    outcome: str = ""
    """As the caller gave it."""
    started_unix_s: float
    ended_unix_s: float | None = None
    expires_unix_s: float
    """When channel and messages go, or are left in the archive."""
    is_deleted_then: bool = True
    parameters: Mapping[str, str]
    """What the caller gave along: task, attempt and its ``metadata``."""
    tally: Tally = Tally()


class DestinationUser(Protocol):
    """The exporter, as the source sees it. Quick and synchronous but for :meth:`drained`."""

    def destinations_changed(self) -> None:
        """Look at :meth:`DestinationSource.destinations` again."""
        ...

    async def drained(self, name: str) -> None:
        """Return when everything of that destination that was accepted by now is in Discord or has ended otherwise,
        counts that grow by edits too. Who asks has the deadline. A name that is not known is drained."""
        ...

    def run_card(self, card: RunCard) -> Mapping[str, Any]:
        """Return the message (Discord's JSON: embeds or content, ``allowed_mentions``) that the template `run_header`
        makes of a run."""
        ...


@runtime_checkable
class MendsDestinations(Protocol):
    """What a source may offer beside: it finds out why a destination takes nothing, and names another address."""

    def is_gone(self, name: str) -> None:
        """Hear that Discord takes nothing any more at a destination's webhook. It may be said often; quick."""
        ...


@runtime_checkable
class LabelsResources(Protocol):
    """What a source may offer beside: words for whose a resource is, also where that has no destination."""

    def label_of(self, resource: Resource) -> str:
        """Return ``run build-42 #1 (ab12)``, whether it is live or not; "" where a resource says nothing of it.

        It is asked for what is shown elsewhere, once a card.
        """
        ...


@runtime_checkable
class RemembersDestinations(Protocol):
    """What a source may offer beside, for exporters that work off what other processes took in: whose that was."""

    def former_destination_of(self, resource: Resource) -> str | None:
        """Return the name of the destination that a resource belongs to, or did while it was live; None where it
        belongs to none that is known."""
        ...


@runtime_checkable
class DestinationSource(Protocol):
    """Names destinations while the service runs. Everything here is synchronous and quick."""

    def destination_of(self, resource: Resource) -> str | None:
        """Return the name of the live destination that a resource belongs to; None where it belongs to none.

        It is asked for every resource of every batch.
        """
        ...

    def destinations(self) -> Mapping[str, SourcedDestination]:
        """Return the live destinations by name; the mapping is the caller's."""
        ...

    def counted(self, name: str, tally: Tally) -> None:
        """Hear what passed for a destination since the last word; sums add up, the last texts hold."""
        ...

    def used_by(self, user: DestinationUser) -> AbstractContextManager[None]:
        """Tell ``user`` of changes while the block runs. It may be called by several exporters."""
        ...
