"""What the host offers beside :class:`Host`: how every component fares, for extensions that show it (health_check)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from otel_discord.component.host import Status


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """The last status of one component and since when it has held. ``error`` never holds a secret."""

    status: Status
    error: str
    since_unix_s: float


@runtime_checkable
class StatusBoard(Protocol):
    """The service's host is one: ``isinstance(host, StatusBoard)``."""

    @property
    def started_at_unix_s(self) -> float:
        """When the service began to start."""
        ...

    @property
    def ready(self) -> bool:
        """Whether every component is open and none has begun to close."""
        ...

    @property
    def statuses(self) -> Mapping[str, ComponentStatus]:
        """Last status by component, named ``kind:id`` as in ``exporter:discord/ops``."""
        ...

    @property
    def pipelines(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the components of each pipeline, ``{"logs": ("receiver:otlp", "exporter:discord")}``."""
        ...
