"""What users write under ``receivers: {otlp: …}``: the Collector's keys."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from otel_discord.component import Authenticator, NamesExtension
from otel_discord.config import Duration, StrictModel
from otel_discord.config.host_port import parse_host_port
from otel_discord.config.server_tls import ServerTls
from otel_discord.receivers.otlp.decompress import CONTENT_ENCODINGS
from otel_discord.receivers.otlp.ingest import DEFAULT_MAX_ELEMENTS

MIB = 2**20
DEFAULT_LIMIT_MIB = 64
"""The OTLP specification's recommended request limit."""


def _url_path(path: str) -> str:
    if not path.isascii() or any(c in path for c in " ?#\t\r\n"):
        raise ValueError(f"{path!r} is not a URL path")
    return path if path.startswith("/") else f"/{path}"


def _content_encoding(name: str) -> str:
    if name not in CONTENT_ENCODINGS:
        raise ValueError(f"{name!r} is not supported (valid values: {', '.join(map(repr, CONTENT_ENCODINGS))})")
    return name


UrlPath = Annotated[str, AfterValidator(_url_path)]


class AuthConfig(StrictModel):
    """Who may send."""

    authenticator: Annotated[str, NamesExtension(Authenticator)]
    """Id of an extension that authenticates, for example ``bearer_token_auth``."""


class ServerParameters(StrictModel):
    """gRPC's care for connections; 0s leaves gRPC's own default."""

    max_connection_idle: Duration = 0.0
    """A connection without a request for so long is closed."""
    max_connection_age: Duration = 0.0
    """A connection is closed after this time, so that clients spread anew."""
    max_connection_age_grace: Duration = 0.0
    """Time that its requests then still have."""
    time: Duration = 0.0
    """A client that is quiet for so long is pinged."""
    timeout: Duration = 0.0
    """A ping without an answer for so long ends the connection."""


class EnforcementPolicy(StrictModel):
    """What gRPC allows clients in pings."""

    min_time: Duration = 0.0
    """Clients that ping more often are cut off."""
    permit_without_stream: bool = False
    """true: pings are allowed while nothing is being sent."""


class KeepaliveConfig(StrictModel):
    """gRPC keepalive."""

    server_parameters: ServerParameters = ServerParameters()
    enforcement_policy: EnforcementPolicy = EnforcementPolicy()


class CorsConfig(StrictModel):
    """Which web pages may send; without origins CORS is off."""

    allowed_origins: tuple[str, ...] = ()
    """Origins such as ``https://app.example.com``; ``*`` stands for any text."""
    allowed_headers: tuple[str, ...] = ()
    """Request headers besides Accept, Content-Type and X-Requested-With; ``*`` allows all."""
    exposed_headers: tuple[str, ...] = ()
    """Response headers that pages may read."""
    max_age: int = Field(default=0, ge=0)
    """Seconds for which a browser may keep the answer to its preflight; 0 leaves it to the browser."""


class _ServerConfig(StrictModel):
    endpoint: str
    """``host:port``, or the socket's path with ``transport: unix``."""
    transport: Literal["tcp", "unix"] = "tcp"
    """tcp, or unix for a socket of this machine."""
    tls: ServerTls | None = None
    """Encryption; without it plain text."""
    auth: AuthConfig | None = None
    """Who may send; without it everybody who reaches the port."""
    include_metadata: bool = False
    """Accepted for compatibility; no component reads client metadata."""

    @model_validator(mode="after")
    def _endpoint_fits(self) -> Self:
        if self.transport == "unix":
            if not self.endpoint or self.endpoint.startswith("localhost:"):
                raise ValueError("endpoint must be the path of the socket with transport: unix")
        else:
            parse_host_port(self.endpoint)
        return self


class GrpcConfig(_ServerConfig):
    """OTLP/gRPC."""

    endpoint: str = "localhost:4317"
    """``host:port``, ``:port`` for every interface; the socket's path with ``transport: unix``."""
    max_recv_msg_size_mib: int = Field(default=DEFAULT_LIMIT_MIB, ge=1, le=2047)
    """Largest request in MiB, after decompression."""
    max_concurrent_streams: int = Field(default=128, ge=1)
    """Requests at once on one connection."""
    keepalive: KeepaliveConfig = KeepaliveConfig()
    read_buffer_size: int = Field(default=524_288, ge=0)
    """Accepted for compatibility; gRPC for Python sizes its buffers itself."""
    write_buffer_size: int = Field(default=32_768, ge=0)
    """Accepted for compatibility; gRPC for Python sizes its buffers itself."""

    @property
    def max_body_bytes(self) -> int:
        """The request limit in bytes."""
        return self.max_recv_msg_size_mib * MIB


class HttpConfig(_ServerConfig):
    """OTLP/HTTP."""

    endpoint: str = "localhost:4318"
    """``host:port``, ``:port`` for every interface; the socket's path with ``transport: unix``."""
    max_request_body_size: int = Field(default=DEFAULT_LIMIT_MIB * MIB, ge=0)
    """Largest request body in bytes, after decompression; 0 is the default."""
    logs_url_path: UrlPath = "/v1/logs"
    """Path for logs."""
    metrics_url_path: UrlPath = "/v1/metrics"
    """Path for metrics."""
    traces_url_path: UrlPath = "/v1/traces"
    """Path for traces."""
    strict_json: bool = False
    """Read JSON to the letter of the specification: no snake_case keys, no names of enums."""
    cors: CorsConfig | None = None
    response_headers: dict[str, str] = Field(default_factory=dict)
    """Headers added to every response."""
    compression_algorithms: tuple[Annotated[str, AfterValidator(_content_encoding)], ...] = CONTENT_ENCODINGS
    """Values of Content-Encoding that are read."""
    read_header_timeout: Duration = 10.0
    """How long a client may take for the headers of a connection's first request; 0s for ever."""
    read_timeout: Duration = 30.0
    """How long a client may take for a body; large bodies get more, at 64 KiB a second. 0s for ever."""
    write_timeout: Duration = 0.0
    """Accepted for compatibility; answers are small and never wait for their client."""
    idle_timeout: Duration = 300.0
    """How long a connection is kept without a request; 0s for ever."""
    keep_alives_enabled: bool = True
    """false: a connection serves one request."""
    max_connections: int = Field(default=0, ge=0)
    """Connections at once; further ones are closed. 0 is half of the files that the process may open."""

    @property
    def max_body_bytes(self) -> int:
        """The request limit in bytes."""
        return self.max_request_body_size or DEFAULT_LIMIT_MIB * MIB

    @model_validator(mode="after")
    def _distinct_paths(self) -> Self:
        if len({self.logs_url_path, self.metrics_url_path, self.traces_url_path}) < 3:
            raise ValueError("logs_url_path, metrics_url_path and traces_url_path must differ")
        return self


class Protocols(StrictModel):
    """The servers to run; a key without a value runs that one with its defaults."""

    grpc: GrpcConfig | None = None
    """OTLP/gRPC."""
    http: HttpConfig | None = None
    """OTLP/HTTP."""

    @model_validator(mode="before")
    @classmethod
    def _null_is_defaults(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: {} if item is None and key in {"grpc", "http"} else item for key, item in value.items()}
        return value

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if self.grpc is None and self.http is None:
            raise ValueError("must specify at least one protocol when using the OTLP receiver: grpc, http")
        return self


class OtlpConfig(StrictModel):
    """The otlp receiver."""

    protocols: Protocols
    """At least one of `grpc` and `http`; a key without a value takes its defaults."""
    strict_json: bool = False
    """The same as ``protocols.http.strict_json``."""
    max_elements: int = Field(default=DEFAULT_MAX_ELEMENTS, ge=500_000)
    """Most messages inside messages that one request may hold (a record with 6 attributes has 14)."""
    max_decoding_mib: int = Field(default=64, ge=1)
    """Memory that decoded requests may take at once until the pipeline has them; further ones wait, then get a 503."""
