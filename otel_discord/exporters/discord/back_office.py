"""Opens what an exporter keeps its work in: the sending queue and the office of dead letters, stored or in memory."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from otel_discord.component import Host, Settings, Storage, WorkQueue
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.instruments_discord import DiscordInstruments
from otel_discord.exporterhelper.kept_queue import kept_queue
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.dead_letters.desk import Bury
from otel_discord.exporters.discord.dead_letters.notice import NoticeBook
from otel_discord.exporters.discord.dead_letters.office import LetterOffice, open_office
from otel_discord.exporters.discord.dead_letters.replay_board import ReplayBoard
from otel_discord.exporters.discord.remains import orphans_burial
from otel_discord.exporters.discord.shard import Shard


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOffice:
    """Of one exporter, whether it runs or not."""

    settings: Settings
    config: DiscordConfig
    instruments: ExporterInstruments
    discord_instruments: DiscordInstruments
    release_attachments: Callable[[Sequence[Card]], None]
    shard: Shard | None = None
    """Whose work it is in a fleet."""

    @property
    def owner(self) -> str:
        """Under which name the storage has what is this exporter's."""
        return f"{self.settings.id}/logs"

    def storage(self, host: Host) -> Storage | None:
        """Return the storage that the configuration names; None where the queue is in memory."""
        storage = self.config.sending_queue.storage
        return host.extension(storage, Storage) if storage else None

    def open_queue(self, host: Host) -> AbstractAsyncContextManager[WorkQueue]:
        """Open the queue of the shard, the one in the storage, or the one that the host keeps."""
        storage, limits = self.storage(host), self.config.sending_queue.limits()
        if self.shard is not None:
            return self.shard.open_queue(limits)
        return storage.open_queue(self.owner, limits) if storage else kept_queue(host, limits)

    def open_letters(self, host: Host, queue: WorkQueue, number: int = 0) -> LetterOffice:
        """Open the office of dead letters, at rest that of the shard ``number``; whoever opens it closes it."""
        board = host.kept("replays", ReplayBoard)
        notices = host.kept("notices of dead letters", NoticeBook)
        storage, shard = self.storage(host), self.shard
        if shard is None:
            return open_office(self.settings, self.config.dead_letters, queue, storage, board, notices, shard=number)
        return open_office(
            self.settings,
            self.config.dead_letters,
            queue,
            storage,
            board,
            notices,
            shard=shard.number,
            instruments=shard.letter_instruments,
        )

    def bury_orphans(self, office: LetterOffice) -> Bury:
        """Return what ends cards of which no outbox knows."""
        return orphans_burial(
            office.queue,
            office.box,
            instruments=self.discord_instruments,
            exporter_instruments=self.instruments,
            logger=self.settings.logger,
            release_attachments=self.release_attachments,
        )
