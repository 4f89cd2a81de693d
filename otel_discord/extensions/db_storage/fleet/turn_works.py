"""How far each line of puts has come: parts of the work that puts, so that both are stored or neither. Pure.

A line is a row of ``state``, made with its first put and locked while one puts: of a process that was killed and its
successor only one at a time decides whose turn it is. Each new line lets those go that were not used for long.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component.fleet import Turn
from otel_discord.store.rows import payload_of, seal
from otel_discord.store.schema import STATE
from otel_discord.store.statements import columns, marks
from otel_discord.store.work import Many, Query, Row, Steps

KEPT_S: Final = 90 * 86_400
"""A line that nobody has used for so long is forgotten."""


@dataclass(slots=True)
class Lines:
    """Those of one transaction, by their names."""

    owner: str
    stored: dict[str, int]
    """The number that was put last."""
    _moved: set[str] = field(default_factory=set)

    def has(self, turn: Turn) -> bool:
        """Return whether a put is stored."""
        return turn.number <= self.stored[turn.line]

    def is_next(self, turn: Turn) -> bool:
        """Return whether a put's predecessor is stored."""
        return turn.after <= self.stored[turn.line]

    def take(self, turn: Turn) -> None:
        """Note a put as stored."""
        self.stored[turn.line] = turn.number
        self._moved.add(turn.line)

    def close(self, now_s: int) -> Steps[None]:
        """Store how far they have come; ``now_s`` is Unix time."""
        if self._moved:
            yield Many(
                "UPDATE state SET payload_crc = ?, checksum = ?, payload = ? WHERE owner = ? AND key = ?",
                [
                    (*_row(self.owner, line, self.stored[line], now_s)[2:], self.owner, line)
                    for line in sorted(self._moved)
                ],
            )


def lines_of(owner: str) -> str:
    """Return under which name the lines of an exporter's puts are stored."""
    return f"{owner}/lines"


def open_lines(owner: str, turns: Sequence[Turn], now_s: int) -> Steps[Lines]:
    """Make what lines there are not yet, lock those named, and read how far they have come."""
    names = sorted({turn.line for turn in turns})
    if not names:
        return Lines(owner, {})
    yield Many(f"{STATE.insert} ON CONFLICT DO NOTHING", [_row(owner, name, 0, now_s) for name in names])
    rows = yield Query(
        f"SELECT {columns(STATE)} FROM state WHERE owner = ? AND key IN ({marks(len(names))})"  # noqa: S608 - marks
        " ORDER BY key FOR UPDATE",
        (owner, *names),
    )
    stored = {row[1]: _read(row)[0] for row in rows}
    if not all(stored.values()):
        yield from _forget_old(owner, now_s)
    return Lines(owner, stored)


def _forget_old(owner: str, now_s: int) -> Steps[None]:
    rows = yield Query(f"SELECT {columns(STATE)} FROM state WHERE owner = ?", (owner,))  # noqa: S608 - names of ours
    old = sorted(row[1] for row in rows if _read(row)[1] < now_s - KEPT_S)
    if old:
        yield Many("DELETE FROM state WHERE owner = ? AND key = ?", [(owner, key) for key in old])


def _row(owner: str, line: str, number: int, now_s: int) -> Row:
    return seal(STATE, (owner, line), b"%d %d" % (number, now_s))


def _read(row: Row) -> tuple[int, int]:
    """Return a line's number and when it was put; zeros of one that is damaged."""
    number, _, at_s = (payload_of(STATE, row) or b"0 0").partition(b" ")
    return int(number), int(at_s)
