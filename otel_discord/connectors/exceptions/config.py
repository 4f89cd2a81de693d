"""What the user writes under ``connectors::exceptions``: contrib's keys, a condition, and what is remembered."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from otel_discord.config import Duration, StrictModel
from otel_discord.ottl import ContextKind, OttlSyntaxError, parse_condition


class Dimension(StrictModel):
    """An attribute that each record gets besides those of its span and its exception."""

    name: Annotated[str, Field(min_length=1)]
    """Its name: among the attributes of the exception, else of the span, else of the resource."""
    default: bool | int | float | str | None = None
    """Its value where it is missing; without it the record does not have it."""


class Exemplars(StrictModel):
    """Of contrib; they belong to metrics."""

    enabled: bool = False
    """Only false: exemplars belong to metrics, and each record has the ids of its trace and span anyway."""

    @field_validator("enabled")
    @classmethod
    def _is_off(cls, value: bool) -> bool:
        if value:
            raise ValueError(
                "exemplars belong to metrics, and this connector makes log records, each with the ids of its trace and"
                " span; remove exemplars"
            )
        return value


class Deduplication(StrictModel):
    """What is remembered, so that an exception which passes through several spans of a trace is told once."""

    window: Duration = 600.0
    """How long a trace's failures are remembered; 0s tells each span's."""
    max_entries: Annotated[int, Field(ge=1)] = 100_000
    """How many entries are kept at most (up to six for a failure); the oldest are forgotten first."""


class ExceptionsConfig(StrictModel):
    """Which failures become log records."""

    dimensions: tuple[Dimension, ...] = ()
    """Further attributes of the records."""
    exemplars: Exemplars = Exemplars()
    where: str = ""
    """OTTL, about a span: only spans that it holds for are told; without it all."""
    error_spans: bool = True
    """Also tell spans with status ERROR and no exception, unless a span below has told why already."""
    deduplication: Deduplication = Deduplication()

    foreign_keys: ClassVar[Mapping[str, str]] = {
        "histogram": "this connector makes log records; count them with the count connector",
        "metrics": "this connector makes log records; count them with the count connector",
    }

    @field_validator("where")
    @classmethod
    def _is_a_condition(cls, value: Any) -> Any:
        if value:
            try:
                parse_condition(value, ContextKind.SPAN)
            except OttlSyntaxError as error:
                raise ValueError(str(error)) from None
        return value
