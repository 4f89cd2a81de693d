"""What becomes of the cards when a message has ended: settled, buried, divided, or back to where they wait."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from otel_discord.component import NewPosted
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.instruments_discord import DestinationInstruments
from otel_discord.discord_api.outcome_types import Delivered, Gone, Unavailable
from otel_discord.exporters.discord.burial import Burial
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.circuit import Circuit
from otel_discord.exporters.discord.delivery import Divide, GiveUp, Isolate, Settle
from otel_discord.exporters.discord.departure import Departure
from otel_discord.exporters.discord.doubt import Group
from otel_discord.exporters.discord.edited_charts import posted_with_charts
from otel_discord.exporters.discord.folding.lane_fold import LaneFold
from otel_discord.exporters.discord.health import Health
from otel_discord.exporters.discord.lane import Lane, patiently
from otel_discord.exporters.discord.lane_memory import LaneMemory
from otel_discord.exporters.discord.lane_state import LaneState
from otel_discord.exporters.discord.outage import destination_works
from otel_discord.exporters.discord.picking import Pick
from otel_discord.exporters.discord.posted_files import posted_files
from otel_discord.exporters.discord.retention import Retention
from otel_discord.exporters.discord.sender import Ended, Unfinished
from otel_discord.exporters.discord.watching.lane_watch import LaneWatch
from otel_discord.signals import Signal


@dataclass(slots=True, kw_only=True)
class Settling:
    """Of one lane."""

    lane: Lane
    memory: LaneMemory
    state: LaneState
    burial: Burial
    departure: Departure
    circuit: Circuit
    health: Health
    instruments: DestinationInstruments
    exporter_instruments: ExporterInstruments
    release_attachments: Callable[[Sequence[Card]], None]
    watch: LaneWatch
    wall_clock: Callable[[], float]
    fold: LaneFold | None = None
    retention: Retention | None = None

    async def conclude(self, pick: Pick, ended: Ended) -> None:
        """Act on the end of a message. Whether one that has used up its tries is an outage is not decided here."""
        stored = ended.composed.stored
        parts: list[Group] = []
        match ended.action:
            case Settle():
                await self._delivered(ended)
            case Isolate(places=places, reason=reason):
                await self._bury(ended, places, str(reason))
                parts = [Group(tuple(card for place, card in enumerate(stored) if place not in places), ended.doubt)]
            case Divide():
                middle = len(stored) // 2
                parts = [Group(stored[:middle], ended.doubt), Group(stored[middle:], ended.doubt)]
            case GiveUp(reason=reason):
                if isinstance(ended.outcome, Unavailable):
                    self.health.ill(self.lane.name, str(reason))
                await self._bury(ended, range(len(stored)), str(reason))
            case _:
                if ended.doubt.exists or pick.group is not None:
                    parts = [Group(stored, ended.doubt, alone=pick.group is not None and pick.group.alone)]
        self._put_back(pick, [*parts, *_left_over(pick, ended)])
        await self._judge(ended)

    def keep(self, pick: Pick, unfinished: Unfinished | None) -> None:
        """Remember, for who comes next, a message that was begun and whose end is not known."""
        if unfinished is None or not unfinished.doubt.exists:
            return
        group = Group(unfinished.cards, unfinished.doubt, alone=pick.group is not None and pick.group.alone)
        rest = pick.group.without({card.id for card in group.cards}) if pick.group else None
        self._put_back(pick, [group, rest] if rest else [group])

    def _put_back(self, pick: Pick, parts: Sequence[Group]) -> None:
        groups = self.memory.groups
        if pick.group is not None:
            del groups[pick.place]
        for part in reversed(parts):
            if part.cards:
                groups.insert(pick.place, part)

    async def _judge(self, ended: Ended) -> None:
        """Let breaker and health know what the answer says of the destination."""
        outcome = ended.outcome
        if destination_works(outcome):
            await self.circuit.works()
        elif isinstance(outcome, Gone):
            await self.departure.begin(outcome)
        elif isinstance(outcome, Unavailable) and ended.tripped and isinstance(ended.action, GiveUp):
            await self.circuit.hold(outcome)

    async def _delivered(self, ended: Ended) -> None:
        composed = ended.composed
        self.watch.sent(composed, ended.outcome, ended.attempts)
        await self.lane.delivered(composed.stored, self._kept(ended))
        self.release_attachments(composed.cards)
        self.instruments.message_sent(embeds=len(composed.message.embeds), attempts=ended.attempts)
        self.exporter_instruments.sent(Signal.LOGS, composed.records)
        now_s = self.wall_clock()
        if isinstance(ended.outcome, Delivered):
            await self.state.arrived(composed, ended.outcome, now_s)
        for card in composed.cards:
            self.instruments.record_visible(now_s - card.first_seen_ns / 1e9)

    def _kept(self, ended: Ended) -> NewPosted | None:
        outcome, composed = ended.outcome, ended.composed
        if not isinstance(outcome, Delivered) or not outcome.message_id:
            return None
        if self.fold is None and self.retention is None:
            return None
        note = composed.note
        if composed.post:
            note = replace(note, thread_id=composed.message.thread_id or outcome.channel_id)
        stored = composed.stored[: composed.kept]
        shown = [card.count for card in composed.cards[: composed.kept]]
        kept = [pair for pair in zip(stored, shown, strict=True) if self.fold is not None and self.fold.keeps(pair[0])]
        if self.fold is None or not (kept or self.fold.folds_records):
            return self.retention.own_message(outcome.message_id, note) if self.retention else None
        note = replace(note, files=posted_files(outcome.body))
        posted = self.fold.arrived(outcome.message_id, note, [card for card, _ in kept], [count for _, count in kept])
        posted_with_charts(self.fold.book.messages[outcome.message_id], composed.message, composed.cards, outcome.body)
        if self.retention is not None:
            self.retention.arrived(posted, replace(note, webhook_id=self.fold.webhook_id))
        return posted

    async def _bury(self, ended: Ended, places: Sequence[int], reason: str) -> None:
        cards = [ended.composed.stored[place] for place in places]
        cause = Cause.of(ended.outcome, reason, ended.attempts)
        await patiently(lambda: self.burial.bury(cards, cause), self.lane.logger, "a dead letter")


def _left_over(pick: Pick, ended: Ended) -> list[Group]:
    """Return what the message did not take along: of its doubtful first try, and of its group."""
    parts = [Group(ended.left_over, ended.doubt)] if ended.left_over else []
    if pick.group is not None:
        rest = pick.group.without({card.id for card in (*ended.composed.stored, *ended.left_over)})
        parts += [rest] if rest else []
    return parts
