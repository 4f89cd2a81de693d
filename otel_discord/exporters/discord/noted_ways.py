"""Where records go, noted on a request by the replica that took it in: another one may have another configuration, for
as long as a fleet is brought from one to the next. Pure.

It is an unknown field of the request: whoever does not know it passes it on. Whose configuration routes alike needs
none of it. What a sender writes there is taken away where it comes in.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

import orjson
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.config import Secret
from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.routing import Router, Way

_FIELD: Final = 1001
_LENGTH_DELIMITED: Final = 2
_NOWHERE: Final = WebhookUrl("0", Secret(""))
_OWN_LIGHTS: Final = -1
"""Stands for a record that whoever routes it finds the way of: what belongs to a run."""


def routing_fingerprint(router: Router) -> str:
    """Return what is the same for routers that bring every record to the same destinations, in the same words."""
    told = (
        [(item.name, item.min_severity, item.fallback, repr(item.mentions)) for item in router.destinations],
        [
            (each.condition.text, [item.name for item in each.destinations], each.goes_on, each.mark)
            for each in router.routes
        ],
        (router.critical_min_severity, router.critical_to_all),
    )
    return blake2b(repr(told).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def is_noted(request: ExportLogsServiceRequest) -> bool:
    """Return whether a request carries such a note, or something that looks like one."""
    return bool(_notes(request))


def note(
    request: ExportLogsServiceRequest, by: str, ways: Iterable[Way | None], is_here: Callable[[str], bool]
) -> None:
    """Note on a request where each of its records goes, in their order.

    Args:
        request: nobody else's.
        by: the fingerprint of who says so.
        ways: of each record, from the whole routing table; None for one that whoever routes it finds the way of.
        is_here: whether a destination, by name, is in the shard that the request is for.
    """
    numbers: dict[int, int] = {}
    distinct: list[Way] = []
    of: list[int] = []
    for way in ways:
        if way is None:
            of.append(_OWN_LIGHTS)
            continue
        number = numbers.get(id(way))
        if number is None:
            number = numbers[id(way)] = len(distinct)
            distinct.append(way)
        of.append(number)
    told: dict[str, Any] = {"by": by, "ways": [_written(way, is_here) for way in distinct]}
    if of and set(of) != {0}:
        told["of"] = of
    payload = orjson.dumps(told)
    tag = _varint(_FIELD << 3 | _LENGTH_DELIMITED)
    request.MergeFromString(tag + _varint(len(payload)) + payload)


@dataclass(slots=True)
class NotedWays:
    """What another configuration says of the records of one request."""

    ways: Sequence[Way]
    of: Sequence[int]
    _number: int = 0

    def next(self) -> Way | None:
        """Return where the next record goes; None where nothing is said of it.

        A destination that this configuration does not have stands there by its name: what is for it waits in its lane.
        """
        number = self.of[self._number] if self.of else 0
        self._number += 1
        return self.ways[number] if number != _OWN_LIGHTS else None


@dataclass(slots=True)
class Reader:
    """Reads notes for one router; those of its own fingerprint say nothing new."""

    router: Router
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        """Know its own lights."""
        self.fingerprint = routing_fingerprint(self.router)

    def read(self, request: ExportLogsServiceRequest, records: int) -> NotedWays | None:
        """Return what a request of so many records carries; None where it says nothing, or nothing new."""
        if self.router.only is None:
            return None
        notes = _notes(request)
        if not notes:
            return None
        try:
            told = orjson.loads(notes[-1])
            if told["by"] == self.fingerprint:
                return None
            ways = [self._read(each) for each in told["ways"]]
            of = [int(each) for each in told.get("of", ())]
        except (ValueError, KeyError, TypeError):
            return None
        known = range(_OWN_LIGHTS, len(ways))
        if not ways or (of and (len(of) != records or any(each not in known for each in of))):
            return None
        return NotedWays(ways, of)

    def _read(self, told: Mapping[str, Any]) -> Way:
        known = {item.name: item for item in self.router.destinations}
        there = tuple(known.get(name) or _stranger(name) for name in map(str, told["to"]))
        routes = tuple(str(mark) for mark in told["routes"])
        return Way(there, routes, str(told["kind"]), leads_here=bool(told["first"]))


def _stranger(name: str) -> Destination:
    return Destination(name=name, webhook=_NOWHERE, min_severity=0, preset="compact")


def _notes(request: ExportLogsServiceRequest) -> Sequence[Any]:
    unknown = UnknownFieldSet(request)
    fields = [unknown[place] for place in range(len(unknown))]
    return [each.data for each in fields if each.field_number == _FIELD]


def _written(way: Way, is_here: Callable[[str], bool]) -> dict[str, Any]:
    names = [item.name for item in way.destinations]
    return {
        "to": [name for name in names if is_here(name)],
        "first": bool(names) and is_here(names[0]),
        "routes": list(way.routes),
        "kind": way.kind,
    }


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
