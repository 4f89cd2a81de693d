"""What users write under ``receivers: {alertmanager_webhook: …}``."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from otel_discord.config import Duration, StrictModel
from otel_discord.config.host_port import parse_host_port
from otel_discord.config.server_tls import ServerTls
from otel_discord.receivers.otlp.config import AuthConfig, UrlPath

MIB = 2**20

LabelName = Annotated[str, Field(min_length=1)]


class AlertmanagerWebhookConfig(StrictModel):
    """The alertmanager_webhook receiver."""

    endpoint: str = "localhost:9098"
    """``host:port``, ``:port`` for every interface. A port that Alertmanager, Grafana, Loki and Mimir leave free."""
    path: UrlPath = "/api/v1/alerts-webhook"
    """Where alerts are posted to; ``/`` takes them as well."""
    tls: ServerTls | None = None
    """Encryption; without it plain text."""
    auth: AuthConfig | None = None
    """Who may post; without it everybody who reaches the port."""
    max_request_body_size: int = Field(default=4 * MIB, ge=1024, le=64 * MIB)
    """Largest request body in bytes, after decompression."""
    max_alerts: int = Field(default=10_000, ge=1, le=100_000)
    """Most alerts in one request."""
    service_labels: tuple[LabelName, ...] = ("service_name", "service.name", "service", "app", "job")
    """Labels that name the service (`service.name`): the first that an alert has."""
    severity_labels: tuple[LabelName, ...] = ("severity", "priority", "level")
    """Labels that say how bad it is: the first that an alert has."""
    default_severity: Annotated[str, Field(min_length=1)] = "warning"
    """Severity of an alert that has none of these labels."""
    read_timeout: Duration = 30.0
    """How long a client may take for the headers of its first request, and then for a body; 0s for ever."""
    idle_timeout: Duration = 300.0
    """How long a connection is kept without a request; 0s for ever."""

    @model_validator(mode="after")
    def _endpoint_fits(self) -> Self:
        parse_host_port(self.endpoint)
        return self
