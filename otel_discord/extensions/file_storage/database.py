"""The loop's side of the database: works go to the thread, answers come back, and the thread's life is guarded."""

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from otel_discord.component.errors import ShutdownError, StartError
from otel_discord.component.instruments import StorageInstruments
from otel_discord.extensions.file_storage.condition import OK, Condition, State
from otel_discord.extensions.file_storage.failures import describe, storage_failed
from otel_discord.extensions.file_storage.lock import DirectoryLock
from otel_discord.extensions.file_storage.options import DatabaseOptions
from otel_discord.extensions.file_storage.presence import Presence
from otel_discord.extensions.file_storage.stall_watch import PATIENCE_S, StallWatch
from otel_discord.extensions.file_storage.store_file import StoreFile
from otel_discord.extensions.file_storage.upkeep import Upkeep
from otel_discord.extensions.file_storage.writer import Inbox, Writer
from otel_discord.store.jobs import Ending, Job, hand_back
from otel_discord.store.work import Access, Work

T = TypeVar("T")

OPENING_S: Final = 600.0
"""How long opening may take, salvage and compaction included."""
_HANGING: Final = Condition(State.FAILING, "the disk does not answer")
CLOSING_S: Final = 30.0
"""How long closing waits for a disk that does not answer."""


class SqliteDatabase:
    """A :class:`~otel_discord.store.work.Database` in one file: one connection, one thread for all of it.

    ``on_condition`` is called in the loop whenever the storage becomes full, fails, or is well again.
    """

    def __init__(
        self,
        options: DatabaseOptions,
        *,
        logger: logging.Logger,
        instruments: StorageInstruments,
        on_condition: Callable[[Condition], None] = lambda _: None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._options = options
        self._logger = logger
        self._instruments = instruments
        self._on_condition = on_condition
        self._inbox: Inbox = queue.SimpleQueue()
        self._pending: dict[asyncio.Future[Any], float] = {}
        self._watch = StallWatch(self._pending, self._show, patience_s)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._upkeep: Upkeep | None = None
        self._closed = True
        self._told = OK

    # ---------------------------------------------------------------------------------------------------- works

    async def run(self, work: Work[T]) -> T:
        """Run a transaction; see :meth:`~otel_discord.store.work.Database.run`.

        Raises:
            RetryableError: the disk is full or fails.
            PermanentError: SQLite cannot run its statements.
            ShutdownError: the database is closed.
        """
        if self._closed or self._loop is None:
            raise ShutdownError("storage is closed")
        if self._told.state is State.ENDED or (self._watch.stalled and work.access is Access.ACCEPT):
            raise storage_failed(self.condition.why)
        future: asyncio.Future[T] = self._loop.create_future()
        self._pending[future] = self._loop.time()
        self._inbox.put(Job(work, future))
        try:
            return await future
        finally:
            del self._pending[future]

    @property
    def condition(self) -> Condition:
        """How it fares."""
        return _HANGING if self._watch.stalled and self._told.state is not State.ENDED else self._told

    @property
    def size_bytes(self) -> int:
        """What waiting work takes up, as measured last."""
        return self._upkeep.size_bytes if self._upkeep else 0

    @property
    def free_bytes(self) -> int:
        """What is free on the volume, as measured last."""
        return self._upkeep.free_bytes if self._upkeep else 0

    # ----------------------------------------------------------------------------------------------------- life

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Hold the file open while the block runs; the directory must be there, and is locked meanwhile.

        Raises:
            StartError: another process has the directory, or the file cannot be used.
        """
        loop = self._loop = asyncio.get_running_loop()
        started: asyncio.Future[None] = loop.create_future()
        ended: asyncio.Future[None] = loop.create_future()
        thread = threading.Thread(
            target=self._live, args=(loop, started, ended), name=f"storage {self._options.path.name}", daemon=True
        )
        thread.start()
        try:
            async with asyncio.timeout(OPENING_S):
                await started
            self._closed = False
            self._watch.start(loop)
            yield
        except TimeoutError:
            if started.done() and not started.cancelled():
                raise
            raise StartError(f"directory: the disk under {self._options.path} does not answer") from None
        finally:
            self._closed = True
            self._watch.stop()
            self._inbox.put(None)
            await asyncio.wait({ended}, timeout=CLOSING_S)
            if not ended.done():
                self._logger.error("the disk does not answer; storage is left as it is, the next start recovers it")
            self._fail_pending(ShutdownError("storage is closed"))
            if started.done() and not started.cancelled():
                started.exception()  # heard

    def _live(
        self, loop: asyncio.AbstractEventLoop, started: "asyncio.Future[None]", ended: "asyncio.Future[None]"
    ) -> None:
        """The thread: lock, open, serve, close."""
        try:
            with contextlib.ExitStack() as stack:
                lock = DirectoryLock.acquire(self._options.path.parent)
                stack.callback(lock.release)
                upkeep = Upkeep(self._options, self._logger)
                file = StoreFile(
                    self._options,
                    self._logger,
                    give_room=upkeep.give_up_ballast,
                    damaged=self._instruments.damaged_file,
                )
                stack.callback(file.close_cleanly)
                file.open_first()
                self._upkeep = upkeep
                presence = Presence(self._options.path)
                writer = Writer(
                    file, presence, upkeep, self._inbox, self._deliver, self._tell, self._instruments, self._logger
                )
                self._call(loop, _succeed, started)
                writer.run()
        except BaseException as error:  # noqa: BLE001 - a thread that ends silently would leave its callers waiting
            self._call(loop, self._fell, error, started)
        finally:
            self._call(loop, _succeed, ended)

    def _fell(self, error: BaseException, started: "asyncio.Future[None]") -> None:
        if not started.done():
            known = error if isinstance(error, StartError) else StartError(f"storage cannot start: {describe(error)}")
            started.set_exception(known)
            return
        self._logger.error("the storage's thread has ended", exc_info=error)
        self._change(Condition(State.ENDED, f"its thread has ended: {describe(error)}"))
        self._fail_pending(storage_failed(self.condition.why))

    def _fail_pending(self, error: Exception) -> None:
        for future in list(self._pending):
            if not future.done():
                future.set_exception(error)

    # --------------------------------------------------------------------------------------- out of the thread

    def _deliver(self, endings: Sequence[Ending]) -> None:
        if self._loop is not None:
            self._call(self._loop, hand_back, endings)

    def _tell(self, condition: Condition) -> None:
        if self._loop is not None:
            self._call(self._loop, self._change, condition)

    def _change(self, condition: Condition) -> None:
        self._told = condition
        self._show()

    def _show(self) -> None:
        if self._watch.stalled:
            self._logger.error("storage fails: the disk does not answer")
        self._on_condition(self.condition)

    @staticmethod
    def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(function, *arguments)


def _succeed(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
