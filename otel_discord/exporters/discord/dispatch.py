"""From a pick to its end: composed when the permit comes, sent, settled."""

from dataclasses import dataclass

from google.protobuf.message import DecodeError

from otel_discord.component.instruments import DestinationInstruments
from otel_discord.exporters.discord.arrivals import Arrivals
from otel_discord.exporters.discord.compose import Composed
from otel_discord.exporters.discord.doubt import NO_DOUBT, Group
from otel_discord.exporters.discord.picking import LOOK_AHEAD_CARDS, Pick, Picker
from otel_discord.exporters.discord.sender import Ended, Errand, Sender
from otel_discord.exporters.discord.settling import Settling


@dataclass(slots=True, kw_only=True)
class Dispatch:
    """Of one lane."""

    sender: Sender
    picker: Picker
    settling: Settling
    arrivals: Arrivals
    instruments: DestinationInstruments
    in_hand: frozenset[int] = frozenset()
    """Cards of the message that is being sent."""

    async def send(self, pick: Pick, *, once: bool = False) -> Ended | None:
        """Send what was picked and settle it; None where it was gone by the time that the permit came."""
        group = pick.group
        bounded = self.sender.policy.max_attempts > 0
        suspected = group is not None and group.alone and bounded and self.sender.circuit.is_closed
        self.in_hand = frozenset(card.id for card in group.cards) if group else frozenset()
        errand = Errand(
            compose=lambda: self._compose(group),
            priority=pick.priority,
            doubt=group.doubt if group else NO_DOUBT,
            once=once,
            is_evidence=not (suspected or once),
        )
        try:
            ended = await self.sender.send(errand)
            if ended is not None:
                await self.settling.conclude(pick, ended)
                self.sender.unfinished = None
            return ended
        finally:
            self.settling.keep(pick, self.sender.unfinished)
            self.sender.finished()
            self.in_hand = frozenset()

    async def _compose(self, group: Group | None) -> Composed | None:
        head = group.cards if group else await self.picker.fresh(LOOK_AHEAD_CARDS)
        if not head:
            return None
        try:
            composed = self.sender.composer.compose(head, repeated=bool(group and group.doubt.exists))
        except DecodeError:
            self.picker.sees_damage = True
            return None
        self.in_hand = frozenset(card.id for card in (group.cards if group else composed.stored))
        self.instruments.batch_flushed()
        if group is None:
            self.arrivals.taken(some_left=len(head) > len(composed.stored))
        return composed
