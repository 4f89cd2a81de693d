"""Where batches come in, put together: intake, what makes room, what tells of losses, and what was not looked at."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from otel_discord.component import Host, WorkQueue
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.instruments_discord import DiscordInstruments
from otel_discord.discord_api.models import Message
from otel_discord.exporterhelper.config import Overflow as OverflowMode
from otel_discord.exporterhelper.config import SendingQueueConfig
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.intake import Intake
from otel_discord.exporters.discord.losses import Losses
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.overflow import Overflow
from otel_discord.exporters.discord.overflow_notice import LossBook
from otel_discord.exporters.discord.unrouted import Unrouted


class Entrance:
    """Of one exporter."""

    def __init__(
        self,
        *,
        config: SendingQueueConfig,
        instruments: ExporterInstruments,
        discord_instruments: DiscordInstruments,
        logger: logging.Logger,
        say: Callable[[str, Message], None],
        release_attachments: Callable[[Sequence[Card]], None],
        wall_clock: Callable[[], float],
    ) -> None:
        """``say`` sends a message of our own to a destination; ``wall_clock`` is Unix time, for display."""
        self.unrouted = Unrouted()
        self.losses = Losses(say=say, instruments=instruments, discord_instruments=discord_instruments, logger=logger)
        self.overflow: Overflow | None = None
        if config.overflow is OverflowMode.DROP_OLDEST:
            self.overflow = Overflow(
                unrouted=self.unrouted,
                release_attachments=release_attachments,
                instruments=instruments,
                discord_instruments=discord_instruments,
                losses=self.losses,
            )
        self.intake = Intake(
            settings=config,
            instruments=instruments,
            wall_clock=wall_clock,
            unrouted=self.unrouted,
            overflow=self.overflow,
        )

    def watched(self, queue: WorkQueue, host: Host) -> WorkQueue:
        """Return the queue to work with, and go on with what a predecessor had to tell."""
        self.losses.book = host.kept("losses", LossBook)
        return self.overflow.watched(queue) if self.overflow is not None else queue

    def begin(self, lock: asyncio.Lock, outboxes: Mapping[str, Outbox]) -> None:
        """Say who sends the cards, and what routing holds while it counts."""
        if self.overflow is not None:
            self.overflow.begin(lock, outboxes)

    def works(self, queue: WorkQueue, *, comes_by_itself: bool = False) -> dict[str, Coroutine[Any, Any, None]]:
        """Return what is to run as long as the exporter does, by name.

        ``comes_by_itself``: others put into the queue, and do not see to its size.
        """
        works = {"losses": self.losses.run(queue)}
        if self.overflow is not None:
            works["overflow"] = self.overflow.run(queue)
            if comes_by_itself:
                works["size of the queue"] = self.overflow.keep_what_comes(queue)
        return works
