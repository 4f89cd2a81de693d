"""What a resource carries within a fleet beside what its sender said: for which run it was taken in, or that a card
is on its way from a run's lane to a destination of the configuration, which another shard has. Pure.

What a sender writes under these names is taken away where it comes in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

TAKEN_FOR: Final = "otel_discord.run.taken_for"
MOVED: Final = "otel_discord.run.moved"
_KEYS: Final = frozenset((TAKEN_FOR, MOVED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Where a card goes on, and what it says of its way."""

    to: str
    """The destination."""
    been_to: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Of one resource."""

    taken_for: str = ""
    """The run whose telemetry it was when it came in: but for what goes to all, only the run's shard has it."""
    moved: Moved | None = None


NONE: Final = Marks()


def marks_of(resource: Resource) -> Marks:
    """Return what a resource carries; ``NONE`` itself where it carries nothing."""
    found = {pair.key: pair.value.string_value for pair in resource.attributes if pair.key in _KEYS}
    if not found:
        return NONE
    return Marks(taken_for=found.get(TAKEN_FOR, ""), moved=_read(found.get(MOVED, "")))


def mark_taken(resource: Resource, run: str) -> None:
    """Note for which run a resource's records were taken in; ``run`` is the name of its lane."""
    resource.attributes.add(key=TAKEN_FOR).value.string_value = run


def mark_moved(resource: Resource, moved: Moved) -> None:
    """Note where a card goes on."""
    said = {"to": moved.to, "been_to": list(moved.been_to), "notes": list(moved.notes)}
    resource.attributes.add(key=MOVED).value.string_value = orjson.dumps(said).decode()


def is_marked(resource: Resource) -> bool:
    """Return whether a resource carries something."""
    return any(pair.key in _KEYS for pair in resource.attributes)


def unmark(resource: Resource) -> None:
    """Take away what a resource carries."""
    kept = [pair for pair in resource.attributes if pair.key not in _KEYS]
    del resource.attributes[:]
    resource.attributes.extend(kept)


def as_sent(of_resource: ResourceLogs) -> ResourceLogs:
    """Return a resource as its sender wrote it, without its records."""
    bare = ResourceLogs(schema_url=of_resource.schema_url)
    bare.resource.CopyFrom(of_resource.resource)
    unmark(bare.resource)
    return bare


def _read(text: str) -> Moved | None:
    try:
        said: Any = orjson.loads(text or b"null")
    except ValueError:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("to"), str):
        return None
    return Moved(to=said["to"], been_to=_texts(said.get("been_to")), notes=_texts(said.get("notes")))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()
