"""Keys of ``service``: which components run, how they are joined, and how the service ends."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from otel_discord.config import Duration, StrictModel
from otel_discord.service.telemetry.config import TelemetryConfig


def _list_if_null(value: Any) -> Any:
    return () if value is None else value


IdList = Annotated[tuple[str, ...], BeforeValidator(_list_if_null)]
"""Ids of components; an empty key is an empty list."""


class PipelineConfig(StrictModel):
    """One pipeline: from receivers through processors to exporters. Connectors stand at either end."""

    receivers: IdList = ()
    """Receivers, or connectors that bring data from other pipelines."""
    processors: IdList = ()
    """Processors, in the order in which data passes them."""
    exporters: IdList = ()
    """Exporters, or connectors that take data to other pipelines."""


class ControlConfig(StrictModel):
    """Where commands such as `silence` and `top` reach a running service."""

    endpoint: str = ""
    """A unix socket, `unix:///run/otel-discord/control.sock`; empty puts it beside the storage."""


class ServiceConfig(StrictModel):
    """The section `service`."""

    extensions: IdList = ()
    """Extensions that run, in this order."""
    pipelines: dict[str, PipelineConfig] = Field(default_factory=dict)
    """Pipelines by `logs`, `metrics`, `traces`, or those with a name: `logs/audit`."""
    telemetry: TelemetryConfig = TelemetryConfig()
    """What the service says about itself."""
    shutdown_timeout: Duration = 10.0
    """How long SIGINT or SIGTERM let the service finish what it has taken."""
    control: ControlConfig = ControlConfig()
    """The local socket for commands."""
