"""What the user writes under ``connectors::heartbeat``."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from otel_discord.component import NamesExtension, Storage
from otel_discord.config import Duration, StrictModel
from otel_discord.config.problem import SeveralError
from otel_discord.ottl import ContextKind, OttlSyntaxError, parse_condition
from otel_discord.signals import Signal

LongEnough = Annotated[Duration, Field(ge=0.1)]


class WatchConfig(StrictModel):
    """What must not fall silent."""

    name: Annotated[str, Field(min_length=1)] = "TelemetryStopped"
    """Name of its alerts."""
    where: str = ""
    """OTTL, about a resource: only those that it holds for count; without it all."""
    group_by: tuple[str, ...] = ("service.name",)
    """Attributes of the resource; each set of their values is a group with an alert of its own. What lacks one of them
    is in no group. `[]`: all together are one group."""
    signals: Annotated[tuple[Signal, ...], Field(min_length=1)] = (Signal.LOGS, Signal.METRICS, Signal.TRACES)
    """Which count as a sign of life."""
    after: LongEnough = 300.0
    """How long a group must be silent; longer than what it sends is apart (60s for metrics of most SDKs)."""
    severity: Annotated[str, Field(min_length=1)] = "critical"
    """`info`, `warning`, `error`, `critical`."""
    resolve_after: Duration = 0.0
    """How long telemetry must be back before the alert ends; 0s: it ends with the first that comes."""
    repeat_interval: Duration = 3600.0
    """How often an alert that goes on says so (`alert.updated`); 0s: never."""
    forget_after: Duration = 86_400.0
    """A group silent for so long is gone for good, and its alert ends; 0s: never. What is expected stays."""
    expect: tuple[dict[str, str], ...] = ()
    """Groups that must send even where they never have: values of all attributes in `group_by`. Silence counts from
    the start."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Further labels of its alerts."""
    runbook_url: str = ""
    """Where to read what to do."""

    @field_validator("where")
    @classmethod
    def _is_a_condition(cls, value: Any) -> Any:
        if value:
            try:
                parse_condition(value, ContextKind.RESOURCE)
            except OttlSyntaxError as error:
                raise ValueError(str(error)) from None
        return value

    @field_validator("expect", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return value
        return [
            {key: label_text(each) if isinstance(each, (bool, int, float)) else each for key, each in group.items()}
            if isinstance(group, dict)
            else group
            for group in value
        ]

    @model_validator(mode="after")
    def _fits_together(self) -> "WatchConfig":
        problems = list(self._problems())
        if problems:
            raise SeveralError(problems)
        return self

    def _problems(self) -> Iterator[str]:
        if 0 < self.forget_after <= self.after:
            yield "forget_after: must be longer than after, or 0s for never"
        if len(set(self.group_by)) < len(self.group_by) or "" in self.group_by:
            yield "group_by: an attribute is empty or named twice"
        for place, group in enumerate(self.expect):
            if set(group) != set(self.group_by):
                yield f"expect::{place}: needs values of {', '.join(self.group_by) or 'nothing'}, as group_by says"


class StatusConfig(StrictModel):
    """A log record (event `heartbeat.status`, severity INFO) that says what has been seen."""

    interval: Annotated[Duration, Field(ge=1.0)] = 3600.0
    """How often; its rates are those of the time between."""
    max_services: Annotated[int, Field(ge=1)] = 20
    """How many lines of services; those that send most come first, the rest is one line."""


class HeartbeatConfig(StrictModel):
    """What must not fall silent, and how often to say what is there."""

    check_interval: Annotated[Duration, Field(ge=0.01)] = 1.0
    """How often silence is looked for; at least 10ms."""
    storage: Annotated[str | None, NamesExtension(Storage)] = None
    """An extension that keeps what is silent, and who has sent, over a restart; without it that is known only as long
    as the service runs."""
    max_groups: Annotated[int, Field(ge=1)] = 10_000
    """Most groups of a watch besides those that it expects, and most services and alerts of the status; the group that
    was silent for longest makes room, and is counted."""
    watch: tuple[WatchConfig, ...] = (WatchConfig(),)
    """What must not fall silent; by default each service for 5 minutes, `[]` for nothing."""
    status: StatusConfig | None = None
    """Says what has been seen; `{}` for the defaults, without it nothing is said."""

    @model_validator(mode="after")
    def _names_differ(self) -> "HeartbeatConfig":
        names = [watch.name for watch in self.watch]
        problems = [
            f"watch::{place}::name: another watch has the name {name!r} as well"
            for place, name in enumerate(names)
            if name in names[:place]
        ]
        if not self.watch and self.status is None:
            problems.append("watch: is empty, and there is no status: nothing is left to do")
        if problems:
            raise SeveralError(problems)
        return self


def label_text(value: object) -> str:
    """Return an attribute's value as a label."""
    return str(value).lower() if isinstance(value, bool) else str(value)
