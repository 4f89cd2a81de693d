"""A house for one component: the extensions it was given, and every status it reported."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

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
    under a deadline, and ``hands_over`` before one that has a successor; ``events`` holds the statuses reported, in
    order. Two components opened on the same host one after the other find what :meth:`kept` keeps.
    """

    extensions: Mapping[str, object] = field(default_factory=dict)
    drain_deadline_s: float | None = None
    events: list[StatusEvent] = field(default_factory=list)
    hands_over: bool = False
    _kept: dict[str, object] = field(default_factory=dict)

    def kept(self, key: str, make: Callable[[], T]) -> T:
        """Return what is kept under ``key``, made at the first call."""
        if key not in self._kept:
            self._kept[key] = make()
        return cast("T", self._kept[key])

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
