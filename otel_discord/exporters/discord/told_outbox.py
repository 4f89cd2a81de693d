"""The side of an outbox that others see: its parts, how it stands, and what it can be told while it runs."""

from dataclasses import dataclass

from otel_discord.component import StoredCard
from otel_discord.component.instruments_discord import DestinationInstruments
from otel_discord.component.online_check import OnlineResult
from otel_discord.discord_api.client import WebhookClient, WebhookInfo
from otel_discord.discord_api.models import Message
from otel_discord.discord_api.outcome_types import Gone
from otel_discord.exporters.discord.arrivals import Arrivals
from otel_discord.exporters.discord.circuit import Circuit
from otel_discord.exporters.discord.departure import Departure
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.detours import Haven
from otel_discord.exporters.discord.dispatch import Dispatch
from otel_discord.exporters.discord.edits import Edits
from otel_discord.exporters.discord.fallback import Fallback
from otel_discord.exporters.discord.greetings import ask_webhook, in_words
from otel_discord.exporters.discord.lane import Lane
from otel_discord.exporters.discord.lane_memory import LaneMemory
from otel_discord.exporters.discord.lane_state import LaneState
from otel_discord.exporters.discord.notices import add_notice
from otel_discord.exporters.discord.picking import Picker
from otel_discord.exporters.discord.retention import Retention
from otel_discord.exporters.discord.suspicion import Suspicion
from otel_discord.exporters.discord.watching.lane_watch import LaneWatch


@dataclass(slots=True, kw_only=True)
class ToldOutbox:
    """What everybody may ask an outbox and tell it; what it does then is ``outbox``'s."""

    destination: Destination
    fingerprint: str
    """Of the destination's address."""
    client: WebhookClient
    timeout_s: float
    lane: Lane
    memory: LaneMemory
    circuit: Circuit
    picker: Picker
    dispatch: Dispatch
    suspicion: Suspicion
    state: LaneState
    departure: Departure
    arrivals: Arrivals
    instruments: DestinationInstruments
    watch: LaneWatch
    max_embeds: int
    is_durable: bool
    """What is not sent stays, so that an end does not wait for a destination that is away."""
    fallback: Fallback | None = None
    edits: Edits | None = None
    """None: nothing is folded."""
    retention: Retention | None = None
    """None: no message is deleted."""

    is_cooling: bool = False
    """Nothing is picked and nothing in flight until a probe may go."""

    @property
    def name(self) -> str:
        """The destination's name, and its lane's."""
        return self.destination.name

    @property
    def is_gone(self) -> bool:
        """Whether the webhook takes nothing any more."""
        return self.memory.gone is not None

    @property
    def gone(self) -> Gone | None:
        """Discord's word that the webhook takes nothing any more."""
        return self.memory.gone

    @property
    def is_open(self) -> bool:
        """Whether the breaker is not closed."""
        return not self.circuit.is_closed

    @property
    def haven(self) -> Haven | None:
        """The outbox of the fallback."""
        return self.fallback.haven if self.fallback else None

    @property
    def is_busy(self) -> bool:
        """Whether a message is in flight, or its end is being written down."""
        return self.dispatch.sender.in_flight

    @property
    def has_unshown(self) -> bool:
        """Whether messages in Discord show less than is counted by now."""
        return self.edits is not None and bool(self.edits.fold.book.stale)

    def holds(self, card_id: int) -> bool:
        """Return whether a card is on its way or may have arrived, so that it is too late to drop it."""
        if card_id in self.dispatch.in_hand or self.lane.has_ended(card_id):
            return True
        return card_id in (self.memory.doubtful_ids if self.is_cooling else self.memory.grouped_ids)

    def notify(self, priority: int = 0) -> None:
        """Say that cards have come into the lane, the highest of this priority."""
        self.arrivals.notify()
        self.dispatch.sender.hasten(priority)

    def look(self) -> None:
        """Say that cards count more than before."""
        self.arrivals.wake()

    def drain(self) -> None:
        """Send what is there without waiting for company; ``run`` ends when the lane is empty."""
        self.arrivals.drain()

    def hurry(self, by: int) -> None:
        """Say how many more, or fewer, wait for everything to be in Discord: as long as there are any, it hurries."""
        self.arrivals.hurrying += by
        self.arrivals.wake()

    def stop(self) -> None:
        """Begin no message any more; ``run`` ends when the one in flight has."""
        self.dispatch.sender.stopping = True
        self.arrivals.wake()

    def say(self, message: Message) -> None:
        """Send a message of our own before the next cards. It is tried a few times, then only the log has it."""
        add_notice(self.memory.notices, message, self.name, self.lane.logger)
        self.arrivals.wake()

    async def drop(self, card: StoredCard) -> StoredCard:
        """End a card that waits, for want of room; return it with everything that it counts.

        Raises:
            RetryableError: the storage cannot end it; it waits on.
        """
        self.memory.forget_cards({card.id})  # before anything is waited for: from now on nobody sends it
        fold = self.dispatch.fold
        if fold is None:
            await self.lane.drop(card)
            return card
        (card,) = fold.current([card])
        await self.lane.drop(card)
        fold.ended([card])
        return card

    async def lift(self) -> None:
        """The webhook is there: use it again if it was given up."""
        await self.departure.end()
        self.arrivals.wake()

    async def revive_destination(self) -> OnlineResult:
        """Look whether a webhook that was given up is there again, with one request; if so it is used again."""
        if not self.is_gone:
            return OnlineResult(self.name, ok=True, text="it is in use")
        answer = await ask_webhook(self.client, self.destination.webhook, self.timeout_s)
        if isinstance(answer, WebhookInfo):
            await self.lift()
            return OnlineResult(self.name, ok=True, text=f"{answer.name!r} posts to channel {answer.channel_id}")
        words = in_words(answer) if answer is not None else f"no answer within {self.timeout_s:g} s"
        return OnlineResult(self.name, ok=False, text=words)
