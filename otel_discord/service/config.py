"""Keys of ``service``: which components run, how they are joined, and how the service ends."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

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
    """Where commands such as `validate --online` and `send-test` reach a running service."""

    endpoint: str = ""
    """A unix socket, `unix:///run/otel-discord/control.sock`; empty puts it beside the storage."""

    @field_validator("endpoint")
    @classmethod
    def _is_a_unix_socket(cls, endpoint: str) -> str:
        if "://" in endpoint and not endpoint.startswith("unix://"):
            raise ValueError("must be a unix socket: unix:///path, or a path")
        return endpoint


class ReloadConfig(StrictModel):
    """When the configuration is read again, beside SIGHUP."""

    on_file_change: bool = False
    """Also when a file of `--config`, or one that it names by `${file:…}`, has changed."""


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
    reload: ReloadConfig = ReloadConfig()
    """When the configuration is read again, beside SIGHUP."""
