"""All alerts of all rules: bounded, and as bytes for the storage. Pure.

The book knows what has changed since it was last stored, in two degrees: *turns* of a life, which must be on disk
before they are told, and the rest (values, peaks, when data was last seen), which a crash may make some seconds older.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, TypeAlias

import orjson

from otel_discord.connectors.threshold.levels import Level
from otel_discord.connectors.threshold.state import Alert
from otel_discord.signals import Plain

Labels: TypeAlias = tuple[tuple[str, Plain], ...]
PARTS: Final = 32
"""So many values in the storage; only those are written anew that have changed."""
OUTLIVED: Final = "\x00outlived"
"""Ends the name under which alerts of groups are kept that a rule does not make any more, until their end is told."""
_STRIDE: Final = 4096
_PIECE: Final = 512


@dataclass(frozen=True, slots=True)
class Key:
    """Which alert: the rule's name, and the labels of its group in their order."""

    rule: str
    labels: Labels

    def to_json(self) -> list[Any]:
        """Return it for JSON."""
        return [self.rule, [list(pair) for pair in self.labels]]

    @classmethod
    def from_json(cls, data: Any) -> "Key":
        """Return what :meth:`to_json` gave."""
        rule, labels = data
        return cls(str(rule), tuple((str(key), value) for key, value in labels))


@dataclass(slots=True)
class Entry:
    """An alert with what a telling needs of its group."""

    alert: Alert
    resource_keys: tuple[str, ...] = ()
    """Those of its labels that are attributes of the resource."""
    extra: dict[str, str] = field(default_factory=dict)
    """The rule's own labels, as they were when its firing was told: its fingerprint stays for a whole life."""
    sample: Any = None
    """The latest of its group, where the source tells only changes; not stored."""
    rests_until_ns: int = 0
    """Until when nothing can become of it unless something newer comes; 0 where that is not known. An alert that rests
    is idle. Not stored."""
    holds: bool = False
    """Whether it rests because its value is a good one; else because its silence is not yet long."""
    part: int = -1
    """Where it is stored (:func:`part_of`), once that is known."""


@dataclass(slots=True)
class Book:
    """Alerts by rule and group."""

    max_alerts: int = 10_000
    by_rule: dict[str, dict[Labels, Entry]] = field(default_factory=dict)
    refused: int = 0
    """How often an alert could not begin because there are too many."""
    _touched: set[int] = field(default_factory=set)

    def of_rule(self, rule: str) -> dict[Labels, Entry]:
        """Return the alerts of a rule, to look at."""
        return self.by_rule.setdefault(rule, {})

    def add(self, key: Key, entry: Entry) -> None:
        """Put an alert in."""
        self.of_rule(key.rule)[key.labels] = entry
        entry.part = part_of(key)
        self._touched.add(entry.part)

    def remove(self, key: Key) -> None:
        """Forget an alert."""
        if self.of_rule(key.rule).pop(key.labels, None) is not None:
            self.touch(key)

    def touch(self, key: Key) -> None:
        """Note that an alert is not as it is stored."""
        self._touched.add(part_of(key))

    def entries(self) -> Iterator[tuple[Key, Entry]]:
        """Yield every alert."""
        for rule, entries in self.by_rule.items():
            for labels, entry in entries.items():
                yield Key(rule, labels), entry

    def counts(self) -> Mapping[str, int]:
        """Return how many alerts are pending, firing, and muted: active without having been told."""
        counts = {"pending": 0, "firing": 0, "muted": 0}
        for entry in self.restless():
            alert = entry.alert
            if alert.told:
                counts["firing"] += 1
            elif alert.is_active:
                counts["muted"] += 1
            elif alert.is_pending:
                counts["pending"] += 1
        return counts

    def restless(self) -> Iterator[Entry]:
        """Yield every alert of which something can become, and maybe some that are idle."""
        for entries in self.by_rule.values():
            for entry in entries.values():
                if not entry.rests_until_ns:
                    yield entry

    def take_touched(self) -> set[int]:
        """Return the parts that are not as they are stored; they count as stored from now on."""
        touched, self._touched = self._touched, set()
        return touched

    def sort_out(self, rows: Mapping[int, list[tuple[Key, Entry]]]) -> Iterator[None]:
        """Put each alert into the row of its part, where there is one; pauses now and then."""
        count = 0
        for rule, entries in list(self.by_rule.items()) if rows else ():
            for labels, entry in list(entries.items()):
                if entry.part < 0:
                    entry.part = part_of(Key(rule, labels))
                if entry.part in rows:
                    rows[entry.part].append((Key(rule, labels), entry))
                count += 1
                if not count % _STRIDE:
                    yield

    @property
    def size(self) -> int:
        """How many alerts there are, those at rest too."""
        return sum(map(len, self.by_rule.values()))

    def not_stored(self, parts: Iterable[int]) -> None:
        """Take back that these parts are stored."""
        self._touched |= set(parts)

    def restore(self, stored: Iterable[bytes]) -> int:
        """Take in parts; return how many could not be read, and are as if they had never been."""
        unreadable = 0
        for part in stored:
            try:
                found = [(Key.from_json(key), entry_from_json(data)) for key, data in orjson.loads(part)]
            except (ValueError, TypeError, LookupError):
                unreadable += 1
                continue
            for key, entry in found:
                self.of_rule(key.rule)[key.labels] = entry
        return unreadable

    def to_bytes(self) -> bytes:
        """Return the whole book."""
        return part_to_bytes(self.entries())

    @classmethod
    def from_bytes(cls, stored: bytes, max_alerts: int = 10_000) -> "Book":
        """Return the book that :meth:`to_bytes` gave; an empty one where it cannot be read."""
        book = cls(max_alerts)
        book.restore([stored])
        return book


def part_to_bytes(entries: Iterable[tuple[Key, Entry]]) -> bytes:
    """Return alerts for the storage."""
    return orjson.dumps([[key.to_json(), entry_to_json(entry)] for key, entry in entries])


def part_pieces(entries: Iterable[tuple[Key, Entry]]) -> Iterator[bytes]:
    """Yield what :func:`part_to_bytes` returns, in pieces, each as its alerts are at its turn."""
    rest, before = iter(entries), b"["
    while some := list(islice(rest, _PIECE)):
        yield before + part_to_bytes(some)[1:-1]
        before = b","
    yield b"]" if before == b"," else b"[]"


def part_of(key: Key) -> int:
    """Return the part of the storage that an alert is in."""
    digest = hashlib.blake2b(orjson.dumps(key.to_json()), digest_size=4).digest()
    return int.from_bytes(digest, "big") % PARTS


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """Return an alert for JSON; points are not kept."""
    alert = entry.alert
    data: dict[str, Any] = {
        "levels": [
            [severity, level.since_ns, level.clear_ns, int(level.is_active)]
            for severity, level in zip(alert.severities, alert.levels, strict=True)
        ],
        "seen": alert.seen_ns,
        "started": alert.started_ns,
        "value": _number_text(alert.value),
        "peak": _number_text(alert.peak),
        "silent": alert.is_silent,
        "told": alert.told,
        "told_level": alert.told_level,
        "told_silent": alert.told_silent,
        "told_at": alert.told_ns,
        "resource": list(entry.resource_keys),
        "extra": entry.extra,
    }
    return {key: value for key, value in data.items() if value}


def entry_from_json(data: Mapping[str, Any]) -> Entry:
    """Return what :func:`entry_to_json` gave."""
    alert = Alert(
        tuple(str(severity) for severity, *_ in data["levels"]),
        [Level(int(since), int(clear), bool(active)) for _, since, clear, active in data["levels"]],
        seen_ns=int(data.get("seen", 0)),
        started_ns=int(data.get("started", 0)),
        value=_number(data.get("value")),
        peak=_number(data.get("peak")),
        is_silent=bool(data.get("silent")),
        told=str(data.get("told", "")),
        told_level=int(data.get("told_level", 0)),
        told_silent=bool(data.get("told_silent")),
        told_ns=int(data.get("told_at", 0)),
    )
    extra = {str(key): str(value) for key, value in dict(data.get("extra", {})).items()}
    return Entry(alert, tuple(str(key) for key in data.get("resource", ())), extra)


def _number_text(value: float | None) -> str | None:
    return None if value is None else repr(float(value))


def _number(value: object) -> float | None:
    number = float(value) if isinstance(value, str) else None
    return None if number is None or math.isnan(number) else number
