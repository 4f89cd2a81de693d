"""An alert as a log record (DESIGN.md 5.5): what connectors and receivers write, and the ``discord`` exporter reads.

Each change of an alert's life is one record, event ``alert.firing``, ``alert.updated`` or ``alert.resolved``. Records
with the words of Prometheus and Alertmanager (``alertname``, ``status``, ``startsAt``) are understood as well, so that
alerts of other tools may come in as logs. All states of an alert have its severity, so that filters and routes by
severity take them the same way.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.signals.any_value import Plain, attributes_to_dict
from otel_discord.signals.from_plain import from_plain
from otel_discord.signals.severity import Severity, severity_from_text

PREFIX: Final = "alert."
MAX_EXEMPLARS: Final = 5
_TRACE_ID: Final = re.compile(r"(?!0{32})[0-9a-fA-F]{32}")
_NS: Final = 1_000_000_000


class AlertState(StrEnum):
    """What a record says of its alert."""

    FIRING = "firing"
    UPDATED = "updated"
    RESOLVED = "resolved"


_STATES: Final = {
    "firing": AlertState.FIRING,
    "alerting": AlertState.FIRING,
    "updated": AlertState.UPDATED,
    "resolved": AlertState.RESOLVED,
    "ok": AlertState.RESOLVED,
    "normal": AlertState.RESOLVED,
}
_SEVERITIES: Final = {
    "info": Severity.INFO,
    "none": Severity.INFO,
    "warning": Severity.WARN,
    "error": Severity.ERROR,
    "major": Severity.ERROR,
    "critical": Severity.FATAL,
    "page": Severity.FATAL,
}
_OTHERS_WORDS: Final = frozenset(
    {"alertname", "state", "status", "severity", "startsAt", "endsAt", "fingerprint", "summary", "description"}
    | {"generatorURL", "runbook_url", "dashboardURL", "panelURL", "silenceURL", "valueString", "imageURL"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """One moment of an alert. Times are nanoseconds since the epoch, 0 where they are not known."""

    name: str
    state: AlertState
    severity: str = "warning"
    """The rule's own word: ``warning``, ``critical``, …"""
    fingerprint: str = ""
    """Says which alert it is, over its whole life; made of name and labels where it is not given."""
    at_ns: int = 0
    started_ns: int = 0
    ended_ns: int = 0
    value: float | None = None
    peak: float | None = None
    """The worst value so far."""
    threshold: str = ""
    """The condition that is met or was, as written: ``> 1000``."""
    unit: str = ""
    """Of the values, as OTLP writes it (UCUM): ``By``, ``s``, ``1``, ``{job}``."""
    metric: str = ""
    resolution: str = ""
    """Why it is over: ``recovered``, ``no data``, ``expired``."""
    labels: Mapping[str, Plain] = field(default_factory=dict)
    """What tells it from other alerts of the same name: ``service.name``, …"""
    summary: str = ""
    description: str = ""
    runbook_url: str = ""
    source_url: str = ""
    """Where the rule or its graph is."""
    series: Sequence[tuple[int, float]] = ()
    """Recent points, for a chart: (time, value), oldest first."""
    exemplars: Sequence[str] = ()
    """Hexadecimal ids of traces that show what was measured, the most telling first."""

    @property
    def severity_number(self) -> int:
        """The severity of its records."""
        word = self.severity.strip().lower()
        return int(_SEVERITIES.get(word) or severity_from_text(word) or Severity.WARN)

    @property
    def identity(self) -> str:
        """The fingerprint, given or made."""
        return self.fingerprint or fingerprint_of(self.name, self.labels)

    def to_record(self) -> LogRecord:
        """Return the log record."""
        facts: dict[str, Any] = {
            "alert.name": self.name,
            "alert.state": str(self.state),
            "alert.severity": self.severity,
            "alert.fingerprint": self.identity,
            "alert.value": self.value,
            "alert.peak": self.peak,
            "alert.threshold": self.threshold,
            "alert.unit": self.unit,
            "alert.metric": self.metric,
            "alert.started_at": _time_text(self.started_ns),
            "alert.ended_at": _time_text(self.ended_ns),
            "alert.resolution": self.resolution,
            "alert.summary": self.summary,
            "alert.description": self.description,
            "alert.runbook_url": self.runbook_url,
            "alert.source_url": self.source_url,
            "alert.labels": sorted(self.labels),
            "alert.exemplars": list(self.exemplars),
            "alert.series": {
                "times": [at_ns // _NS for at_ns, _ in self.series],
                "values": [value for _, value in self.series],
            }
            if self.series
            else None,
        }
        attributes = {**self.labels, **{key: value for key, value in facts.items() if value not in (None, "", [])}}
        return LogRecord(
            time_unix_nano=self.at_ns,
            observed_time_unix_nano=self.at_ns,
            severity_number=self.severity_number,  # type: ignore[arg-type]  # an open enum
            severity_text=self.severity.upper(),
            body=AnyValue(string_value=self.summary or f"{self.name} is {self.state}"),
            attributes=[KeyValue(key=key, value=from_plain(value)) for key, value in attributes.items()],
            event_name=f"{PREFIX}{self.state}",
        )


def fingerprint_of(name: str, labels: Mapping[str, Any]) -> str:
    """Return 16 hexadecimal digits that name and labels always give."""
    told = [name, *(f"{key}\x00{labels[key]}" for key in sorted(labels))]
    return hashlib.sha256("\x01".join(told).encode(errors="replace")).hexdigest()[:16]


def is_alert(record: LogRecord) -> bool:
    """Return whether a record speaks of an alert; cheap for those that do not."""
    if record.event_name:
        return record.event_name.startswith(PREFIX) and record.event_name[len(PREFIX) :] in _STATES
    return any(pair.key in {"alertname", "alert.name"} for pair in record.attributes)


def alert_event(record: LogRecord) -> AlertEvent | None:
    """Return what a record says of an alert; None where it says nothing or not enough (name and state)."""
    if not is_alert(record):
        return None
    found = attributes_to_dict(record.attributes)
    name = _text(found, "alert.name", "alertname")
    state = _STATES.get(
        (_text(found, "alert.state", "state", "status") or record.event_name.removeprefix(PREFIX)).lower()
    )
    if not name or state is None:
        return None
    labels = _labels(found)
    series = found.get("alert.series")
    return AlertEvent(
        name=name,
        state=state,
        severity=_text(found, "alert.severity", "severity") or record.severity_text.lower() or "warning",
        fingerprint=_text(found, "alert.fingerprint", "fingerprint") or fingerprint_of(name, labels),
        at_ns=record.time_unix_nano or record.observed_time_unix_nano,
        started_ns=_time_ns(_first(found, "alert.started_at", "startsAt")),
        ended_ns=_time_ns(_first(found, "alert.ended_at", "endsAt")),
        value=_number(found.get("alert.value")),
        peak=_number(found.get("alert.peak")),
        threshold=_text(found, "alert.threshold"),
        unit=_text(found, "alert.unit"),
        metric=_text(found, "alert.metric"),
        resolution=_text(found, "alert.resolution"),
        labels=labels,
        summary=_text(found, "alert.summary", "summary"),
        description=_text(found, "alert.description", "description"),
        runbook_url=_text(found, "alert.runbook_url", "runbook_url"),
        source_url=_text(found, "alert.source_url", "generatorURL"),
        series=_points(series) if isinstance(series, dict) else (),
        exemplars=_trace_ids(found.get("alert.exemplars")),
    )


def _trace_ids(told: Plain) -> tuple[str, ...]:
    ids = told if isinstance(told, list) else []
    return tuple(each.lower() for each in ids if isinstance(each, str) and _TRACE_ID.fullmatch(each))[:MAX_EXEMPLARS]


def _labels(found: Mapping[str, Plain]) -> dict[str, Plain]:
    named = found.get("alert.labels")
    if isinstance(named, list):
        return {str(key): found[str(key)] for key in named if str(key) in found}
    return {key: value for key, value in found.items() if not key.startswith(PREFIX) and key not in _OTHERS_WORDS}


def _first(found: Mapping[str, Plain], *keys: str) -> Plain:
    return next((found[key] for key in keys if found.get(key) not in (None, "")), None)


def _text(found: Mapping[str, Plain], *keys: str) -> str:
    value = _first(found, *keys)
    return value if isinstance(value, str) else "" if value is None else str(value)


def _number(value: Plain) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return None if math.isnan(value) else float(value)


def _points(series: Mapping[str, Plain]) -> tuple[tuple[int, float], ...]:
    times, values = series.get("times"), series.get("values")
    if not isinstance(times, list) or not isinstance(values, list):
        return ()
    return tuple(_pairs(times, values))


def _pairs(times: Sequence[Plain], values: Sequence[Plain]) -> Iterable[tuple[int, float]]:
    for at_s, value in zip(times, values, strict=False):
        number = _number(value)
        if isinstance(at_s, int) and not isinstance(at_s, bool) and number is not None:
            yield at_s * _NS, number


def _time_text(at_ns: int) -> str:
    if not at_ns:
        return ""
    seconds, rest_ns = divmod(at_ns, _NS)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest_ns // 1000)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _time_ns(value: Plain) -> int:
    """Return the nanoseconds of an RFC 3339 text, or of a number of seconds or nanoseconds; 0 for anything else.

    Alertmanager writes the year 1 for "not yet".
    """
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            return 0
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        since = moment - datetime(1970, 1, 1, tzinfo=UTC)
        at_ns = (since.days * 86_400 + since.seconds) * _NS + since.microseconds * 1000
        return max(0, at_ns)
    number = _number(value)
    if number is None or not 0 < number < 2**63:
        return 0
    return int(value) if number >= 1e15 else int(number * _NS)  # type: ignore[arg-type]
