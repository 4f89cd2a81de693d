"""One alert of a group: its newest event, and how another event changes it. Pure.

Events may come twice, late and in any order: what an alert is follows from its newest one. Newer is first a later
life (it began later), then its end, then what was seen later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.alerts.series import MOST_READ, Series
from otel_discord.exporters.discord.facts_values import clean
from otel_discord.signals import Plain
from otel_discord.signals.alert_event import AlertEvent, AlertState, alert_event

MAX_SUMMARY_CHARS: Final = 200
MAX_DESCRIPTION_CHARS: Final = 500
_MAX_WORD_CHARS: Final = 200
_MAX_LABELS: Final = 16
_US: Final = 1_000
_RESOLVED_EVENT: Final = "alert.resolved"


@dataclass(frozen=True, slots=True)
class Member:
    """One alert. ``record`` is the event as it is stored, without its series, which is kept apart."""

    event: AlertEvent
    record: bytes
    series: Series = field(default_factory=Series)

    @classmethod
    def of(cls, event: AlertEvent) -> "Member":
        """Return the member with this event."""
        bare = replace(event, series=())
        return cls(bare, bare.to_record().SerializeToString(deterministic=True), Series.of(event.series))

    @classmethod
    def stored(cls, record: bytes, series: Series | None = None) -> "Member | None":
        """Return the member that was stored; None where it cannot be read.

        Raises:
            DecodeError: it is no log record.
        """
        event = alert_event(LogRecord.FromString(record))
        return None if event is None else cls(replace(event, series=()), record, series or Series())

    @property
    def is_over(self) -> bool:
        """Whether the alert is resolved."""
        return self.event.state is AlertState.RESOLVED

    def begins_anew(self, event: AlertEvent) -> bool:
        """Return whether an event speaks of a later life than the one that is known."""
        return begun_ns(event, self.event) > self.event.started_ns

    def after(self, event: AlertEvent) -> "Member":
        """Return the member once an event was heard of; itself where that tells nothing new."""
        known = self.event
        event = replace(event, started_ns=begun_ns(event, known))
        if _age(event) <= _age(known):
            return self
        if event.started_ns > known.started_ns:
            return Member.of(event)
        newest = Member.of(
            replace(
                event,
                series=(),
                value=known.value if event.value is None else event.value,
                peak=known.peak if event.peak is None else event.peak,
                threshold=event.threshold or known.threshold,
                unit=event.unit or known.unit,
                metric=event.metric or known.metric,
                labels=event.labels or known.labels,
                summary=event.summary or known.summary,
                description=event.description or known.description,
                runbook_url=event.runbook_url or known.runbook_url,
                source_url=event.source_url or known.source_url,
            )
        )
        return replace(newest, series=self.series.after(event.series))


def ends_an_alert(record: LogRecord) -> bool:
    """Return whether a record says that an alert is over: it goes where the alert was told, whatever its severity."""
    return bool(record.event_name == _RESOLVED_EVENT)


def begun_ns(event: AlertEvent, known: AlertEvent) -> int:
    """Return when the life began that an event speaks of; where it does not say, the known one goes on if it can."""
    if event.started_ns:
        return event.started_ns
    known_is_over = known.state is AlertState.RESOLVED
    if known_is_over and event.state is not AlertState.RESOLVED and event.at_ns > known.at_ns:
        return event.at_ns
    return known.started_ns


def slim(event: AlertEvent, now_ns: int) -> AlertEvent:
    """Return an event as it is kept: with a time, and not longer than a message can show.

    Times have the precision in which records tell them, microseconds, so that one life is always known again.
    """
    return replace(
        event,
        fingerprint=event.identity,
        name=_cut(event.name) or "alert",
        severity=_cut(event.severity),
        at_ns=event.at_ns or now_ns,
        started_ns=event.started_ns // _US * _US,
        ended_ns=event.ended_ns // _US * _US,
        threshold=_cut(event.threshold),
        unit=_cut(event.unit),
        metric=_cut(event.metric),
        resolution=_cut(event.resolution),
        labels=_few(event.labels),
        summary=clean(event.summary, MAX_SUMMARY_CHARS),
        description=clean(event.description, MAX_DESCRIPTION_CHARS),
        series=tuple(event.series[-MOST_READ:]),
    )


def _age(event: AlertEvent) -> tuple[int, bool, int]:
    return event.started_ns, event.state is AlertState.RESOLVED, event.at_ns


def _few(labels: Mapping[str, Plain]) -> dict[str, Plain]:
    kept = list(labels.items())[:_MAX_LABELS]
    shown = ((_cut(key), _cut(value if isinstance(value, str) else str(value))) for key, value in kept)
    return {key: value for key, value in shown if key}


def _cut(text: str) -> str:
    return clean(text, _MAX_WORD_CHARS).strip()
