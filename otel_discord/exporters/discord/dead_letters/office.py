"""Puts the parts together for one exporter: where letters are kept, who looks after them, who answers for them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from otel_discord.component import KeepsState, Settings, Storage, WorkQueue
from otel_discord.component.instruments_discord import DeadLetterInstruments
from otel_discord.exporters.discord.config import DeadLettersConfig
from otel_discord.exporters.discord.dead_letters.box import LetterBox, LogBox
from otel_discord.exporters.discord.dead_letters.copies import LetterCopies
from otel_discord.exporters.discord.dead_letters.desk import Bury, DeadLetterDesk
from otel_discord.exporters.discord.dead_letters.file_box import FileBox
from otel_discord.exporters.discord.dead_letters.file_names import MIB, Bounds, stem_of
from otel_discord.exporters.discord.dead_letters.letter_files import LetterFiles
from otel_discord.exporters.discord.dead_letters.notice import NoticeBook
from otel_discord.exporters.discord.dead_letters.replay import Lanes
from otel_discord.exporters.discord.dead_letters.replay_board import ReplayBoard, watched
from otel_discord.exporters.discord.dead_letters.stored_box import StoredBox
from otel_discord.exporters.discord.dead_letters.upkeep import SWEEP_S, Say, Show, Upkeep
from otel_discord.exporters.discord.own_messages import show_built_in

DIRECTORY_NAME: Final = "dead-letters"
_COPIES: Final = "%stored"
"""In the name of files that are copies of rows: nothing is sent again from them."""
_LAST_TIDY_S: Final = 10.0


def letters_directory(config: DeadLettersConfig, storage: Storage | None) -> Path | None:
    """Return where files go: as configured, else beside the storage's own; None for none."""
    if "directory" not in config.model_fields_set and isinstance(storage, KeepsState):
        return storage.state_directory / DIRECTORY_NAME
    return Path(config.directory) if config.directory else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterOffice:
    """The dead letters of one open exporter. ``queue`` is the one to work with: replays are followed through it."""

    exporter: str
    queue: WorkQueue
    box: LetterBox
    board: ReplayBoard
    copies: LetterCopies | None
    notices: NoticeBook
    instruments: DeadLetterInstruments
    logger: logging.Logger

    def desk(self, destinations: Collection[str], bury: Bury, lanes: Lanes | None = None) -> DeadLetterDesk:
        """Return who answers the front desk; without ``lanes`` nothing is sent."""
        return DeadLetterDesk(
            exporter=self.exporter,
            queue=self.queue,
            box=self.box,
            board=self.board,
            destinations=destinations,
            bury=bury,
            instruments=self.instruments,
            copies=self.copies,
            lanes=lanes,
        )

    @asynccontextmanager
    async def looked_after(
        self, say: Say, fallback_of: Callable[[str], str], show: Show = show_built_in
    ) -> AsyncIterator[Upkeep]:
        """Keep copies, bounds and notices up as long as the block runs; at its end once more without notices."""
        upkeep = Upkeep(
            box=self.box,
            copies=self.copies,
            instruments=self.instruments,
            logger=self.logger,
            say=say,
            show=show,
            fallback_of=fallback_of,
            book=self.notices,
            sweep_s=float("inf") if isinstance(self.box, LogBox) else SWEEP_S,
        )
        task = asyncio.create_task(self._begin(upkeep), name=f"{self.exporter} dead letters")
        try:
            with self.instruments.watch(lambda: self.box.kept):
                yield upkeep
        finally:
            task.cancel()
            await asyncio.wait([task])
            if self.copies is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LAST_TIDY_S):
                        await upkeep.tidy()

    async def _begin(self, upkeep: Upkeep) -> None:
        if isinstance(self.box, FileBox):
            try:
                await self.box.look()
            except OSError as error:
                self.logger.warning("the dead letters cannot be looked at: %s", error)
        await upkeep.run()

    def close(self) -> None:
        """Let other processes replay."""
        if isinstance(self.box, FileBox):
            self.box.close()


def open_office(
    settings: Settings,
    config: DeadLettersConfig,
    queue: WorkQueue,
    storage: Storage | None,
    board: ReplayBoard,
    notices: NoticeBook | None = None,
    *,
    shard: int = 0,
    instruments: DeadLetterInstruments | None = None,
) -> LetterOffice:
    """Return the office of an exporter whose queue is open; nothing is written before the first letter.

    ``board`` and ``notices`` are kept beyond one instance of the exporter. Each ``shard`` of a fleet has files of its
    own; ``instruments`` are those that offices of one exporter share.
    """
    exporter = str(settings.id)
    directory = letters_directory(config, storage)
    bounds = Bounds(int(config.max_mib * MIB), config.retention)
    instruments = instruments or DeadLetterInstruments(settings.meter, exporter)
    own = f"%{shard}" if shard else ""

    async def on_delivered(letter_ids: Sequence[int]) -> None:
        if not isinstance(box, FileBox):
            return
        try:
            await box.delivered(letter_ids)
        except OSError as error:
            settings.logger.error(  # noqa: TRY400 - the disk failed, not the program
                "letters were sent again, but that cannot be noted: after a restart they may be sent once more: %s",
                error,
                extra={"letters": ",".join(str(letter_id) for letter_id in letter_ids)},
            )

    queue = watched(queue, board, on_delivered)
    copies: LetterCopies | None = None
    box: LetterBox
    if queue.keeps_letters:
        box = StoredBox(queue, board, bounds)
        if directory is not None:
            files = LetterFiles(directory, stem_of(exporter) + _COPIES + own, bounds)
            copies = LetterCopies(queue, files, exporter)
    elif directory is not None:
        box = FileBox(queue, board, LetterFiles(directory, stem_of(exporter) + own, bounds), exporter)
    else:
        box = LogBox(queue)
    return LetterOffice(
        exporter=exporter,
        queue=queue,
        box=box,
        board=board,
        copies=copies,
        notices=notices or NoticeBook(),
        instruments=instruments,
        logger=settings.logger,
    )
