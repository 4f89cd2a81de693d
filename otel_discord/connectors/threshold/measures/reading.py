"""What a measure says of one group at one moment, and the short history of it that a chart is drawn from."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, overload

from otel_discord.signals import Plain

Labels: TypeAlias = tuple[tuple[str, Plain], ...]
"""Keys of ``group_by`` with their values, in the order of ``group_by``."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of one group."""

    labels: Labels
    value: float | None
    """None: nothing in the window says anything."""
    last_ns: int
    """The time of the newest point, of whatever age."""
    points: Sequence[tuple[int, float]]
    """Recent values, oldest first, at most 120, one for each fifteenth of the window or five seconds, whichever is
    longer. It goes on growing: who keeps it, copies it.
    """


class History(Sequence[tuple[int, float]]):
    """Values over time in little room: one a slot, the newest of it."""

    __slots__ = ("_slot_ns", "_times_ns", "_values")

    def __init__(self, slot_ns: int) -> None:
        self._slot_ns = slot_ns
        self._times_ns = array("q")
        self._values = array("d")

    def add(self, at_ns: int, value: float, limit: int) -> None:
        """Add a value; keep no more than ``limit``."""
        times_ns, values = self._times_ns, self._values
        if times_ns and at_ns // self._slot_ns <= times_ns[-1] // self._slot_ns:
            times_ns[-1], values[-1] = max(at_ns, times_ns[-1]), value
            return
        times_ns.append(at_ns)
        values.append(value)
        if len(times_ns) > limit:
            del times_ns[:-limit], values[:-limit]

    def __len__(self) -> int:
        return len(self._times_ns)

    @overload
    def __getitem__(self, index: int) -> tuple[int, float]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[int, float]]: ...
    def __getitem__(self, index: int | slice) -> tuple[int, float] | list[tuple[int, float]]:
        """Return (time in ns, value), or several of them."""
        if isinstance(index, slice):
            return list(zip(self._times_ns[index], self._values[index], strict=True))
        return self._times_ns[index], self._values[index]
