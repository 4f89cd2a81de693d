"""What the connector keeps over a restart, as one value: who has sent, what is silent, and the batch that tells it.

Being one value it is stored as a whole or not at all. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from otel_discord.connectors.heartbeat.groups import Group, Labels

_SILENT: Final = 1
_UNKNOWN: Final = 2
_NS: Final = 1_000_000_000


@dataclass(slots=True)
class StoredWatch:
    """Groups of a watch; ``severity`` is that of its alerts."""

    severity: str
    groups: dict[Labels, Group]


@dataclass(slots=True)
class Stored:
    """``number`` is that of the latest batch, counted from 1; ``batch`` its bytes, b"" where none has to be told."""

    number: int = 0
    batch: bytes = b""
    watches: dict[str, StoredWatch] = field(default_factory=dict)


def to_bytes(number: int, batch: bytes, watches: Mapping[str, tuple[str, Iterable[tuple[Labels, Group]]]]) -> bytes:
    """Return everything for the storage; a watch is a severity and its groups."""
    head = {
        "number": number,
        "watches": {
            name: {"severity": severity, "groups": [_to_json(labels, group) for labels, group in groups]}
            for name, (severity, groups) in watches.items()
        },
    }
    return orjson.dumps(head) + b"\n" + batch


def from_bytes(stored: bytes, now_s: float, now_ns: int) -> Stored:
    """Return what :func:`to_bytes` gave, at the beginning of a run: silence counts from now, since nobody listened.

    Raises:
        ValueError: it is something else.
    """
    text, _, batch = stored.partition(b"\n")
    try:
        head = orjson.loads(text)
        watches = {
            str(name): StoredWatch(
                str(watch["severity"]), dict(_from_json(data, now_s, now_ns) for data in watch["groups"])
            )
            for name, watch in head["watches"].items()
        }
        return Stored(int(head["number"]), batch, watches)
    except (AttributeError, KeyError, TypeError, LookupError) as error:
        raise ValueError(f"not a state of heartbeats: {error!r}") from error


def _to_json(labels: Labels, group: Group) -> list[Any]:
    flags = group.is_silent * _SILENT + (not group.is_known) * _UNKNOWN
    row: list[Any] = [[list(pair) for pair in labels], group.seen_ns, flags]
    return [*row, group.since_ns, [list(pair) for pair in group.extra]] if group.is_silent else row


def _from_json(data: Any, now_s: float, now_ns: int) -> tuple[Labels, Group]:
    labels, seen_ns, flags, *rest = data
    group = Group(now_s, int(seen_ns), is_known=not flags & _UNKNOWN, is_silent=bool(flags & _SILENT), told_s=now_s)
    group.unheard_s = max(0.0, (now_ns - group.seen_ns) / _NS)
    if group.is_silent:
        group.since_ns, group.extra = int(rest[0]), _labels(rest[1])
    elif not group.is_known:
        group.seen_ns = now_ns
    return _labels(labels), group


def _labels(pairs: Any) -> Labels:
    return tuple((str(key), str(value)) for key, value in pairs)
