"""Counts what passes of each run's telemetry, before any severity is looked at. Pure but for what it remembers.

A step begins with an event ``run.step`` (its name is in ``step.name``, else in the body), or where
``cicd.pipeline.task.name`` of a record or its resource is another one than before.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.component.destination_source import Tally
from otel_discord.exporters.discord.routing import record_severity
from otel_discord.exporters.discord.sourced.live import Places
from otel_discord.signals import Severity, find_attribute, to_plain

STEP_EVENT: Final = "run.step"
STEP_NAME: Final = "step.name"
TASK_NAME: Final = "cicd.pipeline.task.name"
_LINE_CHARS: Final = 300
_NAME_CHARS: Final = 100
_READ_CHARS: Final = 4_000
"""Of a text, before its first line is looked for."""


@dataclass(slots=True)
class _Sums:
    records: int = 0
    warnings: int = 0
    errors: int = 0
    steps: int = 0
    last_step: str = ""
    last_error: LogRecord | None = None
    task: str = ""


@dataclass(slots=True)
class Counted:
    """What one batch adds, by the names of destinations; it counts once the batch is accepted."""

    tallies: Mapping[str, Tally]
    tasks: Mapping[str, str]
    """The task that each is at after it."""


@dataclass(slots=True)
class TallyBook:
    """Remembers at which task each run is. ``masked`` returns a text as it may be shown."""

    masked: Callable[[str], str]
    _tasks: dict[str, str] = field(default_factory=dict)

    def count(self, request: ExportLogsServiceRequest, places: Places) -> Counted:
        """Count a batch. ``places`` has the destination of each of its resources."""
        sums: dict[str, _Sums] = {}
        for resource_logs, place in zip(request.resource_logs, places, strict=True):
            if place is None:
                continue
            of_run = sums.get(place.name)
            if of_run is None:
                of_run = sums[place.name] = _Sums(task=self._tasks.get(place.name, ""))
            task = _text(resource_logs.resource.attributes, TASK_NAME)
            for scope_logs in resource_logs.scope_logs:
                _add(of_run, scope_logs.log_records, task)
        return Counted(
            {name: self._tally(each) for name, each in sums.items()},
            {name: each.task for name, each in sums.items() if each.task},
        )

    def accepted(self, counted: Counted, tell: Callable[[str, Tally], None]) -> None:
        """The batch is taken in: remember, and tell what it adds."""
        self._tasks.update(counted.tasks)
        for name, tally in counted.tallies.items():
            tell(name, tally)

    def forget(self, name: str) -> None:
        """A run is over."""
        self._tasks.pop(name, None)

    def _tally(self, sums: _Sums) -> Tally:
        return Tally(
            records=sums.records,
            warnings=sums.warnings,
            errors=sums.errors,
            steps=sums.steps,
            last_step=self.masked(sums.last_step)[:_NAME_CHARS] if sums.last_step else "",
            last_error=self._error_line(sums.last_error) if sums.last_error is not None else "",
        )

    def _error_line(self, record: LogRecord) -> str:
        message = find_attribute(record.attributes, "exception.message")
        text = _shown(to_plain(record.body)) or _shown(message) or record.event_name
        return first_line(self.masked(text[:_READ_CHARS]))


def first_line(text: str) -> str:
    """Return the first line of a text that says something, not too long."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= _LINE_CHARS else f"{line[: _LINE_CHARS - 1]}…"


def _add(sums: _Sums, records: Iterable[LogRecord], task_of_resource: str) -> None:
    for record in records:
        sums.records += 1
        severity = record_severity(record)
        if severity >= Severity.ERROR:
            sums.errors += 1
            sums.last_error = record
        elif severity >= Severity.WARN:
            sums.warnings += 1
        task = _text(record.attributes, TASK_NAME) or task_of_resource
        is_other_task = bool(task) and task != sums.task
        if is_other_task:
            sums.task = task
        if record.event_name == STEP_EVENT:
            sums.steps += 1
            named = _text(record.attributes, STEP_NAME) or first_line(_shown(to_plain(record.body))[:_READ_CHARS])
            sums.last_step = named or task or sums.last_step
        elif is_other_task:
            sums.steps += 1
            sums.last_step = task


def _text(attributes: Iterable[KeyValue], key: str) -> str:
    for pair in attributes:
        if pair.key == key:
            return _shown(to_plain(pair.value))[:_NAME_CHARS]
    return ""


def _shown(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)
