"""Fields of a log record by paths such as ``attributes.host\\.name`` or ``body.user.id``. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

BODY: Final = "body"
ATTRIBUTES: Final = "attributes"
_ESCAPED: Final = "\0"


def split_field(field: str) -> list[str]:
    """Return the parts of a path; a dot after a backslash belongs to the part."""
    return [part.replace(_ESCAPED, ".") for part in field.replace("\\.", _ESCAPED).split(".")]


def remove_field(record: LogRecord, path: Sequence[str]) -> None:
    """Remove a field, where it is there; ``attributes`` alone removes all of them."""
    if path == [ATTRIBUTES]:
        del record.attributes[:]
        return
    pairs = _pairs(record, path[0])
    for part in path[1:-1]:
        inner = _find(pairs, part)
        pairs = inner.kvlist_value.values if inner is not None and inner.HasField("kvlist_value") else ()
    for place in reversed(range(len(pairs))):
        if pairs[place].key == path[-1]:
            del pairs[place]


def find_field(record: LogRecord, path: Sequence[str]) -> AnyValue | None:
    """Return a field's value, None where it is not there; ``body`` and ``attributes`` alone are the whole."""
    if path == [BODY]:
        return record.body
    if path == [ATTRIBUTES]:
        whole = AnyValue()
        whole.kvlist_value.values.extend(record.attributes)
        return whole
    pairs, found = _pairs(record, path[0]), None
    for part in path[1:]:
        found = _find(pairs, part)
        if found is None:
            return None
        pairs = found.kvlist_value.values if found.HasField("kvlist_value") else ()
    return found


def _pairs(record: LogRecord, first: str) -> Any:
    if first == ATTRIBUTES:
        return record.attributes
    return record.body.kvlist_value.values if record.body.HasField("kvlist_value") else ()


def _find(pairs: Any, key: str) -> AnyValue | None:
    found = None
    for pair in pairs:
        if pair.key == key:
            found = pair.value
    return found
