"""A message has used up its tries: is it the message or the destination? ``outage`` decides, this asks and acts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from otel_discord.discord_api.client import WebhookInfo
from otel_discord.discord_api.outcome_types import Gone, Outcome, Unavailable
from otel_discord.exporters.discord.burial import Burial
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.circuit import Circuit
from otel_discord.exporters.discord.departure import Departure
from otel_discord.exporters.discord.dispatch import Dispatch
from otel_discord.exporters.discord.doubt import Group
from otel_discord.exporters.discord.lane import Lane, patiently
from otel_discord.exporters.discord.lane_memory import LaneMemory
from otel_discord.exporters.discord.outage import Verdict, after_exhaustion, after_look, destination_works
from otel_discord.exporters.discord.picking import Pick, Picker
from otel_discord.exporters.discord.sender import Ended


@dataclass(slots=True, kw_only=True)
class Suspicion:
    """Of one lane."""

    lane: Lane
    memory: LaneMemory
    circuit: Circuit
    picker: Picker
    dispatch: Dispatch
    departure: Departure
    burial: Burial
    ask_webhook: Callable[[], Awaitable[WebhookInfo | Outcome | None]]
    tries_alone: int
    """How many tries a single card is given before it is given up."""

    async def follow_up(self, pick: Pick, ended: Ended, *, was_probe: bool) -> None:
        """Decide about a message that has used up its tries and stands first in its lane again."""
        if not isinstance(ended.outcome, Unavailable):
            return
        stored = ended.composed.stored
        alone = pick.group is not None and pick.group.alone
        probes = self.memory.breaker.probes
        verdict = after_exhaustion(
            ended.outcome,
            alone=alone,
            others_wait=len(await self.lane.head(len(stored) + 1)) > len(stored),
            look_is_due=self.memory.looks.is_due(probes),
        )
        if verdict is Verdict.LOOK:
            works = await self._destination_works(alone=alone)
            if self.memory.gone is not None or self.dispatch.sender.stopping:
                return
            used_up = ended.attempts >= self.tries_alone or (alone and not was_probe)
            verdict = after_look(works=works, cards=len(stored), used_up=used_up)
            if not works:
                self.memory.looks = self.memory.looks.after_failure(probes)
        await self._act(verdict, ended, ended.outcome)

    async def _destination_works(self, *, alone: bool) -> bool:
        """Ask whether the webhook answers, then let the next cards go, once."""
        answer = await self.ask_webhook()
        if isinstance(answer, Gone) and answer.code:
            await self.departure.begin(answer)
        if not isinstance(answer, WebhookInfo):
            return False
        others = await self.picker.pick(behind=1)
        ended = await self.dispatch.send(others, once=True) if others else None
        return alone if ended is None else destination_works(ended.outcome)

    async def _act(self, verdict: Verdict, ended: Ended, outcome: Unavailable) -> None:
        groups = self.memory.groups
        match verdict:
            case Verdict.DIVIDE:
                suspect = groups.popleft()
                groups.extendleft(Group((card,), suspect.doubt, alone=True) for card in reversed(suspect.cards))
            case Verdict.ALONE:
                groups[0] = replace(groups[0], alone=True)
            case Verdict.BURY:
                cards = groups[0].cards
                cause = Cause.of(outcome, outcome.reason, ended.attempts)
                await patiently(lambda: self.burial.bury(cards, cause), self.lane.logger, "a dead letter")
                self.memory.forget_cards({card.id for card in cards})
            case _:
                await self.circuit.hold(outcome)
