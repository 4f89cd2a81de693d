"""Which problem a record tells of: who has it, of what kind it is, and what its message says without variable parts.

Pure but for what the miner has learnt. Two records of one problem have one fingerprint, in every process.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, NamedTuple

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.alerts.group import Arrival
from otel_discord.exporters.discord.attachments import ATTRIBUTE
from otel_discord.exporters.discord.cards import SAMPLE_CHARS
from otel_discord.exporters.discord.facts_body import MESSAGE_KEYS, body_facts
from otel_discord.exporters.discord.facts_exception import errors_in_group
from otel_discord.exporters.discord.facts_source import SourceFacts
from otel_discord.exporters.discord.mining import Miner, problem_text
from otel_discord.exporters.discord.seen import COUNT_ATTRIBUTE
from otel_discord.signals import Plain, to_plain

KIND_BYTES: Final = 8
"""The first part of a fingerprint says who and what kind, the rest names the group of messages."""
MAX_SAMPLES: Final = 3
_MAX_KINDS: Final = 20_000
_TRACE: Final = "exception.stacktrace"
_TOLD: Final = frozenset(("exception.type", "exception.message", "event.name", ATTRIBUTE))
_NO_PING: Final = 0xFF
_SEPARATOR: Final = "\x1f"


class Problem(NamedTuple):
    """What a record tells of. One is made for each record, hence of the kind that is made fastest."""

    fingerprint: bytes
    """Empty: the record is to be shown by itself, since a file goes along with it."""
    template: str
    text: str
    """The message as sent, its first line."""
    alert: Arrival | None = None
    """What it says of an alert, where that is what it does."""
    status: bytes = b""
    """The serialised record where it is a status: its message shows the newest, whatever that says."""
    most_samples: int = MAX_SAMPLES
    """So many texts beside the first are kept."""
    is_remembered: bool = True
    """Whether its past is worth a word once its cards have ended."""


def without_ping(fingerprint: bytes) -> bytes:
    """Return the fingerprint under which records are counted that ping nobody: one that may ping never joins them."""
    return bytes((fingerprint[0] ^ _NO_PING,)) + fingerprint[1:] if fingerprint else b""


def group_of(fingerprint: bytes) -> str:
    """Return the miner's name for the group of messages, from the fingerprint of a problem."""
    return fingerprint[KIND_BYTES:].hex()


def who(source: SourceFacts) -> str:
    """Return whose problem it is: two services never share one."""
    return f"{source.service}{_SEPARATOR}{source.environment}"


@dataclass(slots=True)
class ProblemFinder:
    """Reads records for one exporter."""

    miner: Miner = field(default_factory=Miner)
    _kinds: dict[tuple[str, str, str, int], bytes] = field(default_factory=dict)

    def find(self, who: str, record: LogRecord, severity: int, *, is_critical: bool) -> Problem:
        """Return the problem of a record; ``severity`` is 1 to 24.

        What lies in another range of severity, or is critical where the other is not, is another problem: an edit of a
        message notifies nobody.
        """
        told: dict[str, Plain] = {pair.key: to_plain(pair.value) for pair in record.attributes if (pair.key in _TOLD)}
        event, exception_type = record.event_name, ""
        if told:
            if ATTRIBUTE in told:
                return Problem(b"", "", "")
            event = event or _text(told.get("event.name"))
            exception_type = _text(told.get("exception.type"))
        text = self._message(record, told, event)
        if exception_type.endswith("ExceptionGroup"):
            inside = errors_in_group(_stack_trace(record))
            if inside:  # else all errors of a program's tasks would be one problem
                exception_type = _SEPARATOR.join((exception_type, *sorted(error.split(":", 1)[0] for error in inside)))
                text = f"{text}: {inside[0]}"
        match = self.miner.match(text)
        key = (who, event, exception_type, (severity - 1) // 4 * 2 + is_critical)
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._new_kind(key)
        return Problem(kind + bytes.fromhex(match.group), match.template, text[:SAMPLE_CHARS])

    def _message(self, record: LogRecord, told: Mapping[str, Plain], event: str) -> str:
        body = record.body.string_value
        text = problem_text(body) if body and body[0] != "{" else problem_text(body_facts(record.body).text)
        message = told.get("exception.message") if told else None
        if isinstance(message, str) and message:
            first = problem_text(message)
            if not text:
                return first
            if first not in text:
                return f"{text}: {first}"
        return text or event or _otherwise_told(record)

    def _new_kind(self, key: tuple[str, str, str, int]) -> bytes:
        if len(self._kinds) >= _MAX_KINDS:
            self._kinds.clear()
        told = _SEPARATOR.join(map(str, key)).encode("utf-8", "surrogatepass")
        kind = self._kinds[key] = blake2b(told, digest_size=KIND_BYTES).digest()
        return kind


def _stack_trace(record: LogRecord) -> str:
    return next((pair.value.string_value for pair in record.attributes if pair.key == _TRACE), "")


def _text(value: Plain) -> str:
    return value if isinstance(value, str) else ""


def _otherwise_told(record: LogRecord) -> str:
    """Return what stands for a message where there is none: a telling attribute, else the names of all entries."""
    attributes = {pair.key: pair.value.string_value for pair in record.attributes if pair.key != COUNT_ATTRIBUTE}
    for key in MESSAGE_KEYS:
        if attributes.get(key):
            return problem_text(attributes[key])
    entries = [*attributes, *(pair.key for pair in record.body.kvlist_value.values)]
    return " ".join(sorted(entries)[:20])
