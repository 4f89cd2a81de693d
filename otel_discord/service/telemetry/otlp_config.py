"""Keys of an OTLP exporter under ``service.telemetry``, as in the Collector's declarative configuration."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from otel_discord.config import Secret, StrictModel, format_duration, parse_duration


def _millis(value: object) -> float:
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value}ms"
    seconds = parse_duration(value)
    if seconds <= 0:
        raise ValueError("must be longer than 0")
    return seconds


Millis = Annotated[
    float,
    Field(strict=False),
    BeforeValidator(_millis),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": ["integer", "string"], "examples": [5000, "5s"]}),
]
"""Seconds, above 0; written as whole milliseconds (the Collector's way here) or as a duration."""


def _headers(value: object) -> object:
    if not isinstance(value, list):
        return value
    pairs: dict[str, Any] = {}
    for item in value:
        if not isinstance(item, Mapping) or set(item) != {"name", "value"}:
            raise ValueError("must be a map, or a list of {name: …, value: …}")
        pairs[str(item["name"])] = item["value"]
    return pairs


class OtlpExporterConfig(StrictModel):
    """Where own metrics or spans are pushed to."""

    protocol: Literal["grpc", "http/protobuf"] = "http/protobuf"
    """How to send."""
    endpoint: str
    """``host:port`` or ``http(s)://host:port``; an HTTP URL without a path gets that of its signal."""
    headers: Annotated[dict[str, Secret], BeforeValidator(_headers)] = Field(default_factory=dict)
    """Sent with each request; a map, or a list of ``{name, value}``."""
    insecure: bool = False
    """Plain text where the endpoint has no scheme; needed for ``localhost:4317``."""
    compression: Literal["gzip", "none"] = "none"
    """How requests are packed."""
    timeout: Millis = 10.0
    """Longest time for one request."""
    certificate: str = ""
    """File with the certificates to trust (PEM)."""
    client_key: str = ""
    """File with the client's key (PEM), with ``client_certificate``."""
    client_certificate: str = ""
    """File with the client's certificate (PEM)."""

    @model_validator(mode="after")
    def _check(self) -> "OtlpExporterConfig":
        parts = urlsplit(self.endpoint if "://" in self.endpoint else f"//{self.endpoint}")
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in {"", "http", "https"} or not parts.hostname or (port or 0) < 0:
            raise ValueError("endpoint: use host:port, or http://host:port, or https://host:port")
        if parts.username or parts.password:
            raise ValueError("endpoint: must not hold credentials; use headers")
        if bool(self.client_key) != bool(self.client_certificate):
            raise ValueError("client_key and client_certificate go together")
        return self

    @property
    def plaintext(self) -> bool:
        """Whether the connection is without TLS: the scheme says so, or, where there is none, ``insecure``."""
        return self.endpoint.startswith("http://") or ("://" not in self.endpoint and self.insecure)

    def http_url(self, path: str) -> str:
        """Return the full URL for OTLP over HTTP; ``path`` is used where the endpoint names none."""
        url = self.endpoint if "://" in self.endpoint else f"http{'' if self.insecure else 's'}://{self.endpoint}"
        return url if urlsplit(url).path not in {"", "/"} else url.rstrip("/") + path


class OtlpExporterChoice(StrictModel):
    """The exporter of a reader or processor."""

    otlp: OtlpExporterConfig
    """OTLP over gRPC or HTTP."""
