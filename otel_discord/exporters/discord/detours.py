"""Where new problems go at once while their own destination takes nothing: to its fallback, and are counted there.

Cards that wait already are moved (``fallback``), each as it is. What comes later must not take that way: each routing
step would open a card of its own, and a few problems in a storm would be hundreds in the fallback's channel. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from otel_discord.exporters.discord.cards import Card

UNREACHABLE: Final = "which cannot be reached"
GONE: Final = "whose webhook is gone"


class Haven(Protocol):
    """An outbox, as one that falls back on it sees it."""

    @property
    def name(self) -> str:
        """The destination's name."""
        ...

    @property
    def is_gone(self) -> bool:
        """Whether its webhook takes nothing any more."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether its circuit breaker is not closed."""
        ...

    @property
    def haven(self) -> "Haven | None":
        """Its own fallback."""
        ...

    def notify(self, priority: int = 0) -> None:
        """Say that cards have come into its lane, the highest of this priority."""
        ...


def note_of(lane: str, why: str) -> str:
    """Return what a card says that is shown elsewhere than in its own destination."""
    return f"for “{lane}”, {why}"


@dataclass(frozen=True, slots=True)
class Detour:
    """The way of one destination's cards."""

    lane: str
    been_to: tuple[str, ...]
    notes: tuple[str, ...]
    critical_only: bool = False
    """The others wait until their destination can be reached."""

    def redirected(self, card: Card) -> Card:
        """Return the card as it goes this way."""
        return replace(card, notes=(*card.notes, *self.notes), been_to=self.been_to)


def detours(outboxes: Iterable[Haven]) -> Mapping[str, Detour]:
    """Return the ways around destinations that take nothing now, by their names; mostly there are none."""
    found = {outbox.name: _detour(outbox) for outbox in outboxes if outbox.is_gone or outbox.is_open}
    return {name: detour for name, detour in found.items() if detour is not None}


def _detour(outbox: Haven) -> Detour | None:
    haven = outbox.haven
    if not outbox.is_gone:
        if haven is None or haven.is_gone or haven.is_open:
            return None
        return Detour(haven.name, (outbox.name,), (note_of(outbox.name, UNREACHABLE),), critical_only=True)
    been_to = [outbox.name]
    while haven is not None and haven.name not in been_to:
        if not haven.is_gone:
            return Detour(haven.name, tuple(been_to), tuple(note_of(lane, GONE) for lane in been_to))
        been_to.append(haven.name)
        haven = haven.haven
    return None
