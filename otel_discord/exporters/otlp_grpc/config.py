"""What the user writes under ``exporters::otlp_grpc``: the Collector's keys."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, field_validator, model_validator

from otel_discord.config.duration_field import Duration
from otel_discord.config.host_port import parse_host_port
from otel_discord.config.model import StrictModel
from otel_discord.config.secret import Secret
from otel_discord.exporterhelper.config import CollectorRetryConfig, CollectorSendingQueueConfig

_HEADER_NAME: Final = re.compile(r"[0-9a-z_.-]+")
_SCHEMES: Final = ("http://", "https://")


class Compression(StrEnum):
    """How requests are compressed."""

    GZIP = "gzip"
    NONE = "none"


class TlsConfig(StrictModel):
    """Who the other side has to be, and who we are."""

    insecure: bool = False
    """true: plain text."""
    ca_file: Path | None = None
    """Certificates to trust, PEM; without it those that gRPC brings along."""
    cert_file: Path | None = None
    """Our certificate, PEM, where the other side asks for one."""
    key_file: Path | None = None
    """The key of ``cert_file``, PEM."""
    server_name_override: str = ""
    """The name that the server's certificate has to carry, if not the host of ``endpoint``."""
    insecure_skip_verify: bool = False
    """Refused when true: gRPC for Python cannot do it; give the server's certificate as ``ca_file``."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.insecure_skip_verify:
            raise ValueError(
                "`insecure_skip_verify` is not possible with gRPC in Python: give the server's certificate as "
                "`ca_file` (and `server_name_override`), or set `insecure: true` for plain text"
            )
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("`cert_file` and `key_file` go together")
        return self


class KeepaliveConfig(StrictModel):
    """Pings that keep a quiet connection open."""

    time: Duration = 10.0
    """A connection that is quiet for so long is pinged (gRPC makes less than 10s to 10s)."""
    timeout: Duration = 20.0
    """A ping that is not answered for so long ends the connection."""
    permit_without_stream: bool = False
    """true: also while nothing is being sent. Some servers end connections for that."""


class OtlpGrpcConfig(StrictModel):
    """Exporter of OTLP over gRPC."""

    endpoint: str
    """``host:port``, also as ``dns:///host:port``, ``unix:///path``, ``http://`` (plain text) or ``https://``."""
    tls: TlsConfig = TlsConfig()
    headers: dict[str, Secret] = Field(default_factory=dict)
    """Sent along with each request. The values are secrets."""
    compression: Compression = Compression.GZIP
    """gzip or none."""
    timeout: Duration = 5.0
    """Of one attempt; 0s: no bound."""
    sending_queue: CollectorSendingQueueConfig = CollectorSendingQueueConfig()
    retry_on_failure: CollectorRetryConfig = CollectorRetryConfig()
    keepalive: KeepaliveConfig | None = None
    balancer_name: Annotated[str, Field(pattern="^(round_robin|pick_first)$")] = "round_robin"
    """Over the addresses of ``endpoint``: round_robin or pick_first."""
    wait_for_ready: bool = False
    """true: an attempt waits for the connection; false: it fails at once, and is retried, while there is none."""

    @field_validator("endpoint")
    @classmethod
    def _endpoint_is_an_address(cls, value: str) -> str:
        rest = value.strip()
        if not rest:
            raise ValueError("must name the next collector, as in localhost:4317")
        if rest.startswith("unix:"):
            return rest
        for scheme in (*_SCHEMES, "dns:///", "dns:"):
            rest = rest.removeprefix(scheme)
        rest = rest.rstrip("/")
        host, port = parse_host_port(rest)
        if not host or not port:
            raise ValueError("must be host:port, as in localhost:4317")
        return value.strip()

    @field_validator("compression", mode="before")
    @classmethod
    def _empty_compression_is_none(cls, value: object) -> object:
        return Compression.NONE if value == "" else value

    @field_validator("headers")
    @classmethod
    def _header_names(cls, value: dict[str, Secret]) -> dict[str, Secret]:
        lowered = {name.lower(): secret for name, secret in value.items()}
        for name, secret in lowered.items():
            if not _HEADER_NAME.fullmatch(name) or name.startswith("grpc-") or name.endswith("-bin"):
                raise ValueError(f"{name!r} cannot be the name of a header here")
            if not re.fullmatch(r"[ -~]*", secret.reveal()):
                raise ValueError(f"the value of {name!r} holds characters other than printable ASCII")
        return lowered

    @property
    def target(self) -> str:
        """The endpoint as gRPC wants it."""
        target = self.endpoint
        for scheme in _SCHEMES:
            target = target.removeprefix(scheme)
        return target.rstrip("/") if target != self.endpoint else target

    @property
    def plain_text(self) -> bool:
        """Whether the connection is not encrypted: a scheme in the endpoint overrules ``tls``."""
        if self.endpoint.startswith(_SCHEMES):
            return self.endpoint.startswith("http://")
        return self.tls.insecure
