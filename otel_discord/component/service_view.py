"""What the host offers to extensions that show the running service: its graph, numbers, components, configuration.

``isinstance(host, ServiceView)``; the control socket's ``overview`` and the status page show the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from otel_discord.component.component import Component
from otel_discord.component.status_board import StatusBoard


@dataclass(frozen=True, slots=True)
class Reading:
    """One series of our own metrics now: a counter's sum, a gauge's value, or a histogram's count."""

    name: str
    """Of ``instrument_list.INSTRUMENTS``."""
    labels: Mapping[str, str]
    value: float
    total: float = 0.0
    """Of a histogram: the sum of what was measured."""
    bounds: tuple[float, ...] = ()
    """Of a histogram: upper bounds of its buckets, the last one open."""
    counts: tuple[int, ...] = ()
    """Of a histogram: how many in each bucket, one more than bounds."""


@dataclass(frozen=True, slots=True)
class Wire:
    """Data goes from one component to another. Both as ``kind:id``, as in ``StatusBoard.pipelines``."""

    source: str
    target: str
    signal: str
    pipeline: str


@dataclass(frozen=True, slots=True)
class ReloadNote:
    """A reload that was tried. ``remarks`` say what changed, or why it was refused; they hold no secret."""

    at_unix_s: float
    successful: bool
    remarks: Sequence[str] = field(default=())


@runtime_checkable
class ServiceView(StatusBoard, Protocol):
    """A running service, to be looked at. Nothing here changes it, and nothing here holds a secret."""

    @property
    def version(self) -> str:
        """Of the package."""
        ...

    @property
    def wires(self) -> Sequence[Wire]:
        """Who passes what to whom."""
        ...

    def readings(self) -> Sequence[Reading]:
        """Return our own numbers now; none where ``service::telemetry::metrics::level`` is ``none``. About 1 ms."""
        ...

    def open_components(self) -> Mapping[str, Component]:
        """Return every open component by name, to be asked for what it offers (``KeepsSilences``, …)."""
        ...

    @property
    def configuration(self) -> str:
        """The configuration in force as YAML, secrets as ``[REDACTED]``."""
        ...

    @property
    def reloads(self) -> Sequence[ReloadNote]:
        """The last reloads, newest first; bounded."""
        ...

    def redact(self, text: str) -> str:
        """Return a text without what is secret in this configuration."""
        ...
