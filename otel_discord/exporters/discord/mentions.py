"""Who is pinged by a message, and whether this hour's budget has room for it. Pure; times are Unix time.

A card is pinged for once, by the message that tells it first. A route's mention takes the place of the destination's
for the records of that route, and each mention has a budget of its own in each destination.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

HOUR_S: Final = 3600.0
MAX_NAMED_CHARS: Final = 1_000
"""What all mentions of a destination may take of a message's content together."""
_MAX_CARD_IDS: Final = 50
"""Of one message; more are not needed to know it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Whom to ping for what."""

    key: str = ""
    """The mark of the route that it belongs to, "" for the destination's own."""
    min_severity: int
    roles: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    max_per_hour: int

    @property
    def chips(self) -> tuple[str, ...]:
        """The words that ping."""
        return (*(f"<@&{role}>" for role in self.roles), *(f"<@{user}>" for user in self.users))


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A card that a message tells for the first time."""

    card_id: int
    severity: int
    routes: tuple[str, ...] = ()
    is_critical: bool = False
    no_ping: bool = False


@dataclass(frozen=True, slots=True)
class Ping:
    """One message that pings."""

    key: str
    at_s: float
    card_ids: frozenset[int] = frozenset()
    """Its cards, until it has arrived: sent again, it is the same message."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The pings of one destination within the last hour."""

    pings: tuple[Ping, ...] = ()

    def used(self, key: str, now_s: float) -> int:
        """Return how many of them are of one mention."""
        return sum(ping.key == key for ping in self.now(now_s).pings)

    def now(self, now_s: float) -> "Budget":
        """Return the budget without what is an hour old, or so far ahead that the clock was set back."""
        kept = tuple(ping for ping in self.pings if abs(now_s - ping.at_s) < HOUR_S)
        return self if len(kept) == len(self.pings) else Budget(kept)

    def holds(self, key: str, card_ids: frozenset[int]) -> bool:
        """Return whether a ping for some of these cards has been begun."""
        return any(ping.key == key and ping.card_ids & card_ids for ping in self.pings)

    def begun(self, pings: Iterable[Ping]) -> "Budget":
        """Return the budget with these pings; one that was begun before for the same cards is not counted again."""
        kept = list(self.pings)
        for ping in pings:
            before = next((each for each in kept if each.key == ping.key and each.card_ids & ping.card_ids), None)
            if before is not None:
                kept.remove(before)
            kept.append(ping)
        return Budget(tuple(kept))

    def arrived(self, pings: Iterable[Ping], now_s: float) -> "Budget":
        """Return the budget once the message with these pings is in Discord."""
        own = set(pings)
        begun = self.begun(own).pings
        return Budget(tuple(Ping(ping.key, now_s) if ping in own else ping for ping in begun))

    def to_bytes(self) -> bytes:
        """Return it as it is stored."""
        return json.dumps([[ping.key, ping.at_s, sorted(ping.card_ids)] for ping in self.pings]).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Budget":
        """Return what was stored; an empty budget where that cannot be read."""
        try:
            return cls(
                tuple(Ping(str(key), float(at_s), frozenset(map(int, ids))) for key, at_s, ids in json.loads(stored))
            )
        except (ValueError, TypeError):
            return cls()


@dataclass(frozen=True, slots=True)
class Call:
    """Whom a message pings, and what its content says about it."""

    roles: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    address: str = ""
    pings: tuple[Ping, ...] = ()


NOBODY_CALLED: Final = Call()


def mentions_for(subject: Subject, mentions: Sequence[Mention]) -> list[Mention]:
    """Return whom a card pings, whatever the budget says."""
    if subject.no_ping:
        return []
    of_routes = [mention for mention in mentions if mention.key and mention.key in subject.routes]
    chosen = of_routes or [mention for mention in mentions if not mention.key]
    return [mention for mention in chosen if subject.severity >= mention.min_severity and mention.chips]


def call_for(
    subjects: Sequence[Subject], mentions: Sequence[Mention], budget: Budget, now_s: float, *, is_quiet: bool = False
) -> Call:
    """Return whom a message with these cards pings.

    Args:
        subjects: its cards.
        mentions: of its destination, its routes' included.
        budget: what was pinged there.
        now_s: the time.
        is_quiet: quiet hours: only what is critical pings.
    """
    wanted: dict[Mention, list[int]] = {}
    for subject in subjects:
        if subject.is_critical or not is_quiet:
            for mention in mentions_for(subject, mentions):
                wanted.setdefault(mention, []).append(subject.card_id)
    if not wanted:
        return NOBODY_CALLED
    budget = budget.now(now_s)
    granted, refused, pings = list[Mention](), list[Mention](), list[Ping]()
    for mention, card_ids in wanted.items():
        ids = frozenset(sorted(card_ids)[:_MAX_CARD_IDS])
        if budget.holds(mention.key, ids) or budget.used(mention.key, now_s) < mention.max_per_hour:
            granted.append(mention)
            pings.append(Ping(mention.key, now_s, ids))
        elif mention.max_per_hour:
            refused.append(mention)
    chips = dict.fromkeys(chip for mention in granted for chip in mention.chips)
    limits = dict.fromkeys(mention.max_per_hour for mention in refused)
    lines = [" ".join(chips), *(f"-# no ping: {limit} of {limit} this hour are used" for limit in limits)]
    return Call(
        roles=tuple(dict.fromkeys(role for mention in granted for role in mention.roles)),
        users=tuple(dict.fromkeys(user for mention in granted for user in mention.users)),
        address="\n".join(line for line in lines if line),
        pings=tuple(pings),
    )


def named_chars(mentions: Iterable[Mention]) -> int:
    """Return how much of a message the mentions take if all ping at once."""
    return len(" ".join(dict.fromkeys(chip for mention in mentions for chip in mention.chips)))
