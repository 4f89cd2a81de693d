"""Keys of ``service.telemetry``: own logs, metrics, traces and resource, in the Collector's words."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from otel_discord.config import Duration, StrictModel
from otel_discord.config.host_port import parse_host_port
from otel_discord.service.telemetry.otlp_config import Millis, OtlpExporterChoice


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Level = Annotated[Literal["none", "basic", "normal", "detailed"], BeforeValidator(_lower)]
"""How much is measured."""
LogLevel = Annotated[Literal["debug", "info", "warn", "error"], BeforeValidator(_lower)]
"""The least severe line that is written."""


class LogSamplingConfig(StrictModel):
    """Repeats of one line: the first ``initial`` in each ``tick`` are written, then every ``thereafter``-th."""

    enabled: bool = True
    """Off: each line is written."""
    tick: Duration = 10.0
    """Length of the window in which repeats are counted."""
    initial: int = Field(10, ge=1)
    """Lines written before repeats are left out."""
    thereafter: int = Field(100, ge=0)
    """Then one line in this many; 0 leaves out the rest of the window."""

    @field_validator("tick")
    @classmethod
    def _tick(cls, tick: float) -> float:
        if tick <= 0:
            raise ValueError("must be longer than 0s")
        return tick


class LogsConfig(StrictModel):
    """The lines that the service itself writes."""

    level: LogLevel = "info"
    """debug, info, warn or error."""
    encoding: Literal["console", "json"] = "console"
    """console is for people, json is one object a line."""
    sampling: LogSamplingConfig = LogSamplingConfig()
    """How repeats are thinned out."""
    output_paths: tuple[str, ...] = ("stderr",)
    """``stderr``, ``stdout`` or files, appended to."""
    initial_fields: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Fields added to each line."""

    @field_validator("output_paths")
    @classmethod
    def _somewhere(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        if not paths or not all(paths):
            raise ValueError("must name at least one of stderr, stdout or a file")
        return paths


class PrometheusConfig(StrictModel):
    """The page that Prometheus reads."""

    host: str = "localhost"
    """Address to listen on; empty for every address."""
    port: int = Field(8888, ge=0, le=65535)
    """Port to listen on; 0 takes any free one."""
    without_scope_info: bool = True
    """Accepted from the Collector's files; scope labels are never added."""
    without_type_suffix: bool = True
    """Accepted from the Collector's files; names are fixed and documented, no suffix is ever added."""
    without_units: bool = True
    """Accepted from the Collector's files; no unit is ever added to a name."""


class PullExporterChoice(StrictModel):
    """The exporter of a pull reader."""

    prometheus: PrometheusConfig = PrometheusConfig()
    """Prometheus text format on ``/metrics``."""


class PullReaderConfig(StrictModel):
    """Metrics that are fetched."""

    exporter: PullExporterChoice
    """``prometheus``."""


class PeriodicReaderConfig(StrictModel):
    """Metrics that are pushed."""

    interval: Millis = 60.0
    """Time between two pushes."""
    timeout: Millis = 30.0
    """Longest time for one push."""
    exporter: OtlpExporterChoice
    """``otlp``."""


class ReaderConfig(StrictModel):
    """One way by which own metrics leave: exactly one of ``pull`` and ``periodic``."""

    pull: PullReaderConfig | None = None
    """Metrics that are fetched."""
    periodic: PeriodicReaderConfig | None = None
    """Metrics that are pushed."""

    @model_validator(mode="after")
    def _one(self) -> "ReaderConfig":
        if (self.pull is None) == (self.periodic is None):
            raise ValueError("must have exactly one of pull and periodic")
        return self


def _prometheus_reader(host: str, port: int) -> ReaderConfig:
    prometheus = PrometheusConfig(host=host, port=port)
    return ReaderConfig(pull=PullReaderConfig(exporter=PullExporterChoice(prometheus=prometheus)))


class MetricsConfig(StrictModel):
    """What the service measures about itself."""

    level: Level = "normal"
    """none, basic, normal or detailed."""
    readers: tuple[ReaderConfig, ...] = (_prometheus_reader("localhost", 8888),)
    """Ways by which metrics leave."""
    address: str = ""
    """Older spelling of a Prometheus reader, ``host:port``; not together with ``readers``."""

    @field_validator("address")
    @classmethod
    def _host_port(cls, address: str) -> str:
        if address:
            parse_host_port(address)
        return address

    @model_validator(mode="after")
    def _readers_or_none(self) -> "MetricsConfig":
        if self.address and "readers" in self.model_fields_set:
            raise ValueError("address is the older spelling of readers; keep one of them")
        if self.level != "none" and not self.readers:
            raise ValueError("readers must not be empty unless level is none")
        return self

    @property
    def active_readers(self) -> tuple[ReaderConfig, ...]:
        """The readers to run: none at level none; the one that ``address`` names, if it is set."""
        if self.level == "none":
            return ()
        if not self.address:
            return self.readers
        return (_prometheus_reader(*parse_host_port(self.address)),)


class BatchSpanProcessorConfig(StrictModel):
    """Spans are sent in batches from a thread of their own."""

    schedule_delay: Millis = 5.0
    """Longest wait before a batch that is not full is sent."""
    export_timeout: Millis = 30.0
    """Longest time for one batch."""
    max_queue_size: int = Field(2048, ge=1)
    """Spans that wait; further ones are dropped."""
    max_export_batch_size: int = Field(512, ge=1)
    """Spans in one request."""
    exporter: OtlpExporterChoice
    """``otlp``."""

    @model_validator(mode="after")
    def _fits(self) -> "BatchSpanProcessorConfig":
        if self.max_export_batch_size > self.max_queue_size:
            raise ValueError("max_export_batch_size must not be above max_queue_size")
        return self


class SpanProcessorConfig(StrictModel):
    """One way by which own spans leave."""

    batch: BatchSpanProcessorConfig
    """The one kind there is."""


class RatioConfig(StrictModel):
    """A share of all traces."""

    ratio: float = Field(1.0, ge=0.0, le=1.0)
    """From 0 to 1."""


class RootSamplerConfig(StrictModel):
    """Which traces are recorded: exactly one key."""

    always_on: dict[str, object] | None = None
    """Each trace; ``always_on: {}``."""
    always_off: dict[str, object] | None = None
    """No trace."""
    trace_id_ratio_based: RatioConfig | None = None
    """A share, decided by the trace id."""

    @model_validator(mode="after")
    def _one_key(self) -> "RootSamplerConfig":
        if len(self.model_fields_set) != 1:
            raise ValueError(f"must have exactly one of {', '.join(type(self).model_fields)}")
        return self


class ParentBasedConfig(StrictModel):
    """As the caller decided, else as ``root`` says."""

    root: RootSamplerConfig = RootSamplerConfig(always_on={})
    """For traces that begin here."""


class SamplerConfig(RootSamplerConfig):
    """Which traces are recorded: exactly one key."""

    parent_based: ParentBasedConfig | None = None
    """As the caller decided, else as its ``root`` says."""


class TracesConfig(StrictModel):
    """Spans of what the service does: batches on their way, each attempt to send."""

    level: Level = "normal"
    """none switches spans off; without processors there are none either."""
    processors: tuple[SpanProcessorConfig, ...] = ()
    """Ways by which spans leave."""
    sampler: SamplerConfig = SamplerConfig(parent_based=ParentBasedConfig())
    """Which traces are recorded."""
    propagators: tuple[Literal["tracecontext", "baggage"], ...] = ()
    """Accepted from the Collector's files; trace context of clients is not taken over."""

    @property
    def active(self) -> bool:
        """Whether any span can leave."""
        return self.level != "none" and bool(self.processors)


class TelemetryConfig(StrictModel):
    """The section ``service.telemetry``."""

    logs: LogsConfig = LogsConfig()
    """Own log lines."""
    metrics: MetricsConfig = MetricsConfig()
    """Own metrics."""
    traces: TracesConfig = TracesConfig()
    """Own spans."""
    resource: dict[str, str | None] = Field(default_factory=dict)
    """Attributes of own telemetry; null takes one away."""
