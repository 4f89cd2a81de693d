"""What a preview feeds: one scenario is a few steps, each a batch of some signal at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from pydantic import Field

from otel_discord.component.destination_source import RunCard
from otel_discord.config import Duration, StrictModel
from otel_discord.service.preview.short_record import ShortRecord
from otel_discord.service.preview.short_run import ShortRun
from otel_discord.signals import Batch, LogsBatch


@dataclass(frozen=True, slots=True)
class Step:
    """A batch, and when it comes. ``batch`` is asked with the time then and when all began (Unix nanoseconds)."""

    batch: Callable[[int, int], Batch]
    after_s: float = 0.0
    """Since the step before it."""
    is_refused: bool = False
    """Discord refuses the messages that it makes."""
    run: Callable[[float], RunCard] | None = None
    """Instead of a batch: how a run fares, asked with the time then (Unix seconds)."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A sample, an input file or a test's input."""

    name: str
    title: str
    steps: Sequence[Step]
    comes_from: Literal["receiver", "connector"] = "receiver"
    """Whose data it would be: decides into which pipelines it goes."""
    about: str = ""


class StepForm(StrictModel):
    """A step as samples and tests have it."""

    record: ShortRecord
    after: Duration = 0.0
    """Time since the step before."""
    repeat: int = Field(default=1, ge=1, le=20_000)
    """How many of them; `{n}` in texts is the number."""
    over: Duration = 0.0
    """Time over which the repeats are spread."""
    refused: bool = False
    """Discord refuses it."""

    def step(self) -> Step:
        """Return it as the preview works with it."""
        spacing_ns = int(self.over * 1e9 / max(1, self.repeat - 1))
        return Step(partial(_batch, self.record, self.repeat, spacing_ns), self.after, self.refused)


def _batch(record: ShortRecord, repeat: int, spacing_ns: int, now_ns: int, begun_ns: int) -> LogsBatch:
    return record.batch(now_ns, begun_ns=begun_ns, count=repeat, spacing_ns=spacing_ns)


def _nothing(*_: int) -> LogsBatch:
    return LogsBatch(ExportLogsServiceRequest())


class SampleForm(StrictModel):
    """A sample of the package's own file."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    about: str = ""
    from_: Literal["receiver", "connector"] = Field(default="receiver", alias="from")
    record: ShortRecord | None = None
    steps: tuple[StepForm, ...] = ()
    runs: tuple[ShortRun, ...] = ()
    """One run as it goes on, instead of records."""

    def scenario(self) -> Scenario:
        """Return it as the preview works with it."""
        if self.runs:
            steps = [Step(_nothing, each.after, run=each.card) for each in self.runs]
            return Scenario(self.name, self.title, steps, self.from_, self.about)
        forms = self.steps or (StepForm(record=self.record or ShortRecord()),)
        return Scenario(self.name, self.title, [form.step() for form in forms], self.from_, self.about)
