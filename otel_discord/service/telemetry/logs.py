"""The process's own log lines: set up once, redacted at the last moment, repeats thinned out.

Redaction happens where a line is laid out, so nothing that a record carries (arguments, extras, tracebacks) goes
around it; uncaught exceptions and warnings take the same way. Lines go to stderr, stdout or files, never to a pipeline.
"""

import logging
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO, TypeAlias

from otel_discord.component.errors import StartError
from otel_discord.component.last_copy import LAST_COPY
from otel_discord.service.telemetry.config import LogsConfig
from otel_discord.service.telemetry.log_lines import console_line, json_line
from otel_discord.service.telemetry.log_repeats import LineKey, LogRepeats, Suppressed
from otel_discord.service.telemetry.redact import Redactor

OWN_LOGGER: Final = "otel_discord"
_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
_logger = logging.getLogger(f"{OWN_LOGGER}.service")

_PLACEHOLDER: Final = re.compile(r"%[-#0 +]*[\d.]*[a-zA-Z]")

_ExceptionInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]


class LineHandler(logging.Handler):
    """Writes records as lines. Never raises, and never prints a record in any other way."""

    def __init__(self, config: LogsConfig, redactor: Redactor, streams: list[TextIO]) -> None:
        super().__init__()
        self._json = config.encoding == "json"
        self._fields = {
            key: redactor(item) if isinstance(item, str) else item for key, item in config.initial_fields.items()
        }
        self._redactor = redactor
        self._streams = streams
        sampling = config.sampling
        self._repeats = (
            LogRepeats(tick_s=sampling.tick, initial=sampling.initial, thereafter=sampling.thereafter)
            if sampling.enabled
            else None
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, unless it is one repeat too many."""
        if self._repeats is not None and not getattr(record, LAST_COPY, False):
            now_s = time.monotonic()
            for summary in self._repeats.ended(now_s):
                self._write(_summary(summary))
            if not self._repeats.admit(LineKey(record.name, record.levelno, str(record.msg)), now_s):
                return
        self._write(record)

    def close(self) -> None:
        """Say what was left out and not yet said."""
        if self._repeats is not None:
            for summary in self._repeats.ended(float("inf")):
                self._write(_summary(summary))
        super().close()

    def _write(self, record: logging.LogRecord) -> None:
        for stream in self._streams:
            try:
                stream.write(self._line(record, stream) + "\n")
                stream.flush()
            except (OSError, ValueError):  # the reader of the pipe is gone, or the stream is closed
                continue

    def _line(self, record: logging.LogRecord, stream: TextIO) -> str:
        try:
            if self._json:
                return json_line(record, self._redactor, self._fields)
            line = console_line(record, self._redactor, self._fields, coloured=_takes_colours(stream))
            return line.encode(stream.encoding or "utf-8", "backslashreplace").decode(stream.encoding or "utf-8")
        except Exception as error:  # noqa: BLE001  logging must never stop what it reports on
            return f"a log line of {record.name} could not be laid out: {type(error).__name__}"


@contextmanager
def process_logging(config: LogsConfig, redactor: Redactor) -> Iterator[None]:
    """Send all logging of the process through one :class:`LineHandler` while the block runs.

    Own loggers write from ``config.level`` on, those of libraries from WARNING on (at ``error``: ERROR).

    Raises:
        StartError: a file of ``output_paths`` cannot be opened.
    """
    # grpc's C core prints to stderr on its own; it reads this at import.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    level = _LEVELS[config.level]
    root, own = logging.getLogger(), logging.getLogger(OWN_LOGGER)
    with ExitStack() as stack:
        streams = [_stream(path, stack) for path in config.output_paths]
        handler = LineHandler(config, redactor, streams)
        handler.addFilter(_is_our_concern)
        stack.callback(handler.close)
        stack.callback(_restore, root, root.level, list(root.handlers))
        stack.callback(_restore, own, own.level, list(own.handlers))
        root.handlers[:] = [handler]
        root.setLevel(max(level, logging.WARNING))
        own.handlers[:] = []
        own.setLevel(level)
        stack.enter_context(_last_words(redactor))
        yield


def _is_our_concern(record: logging.LogRecord) -> bool:
    """Return False for a request that is no HTTP: who sent it was told so, and the traceback is not about us."""
    kind = record.exc_info[0] if record.exc_info else None
    return not (record.name == "aiohttp.server" and kind is not None and kind.__module__ == "aiohttp.http_exceptions")


def _restore(logger: logging.Logger, level: int, handlers: list[logging.Handler]) -> None:
    logger.setLevel(level)
    logger.handlers[:] = handlers


def _stream(path: str, stack: ExitStack) -> TextIO:
    if path in {"stderr", "stdout"}:
        return sys.stderr if path == "stderr" else sys.stdout
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartError(
            f"service::telemetry::logs::output_paths: cannot write {Path(path)}: {error.strerror}"
        ) from error
    return stack.enter_context(os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace"))


@contextmanager
def _last_words(redactor: Redactor) -> Iterator[None]:
    """Route what Python would print by itself through logging: uncaught exceptions, warnings, failed threads.

    An exception that leaves the block itself may be printed by Python after it; then its text is redacted.
    """

    def after_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.stderr.write(redactor("".join(traceback.format_exception(kind, error, trace))))

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        _report("uncaught exception", (kind, error, trace))

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            _report("uncaught exception in a thread", (args.exc_type, args.exc_value, args.exc_traceback))

    def unraisable(args: Any) -> None:
        if args.exc_value is not None:
            _report("exception that nobody could catch", (args.exc_type, args.exc_value, args.exc_traceback))

    before = sys.excepthook, threading.excepthook, sys.unraisablehook
    sys.excepthook, threading.excepthook, sys.unraisablehook = uncaught, in_thread, unraisable
    logging.captureWarnings(True)
    try:
        yield
        sys.excepthook = before[0]
    except BaseException:
        sys.excepthook = after_the_end
        raise
    finally:
        logging.captureWarnings(False)
        threading.excepthook, sys.unraisablehook = before[1:]


def _report(what: str, exc_info: _ExceptionInfo) -> None:
    if not issubclass(exc_info[0], (KeyboardInterrupt, SystemExit)):
        _logger.error(what, exc_info=exc_info)


def _summary(summary: Suppressed) -> logging.LogRecord:
    record = logging.makeLogRecord(
        {"name": summary.key.logger, "levelno": summary.key.level, "suppressed": summary.lines}
    )
    record.msg = f"left out {summary.lines} more of: {_PLACEHOLDER.sub('…', summary.key.template)}"
    return record


def _takes_colours(stream: TextIO) -> bool:
    return not os.environ.get("NO_COLOR") and stream.isatty()
