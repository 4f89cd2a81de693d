"""The exporter's outboxes, as far as letters need them to be sent again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from otel_discord.exporters.discord.outbox import Outbox


@dataclass(frozen=True, slots=True)
class OutboxLanes:
    """Implements ``replay.Lanes``. ``priority_of`` is the routing table's."""

    outboxes: Mapping[str, Outbox]
    priority_of: Callable[[int], int]

    def known(self) -> Sequence[str]:
        """Return the names of the destinations."""
        return list(self.outboxes)

    async def admit(self, destination: str) -> str:
        """Ask Discord once where a destination was given up; return "" or why it takes nothing."""
        found = await self.outboxes[destination].revive_destination()
        return (
            "" if found.ok else f"Discord does not take messages for {destination!r} ({found.text}); its letters stay."
        )

    def notify(self, destination: str) -> None:
        """Wake the outbox."""
        self.outboxes[destination].notify()

    def priority(self, severity: int) -> int:
        """Return the priority of a card."""
        return self.priority_of(severity)
