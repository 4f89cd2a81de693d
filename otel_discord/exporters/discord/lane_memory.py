"""What an outbox knows of its destination beside the stored cards. Kept over a reload, gone with the process."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

from otel_discord.discord_api.models import Message
from otel_discord.discord_api.outcome_types import Gone
from otel_discord.exporterhelper.breaker import CLOSED, Breaker, returned
from otel_discord.exporters.discord.doubt import Group
from otel_discord.exporters.discord.mentions import Budget
from otel_discord.exporters.discord.outage import Looks
from otel_discord.exporters.discord.posts import Posts


@dataclass(slots=True)
class LaneMemory:
    """A new outbox of the same lane goes on from here: an open breaker stays open, what is in doubt stays marked."""

    fingerprint: str = ""
    """Of the address that the rest is about."""
    breaker: Breaker = CLOSED
    looks: Looks = field(default_factory=Looks)
    gone: Gone | None = None
    groups: deque[Group] = field(default_factory=deque)
    """They go first, each for itself, in this order."""
    notices: deque[Message] = field(default_factory=deque)
    pings: Budget = field(default_factory=Budget)
    posts: Posts = field(default_factory=Posts)
    refuses_buttons: bool = False
    """Discord has refused the buttons of a message; no other has any until the service or the address is another."""
    titles: dict[tuple[str, int], str] = field(default_factory=dict)
    """Of the posts that waiting cards belong to, by template and card."""

    def resume(self, fingerprint: str) -> None:
        """Begin where another outbox ended; what was learnt about another address does not count for this one."""
        self.breaker = returned(self.breaker)
        if self.fingerprint != fingerprint:
            self.breaker, self.looks, self.gone = CLOSED, Looks(), None
            self.fingerprint = fingerprint
            self.refuses_buttons = False

    def end(self) -> None:
        """Nobody goes on from here: what is stored is enough for the next run."""
        self.fingerprint, self.breaker, self.looks, self.gone = "", CLOSED, Looks(), None
        self.groups.clear()
        self.notices.clear()

    def forget_cards(self, card_ids: Collection[int]) -> None:
        """Take cards out of their groups: they have ended or gone elsewhere."""
        if not self.groups:
            return
        kept = [group.without(card_ids) for group in self.groups]
        self.groups.clear()
        self.groups.extend(group for group in kept if group is not None)

    @property
    def doubtful_ids(self) -> frozenset[int]:
        """The cards that may be in Discord."""
        return frozenset(card.id for group in self.groups if group.doubt.may_be_there for card in group.cards)

    @property
    def grouped_ids(self) -> frozenset[int]:
        """The cards that stand in a group."""
        return frozenset(card.id for group in self.groups for card in group.cards)
