"""What keeps a storage in room: measuring it, the ballast, checkpoints, giving room back. In the storage's thread."""

import logging
import time
from typing import Final

import apsw

from otel_discord.extensions.file_storage.ballast import Ballast
from otel_discord.extensions.file_storage.options import DatabaseOptions
from otel_discord.extensions.file_storage.space import ballast_bytes, log_bytes, may_take_ballast
from otel_discord.extensions.file_storage.space_meter import SpaceMeter, volume_of
from otel_discord.extensions.file_storage.store_file import StoreFile

_PAGES_A_STEP: Final = 128


class Upkeep:
    """Looks after the room of one database file."""

    def __init__(self, options: DatabaseOptions, logger: logging.Logger) -> None:
        directory = options.path.parent
        volume = volume_of(directory)
        self._options = options
        self._logger = logger
        self._ballast = Ballast(directory, ballast_bytes(options.space, volume))
        self._log_bytes = log_bytes(volume)
        self._meter = SpaceMeter(directory, options.space)
        self._may_shrink = True

    @property
    def size_bytes(self) -> int:
        """What waiting work takes up, as measured last."""
        return self._meter.used_bytes

    @property
    def free_bytes(self) -> int:
        """What is free on the volume, as measured last."""
        return self._meter.volume.free_bytes

    def refusal(self, file: StoreFile, now_s: float) -> str:
        """Return why new work has to wait; "" where it may come.

        Raises:
            OSError: the volume cannot be asked.
            apsw.Error: the database cannot be asked.
        """
        return self._meter.refusal(file.connection, now_s)

    def wrote(self, size_bytes: int) -> None:
        """Note what a transaction stored."""
        self._meter.wrote(size_bytes)
        self._may_shrink = True

    # ---------------------------------------------------------------------------------------------- on a full disk

    def give_up_ballast(self) -> bool:
        """Give space back at once; return whether there was any to give."""
        given = self._ballast.give_up()
        if given:
            self._logger.warning(
                "the disk is full: the ballast is given up, so that waiting work can end",
                extra={"ballast_bytes": self._ballast.size_bytes},
            )
        return given

    def make_room(self, file: StoreFile) -> bool:
        """Do what can be done at once for work that must end; return whether anything could."""
        if self.give_up_ballast():
            return True
        try:
            return file.log.checkpoint(truncate=True)
        except apsw.Error:
            return False

    def take_ballast(self) -> bool:
        """Hold the ballast where there is room for it; False where there should be and is not."""
        if self._ballast.held:
            return True
        if not may_take_ballast(self._options.space, volume_of(self._options.path.parent)):
            return True
        return self._ballast.take() or not self._ballast.size_bytes

    # -------------------------------------------------------------------------------------------- between the works

    def checkpoint_if_long(self, file: StoreFile) -> None:
        """Write the log into the main file where it has grown long.

        Raises:
            apsw.Error: the disk is full or fails.
        """
        if file.is_open and file.log.size_bytes >= self._log_bytes:
            file.log.checkpoint()

    def give_room_back(self, file: StoreFile) -> bool:
        """Give a few free pages back to the file system; return whether there are more to give.

        Raises:
            apsw.Error: the disk is full or fails.
        """
        if not self._may_shrink or not self._options.give_room_back:
            return False
        keep = self._options.keep_free_bytes // file.connection.pragma("page_size")
        self._may_shrink = self._shrink(file, keep)
        if not self._may_shrink:
            file.log.checkpoint()  # only now does the main file become shorter
        return self._may_shrink

    def give_all_room_back(self, file: StoreFile, patience_s: float) -> None:
        """Give every free page back, as far as that goes in a short time: the volume needs it.

        Raises:
            apsw.Error: the disk is full or fails.
        """
        until_s = time.monotonic() + patience_s
        while self._shrink(file, 0):
            file.log.checkpoint()
            if time.monotonic() > until_s:
                return
        file.log.checkpoint()

    @staticmethod
    def _shrink(file: StoreFile, keep_pages: int) -> bool:
        spare = int(file.connection.pragma("freelist_count")) - keep_pages
        if spare > 0:
            list(file.connection.execute(f"PRAGMA incremental_vacuum({min(spare, _PAGES_A_STEP)})"))
            file.committed()
        return spare > _PAGES_A_STEP
