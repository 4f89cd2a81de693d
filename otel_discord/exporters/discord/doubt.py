"""Cards that may be in Discord already although it did not say so, and the groups in which they go again. Pure.

What is in doubt is packed by itself, so that only it carries the mark of a repeat.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from otel_discord.component import StoredCard
from otel_discord.discord_api.outcome_types import Outcome, Unavailable

_NOT_SERVED: Final = 503
"""Ambiguous like every 5xx, yet it says that the request was not served: good enough for another destination."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is not known about the tries so far."""

    exists: bool = False
    """A message with these cards was begun and may be in Discord; the next one says so."""
    may_be_there: bool = False
    """At least one try ended without any word of its end, so that no other destination is told as well."""
    uncounted: bool = False
    """The last try is the doubtful one: sending again makes one more possible duplicate."""


NO_DOUBT: Final = Doubt()
LOST: Final = Doubt(exists=True, may_be_there=True, uncounted=True)
"""The process ended between the message and its answer."""


def doubt_after(doubt: Doubt, outcome: Outcome) -> Doubt:
    """Return the doubt after one more try; only a delivery ends it, and then nobody asks."""
    if not (isinstance(outcome, Unavailable) and outcome.ambiguous):
        return doubt
    return Doubt(exists=True, may_be_there=doubt.may_be_there or outcome.status != _NOT_SERVED, uncounted=True)


def counted(doubt: Doubt) -> Doubt:
    """Return the doubt once a repeat has been counted."""
    return replace(doubt, uncounted=False)


@dataclass(frozen=True, slots=True)
class Group:
    """Cards that go by themselves, before everything else of their lane."""

    cards: tuple[StoredCard, ...]
    doubt: Doubt = NO_DOUBT
    alone: bool = False
    """A single card under suspicion: others were delivered meanwhile, so its attempts count."""

    def without(self, card_ids: Collection[int]) -> "Group | None":
        """Return the group without some of its cards; None where none is left."""
        kept = tuple(card for card in self.cards if card.id not in card_ids)
        return replace(self, cards=kept) if kept else None


def in_doubt_first(head: Sequence[StoredCard]) -> tuple[StoredCard, ...]:
    """Return the cards at the very front that an earlier run left in doubt."""
    return tuple(takewhile(lambda card: card.in_doubt, head))


def up_to_doubt(head: Sequence[StoredCard]) -> list[StoredCard]:
    """Return the cards at the front that nobody has sent yet."""
    return list(takewhile(lambda card: not card.in_doubt, head))
