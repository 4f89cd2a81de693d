"""What one engine of a fleet works on: some of an exporter's destinations, and a queue that is theirs.

An exporter that works alone has none of this: all destinations are its own, and the queue is the exporter's.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from otel_discord.component import WorkQueue
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.instruments_discord import DeadLetterInstruments, DiscordInstruments
from otel_discord.component.storage import QueueLimits
from otel_discord.discord_api.http import Transport
from otel_discord.exporters.discord.masking import Masking
from otel_discord.exporters.discord.mutes.said import MutesSaid
from otel_discord.exporters.discord.sourced.elsewhere import Elsewhere
from otel_discord.exporters.discord.sourced.tally import TallyBook
from otel_discord.exporters.discord.trials.room import TrialRoom


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One of them, as long as this process has its seat. What engines of one process share is made once for them."""

    number: int
    names: frozenset[str]
    """Its destinations."""
    has_run: Callable[[str], bool]
    """Whether the destination of a run is one of its."""
    open_queue: Callable[[QueueLimits], AbstractAsyncContextManager[WorkQueue]]
    is_lost: Callable[[], bool]
    """Whether somebody else may work on it already, so that nothing is to be drained."""
    guarded: Callable[[Transport], Transport]
    """Lets nothing out to Discord while it is not certain that the shard is ours."""
    instruments: ExporterInstruments
    discord_instruments: DiscordInstruments
    letter_instruments: DeadLetterInstruments
    masking: Masking
    mutes_said: MutesSaid
    tallies: TallyBook
    trials: TrialRoom
    """Where it is tried what may end the process."""
    elsewhere: Elsewhere
    """The way to the other shards."""
