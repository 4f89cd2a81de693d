"""What is remembered of problems beyond their cards: when each was first seen, when last, how often. Pure.

Bounded twice; who was seen least recently is forgotten first. It is stored in parts, so that little is written when
little has changed. Times are those of the records, in nanoseconds since the epoch.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from google.protobuf.message import DecodeError

from otel_discord._proto import queue_pb2
from otel_discord.exporters.discord.cards import PastLife

MAX_PROBLEMS: Final = 20_000
MAX_BYTES: Final = 4 << 20
"""Of all parts together, as stored."""
PARTS: Final = 32
REACH_NS: Final = 7 * 24 * 3_600 * 10**9
"""Nobody is called new before the memory reaches so far back: something may have been forgotten."""
_MAX_VERSION_CHARS: Final = 40
_FIXED_BYTES: Final = 52
"""Of one problem as stored: fingerprint, two times, a count, and what protobuf puts around them."""


@dataclass(slots=True, eq=False)
class Known:
    """One problem's life so far."""

    first_seen_ns: int
    last_seen_ns: int
    count: int
    first_version: str = ""
    """``service.version`` of its first record."""
    template: str = ""

    @property
    def size_bytes(self) -> int:
        """About what it takes up where it is stored; text is counted as if each character took a byte."""
        return _FIXED_BYTES + len(self.first_version) + len(self.template)


@dataclass(slots=True)
class History:
    """Of one exporter."""

    max_problems: int = MAX_PROBLEMS
    max_bytes: int = MAX_BYTES
    forgotten_ns: int = 0
    """When the youngest of those was last seen that were forgotten; 0 while none was."""
    size_bytes: int = 0
    _problems: dict[bytes, Known] = field(default_factory=dict)
    """Those seen last are last."""
    _changed: dict[int, None] = field(default_factory=dict)
    """Parts to be stored, those that wait longest first."""

    def __len__(self) -> int:
        """Return how many problems are remembered."""
        return len(self._problems)

    def past(self, fingerprint: bytes, now_ns: int) -> PastLife | None:
        """Return what is known of a problem; one that counts 0 says that it is new, None that nothing can be said."""
        known = self._problems.get(fingerprint)
        if known is not None:
            return PastLife(
                first_seen_ns=known.first_seen_ns,
                last_seen_ns=known.last_seen_ns,
                count=known.count,
                first_version=known.first_version,
            )
        if self.forgotten_ns and now_ns - self.forgotten_ns < REACH_NS:
            return None
        return PastLife(first_seen_ns=0, last_seen_ns=0, count=0)

    def met(
        self, fingerprint: bytes, *, count: int, first_seen_ns: int, last_seen_ns: int, version: str, template: str
    ) -> None:
        """Remember records of a problem; ``version`` counts where they are its first."""
        known = self._problems.pop(fingerprint, None)
        if known is None:
            known = Known(first_seen_ns, last_seen_ns, 0, version[:_MAX_VERSION_CHARS])
        else:
            self.size_bytes -= known.size_bytes
        known.count += count
        known.first_seen_ns = min(known.first_seen_ns, first_seen_ns)
        known.last_seen_ns = max(known.last_seen_ns, last_seen_ns)
        known.template = template
        self._problems[fingerprint] = known
        self.size_bytes += known.size_bytes
        self._changed.setdefault(part_of(fingerprint))
        self._forget_oldest()

    def templates(self, most: int) -> list[tuple[bytes, str]]:
        """Return fingerprints and templates of those seen last, at most so many, the last one last."""
        newest = list(islice(reversed(self._problems.items()), most))
        return [(fingerprint, known.template) for fingerprint, known in reversed(newest)]

    # -------------------------------------------------------------------------------------------------------- storing

    @property
    def changed(self) -> list[int]:
        """The parts that are not stored as they are, those that wait longest first."""
        return list(self._changed)

    def part(self, number: int) -> bytes:
        """Return a part as it is to be stored, and take it for stored."""
        self._changed.pop(number, None)
        stored = queue_pb2.ProblemHistory(forgotten_unix_nano=self.forgotten_ns)
        for fingerprint, known in self._problems.items():
            if part_of(fingerprint) == number:
                stored.problems.add(
                    fingerprint=fingerprint,
                    first_seen_unix_nano=known.first_seen_ns,
                    last_seen_unix_nano=known.last_seen_ns,
                    count=known.count,
                    first_version=known.first_version,
                    template=known.template,
                )
        return stored.SerializeToString()

    def not_stored(self, number: int) -> None:
        """A part could not be stored: it is still to be."""
        self._changed.setdefault(number)

    @classmethod
    def restored(
        cls, parts: Iterable[bytes], *, max_problems: int = MAX_PROBLEMS, max_bytes: int = MAX_BYTES
    ) -> "History":
        """Return what an earlier run has stored; a part that cannot be read is left out."""
        history = cls(max_problems, max_bytes)
        found: dict[bytes, Known] = {}
        for stored in _readable(parts):
            history.forgotten_ns = max(history.forgotten_ns, stored.forgotten_unix_nano)
            for each in stored.problems:
                found[each.fingerprint] = Known(
                    each.first_seen_unix_nano,
                    each.last_seen_unix_nano,
                    each.count,
                    each.first_version,
                    each.template,
                )
        history._problems = dict(sorted(found.items(), key=lambda item: item[1].last_seen_ns))
        history.size_bytes = sum(known.size_bytes for known in history._problems.values())
        history._forget_oldest()
        return history

    def _forget_oldest(self) -> None:
        while len(self._problems) > self.max_problems or (self.size_bytes > self.max_bytes and len(self) > 1):
            fingerprint = next(iter(self._problems))
            known = self._problems.pop(fingerprint)
            self.size_bytes -= known.size_bytes
            self.forgotten_ns = max(self.forgotten_ns, known.last_seen_ns)
            self._changed.setdefault(part_of(fingerprint))


def part_of(fingerprint: bytes) -> int:
    """Return the part in which a problem is stored. The end of a fingerprint tells messages of one service apart."""
    return fingerprint[-1] % PARTS if fingerprint else 0


def _readable(parts: Iterable[bytes]) -> Iterator[queue_pb2.ProblemHistory]:
    for part in parts:
        try:
            yield queue_pb2.ProblemHistory.FromString(part)
        except DecodeError:
            continue
