"""What goes first when many cards wait: a fair share for each service, a digest when it would take too long. Pure."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from otel_discord.component import StoredCard
from otel_discord.discord_api import limits

LONGEST_WAIT_S = 60.0
"""Who would wait longer for a card's own embed finds it in a digest."""
_MAX_SERVICES = 1_000


def digest_above(messages_per_minute: float, max_embeds: int = limits.EMBEDS_PER_MESSAGE) -> int:
    """Return how many cards may wait in a lane before they are merged into a digest."""
    return max(5 * max_embeds, int(messages_per_minute * LONGEST_WAIT_S / 60 * max_embeds))


@dataclass(slots=True)
class FairShares:
    """Lets the services of one lane take turns. Who has not waited for a while starts with those who have had least,
    and makes up for nothing."""

    _taken: dict[str, int] = field(default_factory=dict)
    _least: int = 0
    """What those who had least had, when somebody last had to wait."""

    def order(self, head: Sequence[StoredCard], service_of: Callable[[StoredCard], str]) -> list[StoredCard]:
        """Return the cards by priority and, within one, so that each service gets its share; a service's own cards stay
        in order."""
        ordered: list[StoredCard] = []
        for _, group in groupby(head, key=lambda card: card.priority):
            ordered += self._turns(list(group), service_of)
        return ordered

    def taken(self, services: Sequence[str]) -> None:
        """Count cards that went while others waited."""
        for service in services:
            self._taken[service] = self._had(service) + 1
        if len(self._taken) > _MAX_SERVICES:
            self._taken = {service: had for service, had in self._taken.items() if had > self._least}
        if len(self._taken) > _MAX_SERVICES:
            self._taken.clear()

    def _turns(self, cards: Sequence[StoredCard], service_of: Callable[[StoredCard], str]) -> list[StoredCard]:
        waiting: dict[str, deque[StoredCard]] = {}
        for card in cards:
            waiting.setdefault(service_of(card), deque()).append(card)
        turns = {service: self._had(service) for service in waiting}
        self._least = min(turns.values())
        ordered: list[StoredCard] = []
        while waiting:
            service = min(waiting, key=lambda name: (turns[name], waiting[name][0].id))
            ordered.append(waiting[service].popleft())
            turns[service] += 1
            if not waiting[service]:
                del waiting[service]
        return ordered

    def _had(self, service: str) -> int:
        return max(self._taken.get(service, 0), self._least)
