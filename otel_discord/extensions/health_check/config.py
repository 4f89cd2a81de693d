"""Keys of ``health_check``: the Collector's second version, and those of the first that files still hold."""

from pydantic import Field, field_validator, model_validator

from otel_discord.config import Duration, StrictModel
from otel_discord.config.host_port import parse_host_port


def _checked_path(path: str) -> str:
    if not path.startswith("/") or set(path) & set("{}?# "):
        raise ValueError("must be a path, as in /status")
    return path


class StatusPathConfig(StrictModel):
    """The page with the status of the service, its pipelines and components."""

    enabled: bool = True
    """Off: the page is not served."""
    path: str = "/status"
    """Where it is."""

    _path = field_validator("path")(_checked_path)


class ConfigPathConfig(StrictModel):
    """The Collector's page with its configuration, which is not served here."""

    enabled: bool = False
    """Accepted as false only."""
    path: str = "/config"
    """Accepted from the Collector's files."""

    @field_validator("enabled")
    @classmethod
    def _never(cls, enabled: bool) -> bool:
        if enabled:
            raise ValueError("the configuration is not shown over HTTP; use otel-discord print-config")
        return enabled


class HttpConfig(StrictModel):
    """The server."""

    endpoint: str = ""
    """Address to listen on; the short form ``endpoint`` beside ``http`` means the same."""
    status: StatusPathConfig = StatusPathConfig()
    """The status page."""
    config: ConfigPathConfig = ConfigPathConfig()
    """Not served."""

    @field_validator("endpoint")
    @classmethod
    def _host_port(cls, endpoint: str) -> str:
        parse_host_port(endpoint)
        return endpoint


class ComponentHealthConfig(StrictModel):
    """Which errors of components make the service unwell (HTTP 500) and not only show up."""

    include_permanent_errors: bool = False
    """Errors that a person must mend, such as a webhook that is gone."""
    include_recoverable_errors: bool = False
    """Errors that may pass, once they have lasted for ``recovery_duration``."""
    recovery_duration: Duration = 300.0
    """How long an error that may pass is put up with."""


class ResponseBodyConfig(StrictModel):
    """Texts of the first version's answer."""

    healthy: str = ""
    """Sent with 200; empty: a JSON object."""
    unhealthy: str = ""
    """Sent with 503; empty: a JSON object."""


class HealthCheckConfig(StrictModel):
    """Where to ask, and what counts as unwell."""

    endpoint: str = "localhost:13133"
    """Address to listen on; ``http.endpoint`` wins."""
    use_v2: bool = False
    """Serve the status page only, not the first version's ``path``."""
    path: str = "/"
    """The first version's page: 200 when everything is open, 503 otherwise, whatever components report."""
    response_body: ResponseBodyConfig = ResponseBodyConfig()
    """Texts of the first version's answer."""
    component_health: ComponentHealthConfig = ComponentHealthConfig()
    """Which errors of components count."""
    http: HttpConfig = Field(default_factory=HttpConfig)
    """The server and its pages."""

    _path = field_validator("path")(_checked_path)

    @field_validator("endpoint")
    @classmethod
    def _host_port(cls, endpoint: str) -> str:
        parse_host_port(endpoint)
        return endpoint

    @model_validator(mode="after")
    def _something_to_serve(self) -> "HealthCheckConfig":
        if self.use_v2 and not self.http.status.enabled:
            raise ValueError("nothing would be served: enable http::status, or leave use_v2 out")
        if not self.use_v2 and self.http.status.enabled and self.http.status.path == self.path:
            raise ValueError("path and http::status::path must differ")
        return self

    @property
    def address(self) -> str:
        """The address to listen on."""
        return self.http.endpoint or self.endpoint
