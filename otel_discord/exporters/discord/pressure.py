"""Which card goes first when room is short: of the lowest severity the oldest, never what is critical. Pure.

What is needed for that is remembered of each card when it comes, so that nothing is read when it is urgent.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import DecodeError

from otel_discord._proto import queue_pb2
from otel_discord.exporters.discord.routing import CRITICAL_PRIORITY
from otel_discord.signals import severity_range

_REMEMBERED_BATCHES: Final = 256


@dataclass(slots=True)
class Ranks:
    """The cards of all lanes that may go, by range of severity, each range in order of arrival."""

    is_behind: bool = True
    """There may be cards of which nothing is known: those of an earlier run, at first."""
    _ranges: dict[int, dict[int, str]] = field(default_factory=dict)
    """Lanes by card, by the lowest number of the range."""
    _range_of: dict[int, int] = field(default_factory=dict)
    _opened: dict[int, int] = field(default_factory=dict)
    """The first card of each of the batches that were routed last."""

    def __len__(self) -> int:
        """Return how many cards may go."""
        return len(self._range_of)

    def __contains__(self, card_id: object) -> bool:
        """Return whether a card is known."""
        return card_id in self._range_of

    def came(self, card_id: int, lane: str, priority: int, payload: bytes) -> None:
        """A card has come into a lane; ids grow."""
        if priority >= CRITICAL_PRIORITY:
            return
        severity = _severity(payload)
        self._ranges.setdefault(severity, {})[card_id] = lane
        self._range_of[card_id] = severity

    def opened(self, batch_id: int, first_card_id: int) -> None:
        """A batch was routed, and this is its first card."""
        self._opened[batch_id] = first_card_id
        if len(self._opened) > _REMEMBERED_BATCHES:
            del self._opened[next(iter(self._opened))]

    def is_newest(self, card_id: int, batch_id: int) -> bool:
        """Return whether a card came with a batch or after it."""
        first_card_id = self._opened.get(batch_id)
        return first_card_id is not None and card_id >= first_card_id

    def left(self, card_ids: Iterable[int]) -> None:
        """Cards wait no more; unknown ids are ignored."""
        for card_id in card_ids:
            severity = self._range_of.pop(card_id, None)
            if severity is not None:
                of_range = self._ranges[severity]
                del of_range[card_id]
                if not of_range:
                    del self._ranges[severity]

    def sort(self) -> None:
        """Bring cards into order that came later than newer ones."""
        self._ranges = {severity: dict(sorted(cards.items())) for severity, cards in self._ranges.items()}

    def first(self, is_on_its_way: Callable[[str, int], bool] | None = None) -> int | None:
        """Return the card that goes first; None where none may go.

        Args:
            is_on_its_way: whether it is too late for a card, by its lane and id.
        """
        for severity in sorted(self._ranges):
            for card_id, lane in self._ranges[severity].items():
                if is_on_its_way is None or not is_on_its_way(lane, card_id):
                    return card_id
        return None


def _severity(payload: bytes) -> int:
    """Return the lowest number of a card's range of severity; of a damaged card 0, so that it goes first."""
    try:
        return int(severity_range(queue_pb2.Card.FromString(payload).severity))
    except DecodeError:
        return 0
