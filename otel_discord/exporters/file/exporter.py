"""The exporter: a thread that owns the file, and a thin shell around it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

from otel_discord.component.consumer import ACCEPTED, Receipt
from otel_discord.component.counted import counted
from otel_discord.component.errors import PermanentError, RetryableError, ShutdownError, StartError
from otel_discord.component.factory import Settings
from otel_discord.component.host import Host, Status
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.exporterhelper.observe_sender import ObserveSender
from otel_discord.exporters.file.config import FileConfig, Format
from otel_discord.exporters.file.rotating_file import RotatingFile
from otel_discord.signals import otlp_json
from otel_discord.signals.batch import Batch

_MIB: Final = 1024 * 1024
_MAX_WAITING_BYTES: Final = 16 * _MIB
_LENGTH_BYTES: Final = 4


def encode(batch: Batch, form: Format) -> bytes:
    """Return a batch as it stands in the file.

    Raises:
        PermanentError: it is nested too deep to be written as JSON.
    """
    if form is Format.PROTO:
        request = batch.request.SerializeToString()
        return len(request).to_bytes(_LENGTH_BYTES, "big") + request
    try:
        return otlp_json.encode(batch.request) + b"\n"
    except ValueError as error:
        raise PermanentError(f"cannot be written as JSON: {error}", reason="encoding") from None


class FileExporter:
    """Answers OK when the batch is in the file, or (``flush_interval``) in the memory of the thread."""

    def __init__(self, settings: Settings, config: FileConfig) -> None:
        self._config = config
        self._logger = settings.logger
        self._file: RotatingFile | None = None
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._thread: ThreadPoolExecutor | None = None
        instruments = ExporterInstruments(settings.meter, str(settings.id))
        self._observed = ObserveSender(self._push, settings.id, instruments, settings.tracer, settings.logger)

    async def consume(self, batch: Batch) -> Receipt:
        """Write the batch.

        Raises:
            RetryableError: the disk refused it; nothing of it is in the file.
            PermanentError: it has no JSON form.
            ShutdownError: the exporter is not running.
        """
        return await self._observed.send(batch)

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Open the file; on leaving, write what waits, and close it.

        Raises:
            StartError: the file cannot be opened.
        """
        # One thread, so that whatever is cancelled, steps on the file never overlap and keep their order.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="file-exporter")
        try:
            await self._in_thread(self._open)
            async with self._flushing(host):
                yield
        finally:
            closing = self._thread.submit(self._close)
            self._thread.shutdown(wait=False)
            self._thread = None
            await asyncio.shield(asyncio.wrap_future(closing))

    async def _push(self, batch: Batch) -> Receipt:
        await self._in_thread(self._accept, batch)
        return ACCEPTED

    async def _in_thread(self, step: Callable[..., None], *arguments: Any) -> None:
        if self._thread is None:
            raise ShutdownError("the file is closed")
        await asyncio.get_running_loop().run_in_executor(self._thread, step, *arguments)

    @asynccontextmanager
    async def _flushing(self, host: Host) -> AsyncIterator[None]:
        if not self._config.flush_interval:
            yield
            return
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._flush_forever(host))
            try:
                yield
            finally:
                task.cancel()

    async def _flush_forever(self, host: Host) -> None:
        failing = False
        while True:
            await asyncio.sleep(self._config.flush_interval)
            try:
                await self._in_thread(self._flush)
            except RetryableError as error:
                self._logger.warning("%s; trying again in %g s", error, self._config.flush_interval)
                host.report_status(Status.RECOVERABLE, error=str(error))
                failing = True
            else:
                if failing:
                    host.report_status(Status.OK)
                failing = False

    # ------------------------------------------------------------------------------------------ in the thread

    def _open(self) -> None:
        config, rotation = self._config, self._config.rotation
        try:
            if config.create_directory:
                config.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = RotatingFile(
                config.path,
                append=config.append or rotation is not None,
                max_bytes=rotation.max_megabytes * _MIB if rotation else 0,
                max_backups=rotation.max_backups if rotation else 0,
                clock=lambda: datetime.now(UTC),
            )
        except OSError as error:
            raise StartError(f"file: cannot open {config.path}: {error.strerror}") from error

    def _accept(self, batch: Batch) -> None:
        chunk = encode(batch, self._config.format)
        if not self._config.flush_interval:
            self._write(chunk)
            return
        if self._waiting and self._waiting_bytes + len(chunk) > _MAX_WAITING_BYTES:
            self._flush()
        self._waiting.append(chunk)
        self._waiting_bytes += len(chunk)

    def _flush(self) -> None:
        while self._waiting:
            self._write(self._waiting[0])
            self._waiting_bytes -= len(self._waiting.popleft())

    def _write(self, chunk: bytes) -> None:
        if self._file is None:
            raise ShutdownError("the file is closed")
        try:
            self._file.write(chunk, fsync=self._config.fsync)
        except OSError as error:
            raise RetryableError(f"cannot write {self._config.path}: {error.strerror}", reason="disk") from error

    def _close(self) -> None:
        if self._file is None:
            return
        try:
            self._flush()
        except RetryableError as error:
            batches = counted(len(self._waiting), "batch", "batches")
            self._logger.error("%s not written (reason: shutdown): %s", batches, error)  # noqa: TRY400 - it says all
        finally:
            self._file.close()
            self._file = None
