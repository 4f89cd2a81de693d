"""What the user writes under ``connectors::count``: contrib's keys."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from pydantic import Field, model_validator

from otel_discord.config import StrictModel
from otel_discord.config.problem import SeveralError
from otel_discord.ottl import ContextKind, OttlSyntaxError, parse_condition


class CountedAttribute(StrictModel):
    """An attribute whose values are counted apart."""

    key: Annotated[str, Field(min_length=1)]
    """Its name: among the attributes of what is counted, else of its scope, else of its resource."""
    default_value: bool | int | float | str | None = None
    """Its value where it is missing; without it (or with "" or 0), what has no such attribute is not counted."""


class CountedMetric(StrictModel):
    """A metric to be made."""

    description: str = ""
    """Its description."""
    conditions: tuple[str, ...] = ()
    """OTTL; counted is what one of them holds for. Without conditions everything."""
    attributes: tuple[CountedAttribute, ...] = ()
    """A count of its own for each set of their values; not for `metrics`."""


Metrics = dict[str, CountedMetric]

CONTEXTS: Final[Mapping[str, ContextKind]] = {
    "spans": ContextKind.SPAN,
    "spanevents": ContextKind.SPANEVENT,
    "metrics": ContextKind.METRIC,
    "datapoints": ContextKind.DATAPOINT,
    "logs": ContextKind.LOG,
}
"""What a condition looks at, by section."""

_DEFAULTS: Final = {
    "spans": ("trace.span.count", "The number of spans observed."),
    "spanevents": ("trace.span.event.count", "The number of span events observed."),
    "metrics": ("metric.count", "The number of metrics observed."),
    "datapoints": ("metric.datapoint.count", "The number of data points observed."),
    "logs": ("log.record.count", "The number of log records observed."),
}


class CountConfig(StrictModel):
    """Which metrics are made; a section that is not there makes its default one, a section without metrics none."""

    spans: Metrics | None = None
    """Metrics of spans, by name; by default `trace.span.count`."""
    spanevents: Metrics | None = None
    """Metrics of span events; by default `trace.span.event.count`."""
    metrics: Metrics | None = None
    """Metrics of metrics; by default `metric.count`."""
    datapoints: Metrics | None = None
    """Metrics of data points; by default `metric.datapoint.count`."""
    logs: Metrics | None = None
    """Metrics of log records; by default `log.record.count`."""

    @model_validator(mode="after")
    def _is_countable(self) -> "CountConfig":
        problems = [problem for section in CONTEXTS for problem in self._problems(section)]
        if problems:
            raise SeveralError(problems)
        return self

    def of_section(self, section: str) -> Mapping[str, CountedMetric]:
        """Return the metrics of ``spans``, ``spanevents``, ``metrics``, ``datapoints`` or ``logs``."""
        given: Metrics | None = getattr(self, section)
        if given is not None:
            return given
        name, description = _DEFAULTS[section]
        return {name: CountedMetric(description=description)}

    def _problems(self, section: str) -> Iterator[str]:
        for name, metric in (getattr(self, section) or {}).items():
            if not name:
                yield f"{section}: a metric has no name"
            if section == "metrics" and metric.attributes:
                yield f"{section}::{name}::attributes: metrics have none; count datapoints, or remove it"
            for place, text in enumerate(metric.conditions):
                try:
                    parse_condition(text, CONTEXTS[section])
                except OttlSyntaxError as error:
                    yield f"{section}::{name}::conditions::{place}: {error}"
