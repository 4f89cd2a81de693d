"""What was learned of operations as bytes, in parts that are stored one by one. Pure.

A part has the operations whose names fall into it, so a part is right by itself, whenever the others were written.
Weights are rounded to four digits and brought to their age at the time of writing.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from otel_discord.connectors.slow_spans.operations import Operation
from otel_discord.connectors.slow_spans.sketch import Sketch

PARTS: Final = 16
_NS: Final = 1_000_000_000


def part_of(operation: Operation) -> int:
    """Return which part an operation is in, from 0."""
    text = "\0".join((operation.service, operation.name, str(operation.kind)))
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=1).digest()[0] % PARTS


def to_bytes(learned: Iterable[tuple[Operation, Sketch]], now_s: float, now_ns: int) -> bytes:
    """Return the operations of one part; ``now_s`` is on the clock of the sketches, ``now_ns`` wall time."""
    rows = [[*operation, *_row(sketch, now_s)] for operation, sketch in learned]
    return orjson.dumps({"at_ns": now_ns, "operations": rows})


def from_bytes(stored: bytes, now_s: float, now_ns: int) -> list[tuple[Operation, Sketch]]:
    """Return what :func:`to_bytes` gave; time that went by between two runs counts as time without spans.

    Raises:
        ValueError: it is something else.
    """
    try:
        told = orjson.loads(stored)
        away_s = max(0.0, (now_ns - int(told["at_ns"])) / _NS)
        return list(_read(told["operations"], now_s - away_s))
    except (AttributeError, KeyError, TypeError, LookupError) as error:
        raise ValueError(f"not what was learned of operations: {error!r}") from error


def _row(sketch: Sketch, now_s: float) -> list[Any]:
    factor = 2.0**-sketch.age
    weights = [float(f"{weight * factor:.4g}") for weight in sketch.weights.values()]
    return [sketch.seen, round(max(0.0, now_s - sketch.last_s), 3), list(sketch.weights), weights]


def _read(rows: Any, written_s: float) -> Iterator[tuple[Operation, Sketch]]:
    for service, name, kind, seen, idle_s, buckets, weights in rows:
        sketch = Sketch(1.0, seen=int(seen), last_s=written_s - float(idle_s))
        sketch.weights = {int(bucket): float(weight) for bucket, weight in zip(buckets, weights, strict=True)}
        yield Operation(str(service), str(name), int(kind)), sketch
