"""What every client is asked to send: numbered records with all that a log record can hold, as a JSON file."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SEVERITIES = (
    (17, "ERROR"),
    (13, "Warning"),
    (9, "INFO"),
    (20, "ERROR4"),
    (5, "DEBUG"),
    (18, ""),
    (1, "trace"),
    (14, "WARN2"),
    (21, "FATAL"),
    (12, "INFO4"),
)
CRITICAL = 21
WARN = 13

TEXTS = (
    "payment declined: gateway timeout",
    "Zahlung abgelehnt: Größe ungültig, bitte prüfen",
    "支払いが拒否されました、後でもう一度",
    "платёж отклонён — попробуйте позже",
    "تم رفض الدفع",
    "card 💳 declined 🔥 family 👩‍👩‍👧 here",
    "a*b_c ~d~ |e| `f` [g](h) <i> & \"j\" 'k'",
    "null value: naïve café ½ ≤ ∞ 𝕏",
    "नमस्ते भुगतान विफल",
    "tab\tand trailing dot.",
)

KINDS: dict[str, Any] = {
    "order.id": 48213,
    "lowest": -(2**53) + 1,
    "ratio": 0.25,
    "tiny": 1.5e-300,
    "retry": False,
    "gateway": "strîpe",
    "empty": "",
    "tags": ["a", "ü", "火"],
    "codes": [1, -2, 3],
    "flags": [True, False],
    "weights": [0.5, 2.25],
    "raw": {"$bytes": base64.b64encode(b"\x00\xffbytes").decode()},
    "cart": {"items": 3, "note": "größe", "nested": {"deep": [1, "two", True]}},
}


@dataclass(frozen=True)
class Record:
    stream: str
    number: int
    text: str
    severity: int
    severity_text: str
    attributes: dict[str, Any] = field(default_factory=dict)
    throws: bool = False
    structured: bool = False
    event_name: str = ""
    trace_id: str = ""
    span_id: str = ""

    @property
    def message(self) -> str:
        return f"{self.stream} n{self.number:04d} {self.text}"

    @property
    def body(self) -> Any:
        if not self.structured:
            return self.message
        return {"message": self.message, "attempt": self.number, "share": 0.125, "last": True, "path": ["x", 2]}

    def to_json(self) -> dict[str, Any]:
        return {
            "severity": self.severity,
            "severity_text": self.severity_text,
            "body": self.body,
            "message": self.message,
            "attributes": self.attributes,
            "throws": self.throws,
            "event_name": self.event_name,
            "trace_id": self.trace_id,
            "span_id": self.span_id,
        }


def numbered(stream: str, count: int) -> list[Record]:
    """Return ``count`` records: every severity, every kind of attribute, exceptions, trace context, events."""
    return [_record(stream, number) for number in range(count)]


def _record(stream: str, number: int) -> Record:
    severity, severity_text = SEVERITIES[number % len(SEVERITIES)]
    traced = number % 4 == 0
    return Record(
        stream=stream,
        number=number,
        text=TEXTS[(number * 7) % len(TEXTS)],
        severity=severity,
        severity_text=severity_text,
        attributes=KINDS if number % 5 == 0 else {"order.id": number},
        throws=number % 10 == 3,
        structured=number % 10 == 7,
        event_name="order.failed" if number % 10 == 9 else "",
        trace_id=f"{number + 1:032x}" if traced else "",
        span_id=f"{number + 1:016x}" if traced else "",
    )


@dataclass(frozen=True)
class Plan:
    """Streams that a client sends side by side, each from a thread of its own where the language has threads."""

    records: Sequence[Record]
    flush_each: int = 0
    """Records of a stream after which the client flushes; 0 leaves it to its batch processor."""

    @property
    def streams(self) -> list[str]:
        return list(dict.fromkeys(record.stream for record in self.records))

    def of(self, stream: str) -> Iterator[Record]:
        return (record for record in self.records if record.stream == stream)

    def write(self, path: Path) -> Path:
        streams = [[record.to_json() for record in self.of(stream)] for stream in self.streams]
        path.write_text(json.dumps({"streams": streams, "flush_each": self.flush_each}), encoding="utf-8")
        return path


def plan(client: str, *, streams: int = 2, count: int = 60, flush_each: int = 0) -> Plan:
    names = [f"{client}{index}" for index in range(streams)]
    return Plan([record for name in names for record in numbered(name, count)], flush_each)
