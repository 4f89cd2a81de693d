"""A house for one component: the extensions it was given, and every status it reported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from otel_discord.component.errors import StartError
from otel_discord.component.host import Status

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One call of ``report_status``."""

    status: Status
    component: str
    error: str


@dataclass(slots=True)
class NopHost:
    """A :class:`~otel_discord.component.host.Host` for tests.

    ``extensions`` are found by their id; ``drain_deadline_s`` is to be set (loop time) before a component is closed
    under a deadline; ``events`` holds the statuses reported, in order.
    """

    extensions: Mapping[str, object] = field(default_factory=dict)
    drain_deadline_s: float | None = None
    events: list[StatusEvent] = field(default_factory=list)

    def extension(self, component_id: str, protocol: type[T]) -> T:
        """Return an extension.

        Raises:
            StartError: it is not there, or does not offer the protocol.
        """
        found = self.extensions.get(component_id)
        if found is None:
            raise StartError(f"extension {component_id!r} is not configured")
        if not isinstance(found, protocol):
            raise StartError(f"extension {component_id!r} is no {protocol.__name__}")
        return found

    def report_status(self, status: Status, component: str = "", error: str = "") -> None:
        """Keep the event."""
        self.events.append(StatusEvent(status, component, error))

    @property
    def statuses(self) -> list[Status]:
        """The statuses alone, in order."""
        return [event.status for event in self.events]
