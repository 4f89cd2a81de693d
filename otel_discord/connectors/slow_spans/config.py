"""What the user writes under ``connectors::slow_spans``."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from otel_discord.component import NamesExtension, Storage
from otel_discord.config import Duration, StrictModel, format_duration
from otel_discord.config.problem import SeveralError
from otel_discord.ottl import ContextKind, OttlSyntaxError, parse_condition
from otel_discord.signals import Severity, parse_min_severity, severity_range


def _severity_name(number: int) -> str:
    return severity_range(number).name


SeverityNumber = Annotated[
    int,
    Field(strict=False),
    BeforeValidator(parse_min_severity),
    PlainSerializer(_severity_name, return_type=str),
    WithJsonSchema({"type": "string", "enum": ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]}),
]


class Limit(StrictModel):
    """A fixed limit."""

    where: str = ""
    """OTTL, about a span: which spans it is for, as in `span.kind == SPAN_KIND_SERVER`; without it all."""
    over: Annotated[Duration, Field(gt=0)]
    """A span that takes longer is slow."""
    severity: SeverityNumber | None = None
    """Severity of these, in place of the one below."""


class Learned(StrictModel):
    """A limit learned for each operation: service, name and kind of the span. For spans that no fixed limit is for."""

    enabled: bool = True
    """Whether limits are learned."""
    percentile: Annotated[float, Field(gt=0, le=100)] = 99.0
    """What counts as usual: so many percent of the operation's spans take no longer."""
    factor: Annotated[float, Field(ge=1)] = 2.0
    """A span that takes so many times the usual is slow."""
    min_spans: Annotated[int, Field(ge=1)] = 200
    """How many spans of an operation are seen before any of it is called slow."""
    floor: Duration = 0.1
    """What takes less is never slow."""
    window: Annotated[Duration, Field(gt=0)] = 3600.0
    """After this time a span weighs half as much in what is usual, unless only a few newer ones came (`min_spans`)."""
    max_operations: Annotated[int, Field(ge=1)] = 2000
    """How many operations are known at most; the one unused for longest is forgotten first."""


class Escalation(StrictModel):
    """A severity for what is far over its limit."""

    times: Annotated[float, Field(gt=1)]
    """From so many times the limit on."""
    severity: SeverityNumber
    """The severity then."""


class SlowSpansConfig(StrictModel):
    """Which spans are slow, and how much of their trace is gathered."""

    where: str = ""
    """OTTL, about a span: only spans that it holds for can be slow; the others still show in paths. Without it all."""
    limits: tuple[Limit, ...] = ()
    """Fixed limits; the first whose `where` holds decides."""
    learned: Learned = Learned()
    storage: Annotated[str | None, NamesExtension(Storage)] = None
    """An extension that keeps what was learned over a restart; without it that is learned anew."""
    severity: SeverityNumber = int(Severity.WARN)
    """Severity of the records."""
    escalate: tuple[Escalation, ...] = ()
    """Higher severities for spans far over their limit; the highest `times` that is reached decides."""
    wait: Duration = 5.0
    """How long to wait for more of the trace after a slow span came."""
    keep: Annotated[Duration, Field(gt=0)] = 60.0
    """How long the spans of a trace are kept after its last one came; for paths of spans that end later."""
    max_traces: Annotated[int, Field(ge=1)] = 5000
    """How many traces are kept at most; the oldest are let go first, and what is slow in them is told then."""
    max_spans_per_trace: Annotated[int, Field(ge=1)] = 500
    """How many spans of a trace are kept at most; when there are more, the shortest are not in the path."""
    max_spans: Annotated[int, Field(ge=1)] = 100_000
    """How many spans are kept in all (about 500 bytes each)."""

    @model_validator(mode="after")
    def _conditions_can_be_read(self) -> "SlowSpansConfig":
        problems = list(self._problems())
        if problems:
            raise SeveralError(problems)
        return self

    def _problems(self) -> Iterator[str]:
        texts = [("where", self.where)]
        texts += [(f"limits::{place}::where", limit.where) for place, limit in enumerate(self.limits)]
        for path, text in texts:
            if text:
                try:
                    parse_condition(text, ContextKind.SPAN)
                except OttlSyntaxError as error:
                    yield f"{path}: {error}"
        for place, limit in enumerate(self.limits[:-1]):
            if not limit.where:
                yield f"limits::{place}::where: without it the limits after this one are never asked; put it last"
        if not (self.limits or self.learned.enabled):
            yield "learned::enabled: nothing can be slow; write limits, or let them be learned"
        if self.keep < self.wait:
            keep = "keep: must not be shorter than wait"
            yield keep if "keep" in self.model_fields_set else f"wait: longer than keep ({format_duration(self.keep)})"
