"""Our own log lines inside an application: they never become messages, and a person sees them.

Sending must not report itself, or it would never end; and where the application shows no log lines (or OpenTelemetry's
handler, which prints nothing, is the only one), "the token is wrong" must still be on the screen.
"""

import logging
import re
import sys
from contextlib import suppress
from typing import Final

from otel_discord.sdk.ours import is_ours
from otel_discord.sdk.quiet import Quiet

__all__ = ["OWN_LOGGER", "Quiet", "guard_loggers", "show_own_logs"]

OWN_LOGGER: Final = "otel_discord"
_GUARDED: Final = (
    "aiohttp.access",
    "aiohttp.client",
    "aiohttp.internal",
    "aiohttp.server",
    "aiohttp.web",
    "aiohttp.websocket",
    "asyncio",
    "charset_normalizer",
    "concurrent.futures",
    "opentelemetry.attributes",
    "opentelemetry.context",
    "py.warnings",
)
_TOKEN: Final = re.compile(r"(/webhooks/\d+/)[\w.-]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_MOST_CHARS: Final = 2_000


class NotOfOurSending(logging.Filter):
    """Refuses what is logged on the sender's threads."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - it is the thread that counts
        """Return whether the record may go on."""
        return not is_ours()


class OwnLines(logging.Handler):
    """Writes WARNING and above of our own loggers to stderr, where nothing else in the application shows them."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line, ``otel_discord: …``, unless another handler shows the record."""
        with suppress(Exception):
            stream = sys.stderr  # looked up anew: tests and daemons put another one in its place; None under pythonw
            if stream is not None and not _is_shown_elsewhere(record):
                encoding = stream.encoding or "utf-8"
                stream.write(line_of(record).encode(encoding, "backslashreplace").decode(encoding) + "\n")
                stream.flush()


def guard_loggers() -> None:
    """Keep what libraries log about our sending from every handler. Once is enough, more does no harm.

    OpenTelemetry's handlers that are there by now are guarded too, for libraries that are not known here.
    """
    guarded: list[logging.Filterer] = [logging.getLogger(name) for name in _GUARDED]
    known_loggers = [logging.root, *list(logging.root.manager.loggerDict.values())]
    handlers = [each for logger in known_loggers if isinstance(logger, logging.Logger) for each in logger.handlers]
    guarded += [handler for handler in handlers if _is_of_opentelemetry(handler)]
    for each in guarded:
        if not any(isinstance(known, NotOfOurSending) for known in each.filters):
            each.addFilter(NotOfOurSending())


def show_own_logs() -> None:
    """Make sure that a person sees our warnings and errors. Once is enough, more does no harm.

    ``logging.config`` switches off every logger that it is not told about. That was hardly meant for these, which say
    why nothing arrives, so they are switched on again; who wants them silent sets a level.
    """
    own = logging.getLogger(OWN_LOGGER)
    if not any(isinstance(handler, OwnLines) for handler in own.handlers):
        own.addHandler(OwnLines())
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if (name == OWN_LOGGER or name.startswith(f"{OWN_LOGGER}.")) and isinstance(logger, logging.Logger):
            logger.disabled = False


def line_of(record: logging.LogRecord) -> str:
    """Return a record as one line without control characters and without a webhook's token."""
    try:
        message = record.getMessage()
    except Exception:  # noqa: BLE001
        message = str(record.msg)
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        message += f" ({type(error).__name__}: {error})"
    message = _TOKEN.sub(r"\1…", message)
    return f"{OWN_LOGGER}: {_CONTROL.sub(' ', message)[:_MOST_CHARS].strip()}"


def _is_shown_elsewhere(record: logging.LogRecord) -> bool:
    logger: logging.Logger | None = logging.getLogger(record.name)
    while logger is not None:
        if any(_shows(handler, record.levelno) for handler in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False


def _shows(handler: logging.Handler, level: int) -> bool:
    """Return whether a handler puts records where a person may see them; ours and OpenTelemetry's do not."""
    if level < handler.level or isinstance(handler, (OwnLines, logging.NullHandler)):
        return False
    return not (type(handler).__module__.startswith("otel_discord.sdk") or _is_of_opentelemetry(handler))


def _is_of_opentelemetry(handler: logging.Handler) -> bool:
    return type(handler).__module__.split(".", 1)[0] == "opentelemetry"
