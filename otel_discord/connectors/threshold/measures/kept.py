"""The newest totals of cumulative streams as bytes, so that a restart makes neither a false rate nor a false reset."""

import json
from array import array
from collections.abc import Hashable, Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from typing import Any, Final

from otel_discord.connectors.threshold.measures.explicit import Explicit
from otel_discord.connectors.threshold.measures.exponential import Exponential, Side
from otel_discord.connectors.threshold.measures.increase import Before

VERSION: Final = 1
_SLICE: Final = 200


def key_of(stream: Hashable) -> str:
    """Return what names a stream over restarts: a digest of its bytes, or of its ``repr``, which must be stable."""
    told = stream if isinstance(stream, bytes) else repr(stream).encode(errors="surrogatepass")
    return blake2b(told, digest_size=12).hexdigest()


def encoded(aggregate: str, streams: Iterable[tuple[str, Before]]) -> Iterator[bytes]:
    """Yield the totals as bytes, some hundred streams a piece."""
    head = json.dumps({"version": VERSION, "aggregate": aggregate}, separators=(",", ":"))
    yield f'{head[:-1]},"streams":['.encode()
    rest = iter(streams)
    separator = ""
    while some := list(islice(rest, _SLICE)):
        rows = [[key, each.at_ns, each.raw_ns, each.start_ns, _plain(each.total)] for key, each in some]
        yield (separator + json.dumps(rows, separators=(",", ":"))[1:-1]).encode()
        separator = ","
    yield b"]}"


def decoded(aggregate: str, data: bytes) -> Mapping[str, Before]:
    """Return the totals; none where they were kept for another aggregation or by another version.

    Raises ``ValueError`` for what is not from ``encoded``.
    """
    try:
        told = json.loads(data)
        if told["version"] != VERSION or told["aggregate"] != aggregate:
            return {}
        return {
            str(key): Before(int(at_ns), int(raw_ns), int(start_ns), _total(total))
            for key, at_ns, raw_ns, start_ns, total in told["streams"]
        }
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"kept totals cannot be read: {error!r}") from error


def _plain(total: Any) -> Any:
    if isinstance(total, Explicit):
        return {"bounds": total.bounds, "counts": list(total.counts)}
    if isinstance(total, Exponential):
        sides = [[side.offset, list(side.counts)] for side in (total.positive, total.negative)]
        return {"scale": total.scale, "sides": sides, "zero": [total.zero_count, total.zero_threshold]}
    return total


def _total(plain: Any) -> Any:
    if isinstance(plain, list):
        count, total = plain
        return int(count), float(total)
    if isinstance(plain, dict) and "bounds" in plain:
        return Explicit(tuple(map(float, plain["bounds"])), plain["counts"])
    if isinstance(plain, dict):
        positive, negative = (Side(int(offset), array("q", counts)) for offset, counts in plain["sides"])
        return Exponential(int(plain["scale"]), positive, negative, int(plain["zero"][0]), float(plain["zero"][1]))
    if isinstance(plain, bool) or not isinstance(plain, (int, float)):
        raise TypeError(f"no total: {type(plain).__name__}")
    return plain
