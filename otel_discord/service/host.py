"""The house as its components see it, and the board on which their statuses stand."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar, cast

from otel_discord.component import Component, ComponentStatus, StartError, Status
from otel_discord.component.service_view import Reading, ReloadNote, Wire
from otel_discord.service.shown import Shown

T = TypeVar("T")

_REPEATABLE: Final = frozenset({Status.OK, Status.RECOVERABLE})
_ENDING: Final = frozenset({Status.STOPPING, Status.STOPPED, Status.FATAL})


def next_status(before: Status | None, after: Status) -> bool:
    """Return whether a component may go from one status to another, by the Collector's state machine.

    FATAL and STOPPED are final, a permanent error does not become OK again, and repeats say something new only
    for OK and recoverable errors.
    """
    if before in (Status.FATAL, Status.STOPPED):
        return before is Status.STOPPED and after is Status.STARTING
    if before is after:
        return after in _REPEATABLE
    if before is Status.PERMANENT:
        return after in _ENDING
    return not (before is Status.STOPPING and after not in _ENDING)


class ServiceHost:
    """Implements ``component.Host``, ``component.StatusBoard`` and ``component.service_view.ServiceView``."""

    def __init__(self, pipelines: Mapping[str, tuple[str, ...]], now_unix_s: Callable[[], float] = time.time) -> None:
        self._now = now_unix_s
        self._extensions: dict[str, object] = {}
        self._statuses: dict[str, ComponentStatus] = {}
        self._deadline_s: float | None = None
        self._kept: dict[str, dict[str, object]] = {}
        self.started_at_unix_s = now_unix_s()
        self.pipelines = pipelines
        self.wires: Sequence[Wire] = ()
        self.shown = Shown()
        """What those who look at the service see of it."""
        self.ready = False
        self.fatal = asyncio.Event()
        """Set when any component reports that it cannot go on."""
        self.fatal_error = ""
        self.failures: list[str] = []
        """What went wrong while components closed."""
        self.start_watchers: list[Callable[[str], None]] = []
        """Called at once when a component that is opening has come further, with how far. They must not block or raise.
        """

    @property
    def drain_deadline_s(self) -> float | None:
        """Loop time by which a component that is closing should be done; None while running."""
        return self._deadline_s

    def start_goes_on(self, how_far: str) -> None:
        """Tell all who wait for a start that it has come further."""
        for watcher in self.start_watchers:
            watcher(how_far)

    def kept(self, component: str, key: str, make: Callable[[], T]) -> T:
        """Return what a component keeps beyond its own life, made at the first call."""
        of_component = self._kept.setdefault(component, {})
        if key not in of_component:
            of_component[key] = make()
        return cast("T", of_component[key])

    def keeps(self, component: str) -> bool:
        """Return whether anything is kept for the component."""
        return bool(self._kept.get(component))

    def forget_kept(self, component: str) -> None:
        """Let go of what was kept for a component that is gone for good."""
        self._kept.pop(component, None)

    def forget_status(self, component: str) -> None:
        """Take a component off the board, or let its successor begin anew."""
        self._statuses.pop(component, None)

    def begin_drain(self, deadline_s: float) -> None:
        """Say that the service is closing, and by when (loop time)."""
        self.ready = False
        self._deadline_s = deadline_s

    @property
    def statuses(self) -> Mapping[str, ComponentStatus]:
        """Last status by component, ``exporter:discord/ops``."""
        return dict(self._statuses)

    def add_extension(self, component_id: str, extension: object) -> None:
        """Make an opened extension known to the components that open after it."""
        self._extensions[component_id] = extension

    def remove_extension(self, component_id: str) -> None:
        """Offer an extension no more: it is about to close."""
        self._extensions.pop(component_id, None)

    def extension(self, component_id: str, protocol: type[T]) -> T:
        """Return an opened extension; raises StartError where it is not there or does not offer ``protocol``."""
        found = self._extensions.get(component_id)
        if found is None:
            known = ", ".join(self._extensions) or "none"
            raise StartError(
                f'extension "{component_id}" is needed, but service::extensions does not list it (running: {known})'
            )
        if not isinstance(found, protocol):
            raise StartError(f'extension "{component_id}" does not offer {protocol.__name__}')
        return found

    def report_status(self, status: Status, component: str = "", error: str = "") -> None:
        """Note a status; FATAL asks the service to end."""
        before = self._statuses.get(component)
        if not next_status(before.status if before else None, status):
            return
        if before is None or (before.status, before.error) != (status, error):
            is_change = before is None or before.status is not status
            since_s = self._now() if is_change or before is None else before.since_unix_s
            self._statuses[component] = ComponentStatus(status, error, since_s)
        if status is Status.FATAL and not self.fatal.is_set():
            self.fatal_error = f"{component}: {error}" if error else f"{component} cannot go on"
            self.fatal.set()

    @property
    def version(self) -> str:
        """Of the package."""
        return self.shown.version

    @property
    def configuration(self) -> str:
        """The configuration in force as YAML, secrets as ``[REDACTED]``."""
        return self.shown.configuration()

    @property
    def reloads(self) -> Sequence[ReloadNote]:
        """The last reloads, newest first."""
        return self.shown.reloads()

    def readings(self) -> Sequence[Reading]:
        """Return our own numbers now."""
        return self.shown.readings()

    def open_components(self) -> Mapping[str, Component]:
        """Return every open component by name."""
        return self.shown.components()

    def redact(self, text: str) -> str:
        """Return a text without what is secret in this configuration."""
        return self.shown.redact(text)

    def seen_by(self, component: str) -> "ComponentHost":
        """Return the host as one component gets it: a status without a name is that component's."""
        return ComponentHost(self, component)


class ComponentHost:
    """A :class:`ServiceHost` as one instance of a component sees it: knows who is speaking, and how that one closes."""

    def __init__(self, host: ServiceHost, component: str) -> None:
        self._host = host
        self._component = component
        self._deadline_s: float | None = None
        self._hands_over = False
        self._is_heard = True
        self.asked_for: set[str] = set()
        """Ids of the extensions that it got."""

    def begin_close(self, deadline_s: float | None, *, hands_over: bool) -> None:
        """Say by when (loop time) the component should be closed, and whether a successor takes over."""
        self._deadline_s = deadline_s
        self._hands_over = hands_over

    def fall_silent(self) -> None:
        """Let no status of this instance reach the board any more: its successor has its place there."""
        self._is_heard = False

    def start_goes_on(self, how_far: str) -> None:
        """Pass it on, with the component's name."""
        if self._is_heard:
            self._host.start_goes_on(f"{self._component}: {how_far}")

    @property
    def drain_deadline_s(self) -> float | None:
        """Its own, or the service's where that is earlier."""
        deadlines = [each for each in (self._deadline_s, self._host.drain_deadline_s) if each is not None]
        return min(deadlines, default=None)

    @property
    def started_at_unix_s(self) -> float:
        """As the service's."""
        return self._host.started_at_unix_s

    @property
    def ready(self) -> bool:
        """As the service's."""
        return self._host.ready

    @property
    def statuses(self) -> Mapping[str, ComponentStatus]:
        """As the service's."""
        return self._host.statuses

    @property
    def pipelines(self) -> Mapping[str, tuple[str, ...]]:
        """As the service's."""
        return self._host.pipelines

    @property
    def wires(self) -> Sequence[Wire]:
        """As the service's."""
        return self._host.wires

    @property
    def version(self) -> str:
        """As the service's."""
        return self._host.version

    @property
    def configuration(self) -> str:
        """As the service's."""
        return self._host.configuration

    @property
    def reloads(self) -> Sequence[ReloadNote]:
        """As the service's."""
        return self._host.reloads

    def readings(self) -> Sequence[Reading]:
        """As the service's."""
        return self._host.readings()

    def open_components(self) -> Mapping[str, Component]:
        """As the service's."""
        return self._host.open_components()

    def redact(self, text: str) -> str:
        """As the service's."""
        return self._host.redact(text)

    @property
    def hands_over(self) -> bool:
        """Whether a successor takes over."""
        return self._hands_over

    def kept(self, key: str, make: Callable[[], T]) -> T:
        """Return what this component keeps beyond its own life."""
        return self._host.kept(self._component, key, make)

    def extension(self, component_id: str, protocol: type[T]) -> T:
        """As the service's; raises StartError."""
        found = self._host.extension(component_id, protocol)
        self.asked_for.add(component_id)
        return found

    def report_status(self, status: Status, component: str = "", error: str = "") -> None:
        """Note a status; without a name it is this component's."""
        if self._is_heard:
            self._host.report_status(status, component or self._component, error)
