"""loguru: one sink of a few lines, so that ``bind`` becomes attributes and exceptions stay exceptions.

OTEL_EXPORTER_DISCORD_WEBHOOK_URL='https://discord.com/api/webhooks/…' python app.py
"""

import logging
from typing import TYPE_CHECKING

from loguru import logger

from otel_discord.sdk import DiscordHandler

if TYPE_CHECKING:
    from loguru import Message


class DiscordSink:
    """What loguru has, given to the handler as ``logging`` would have given it."""

    def __init__(self, handler: logging.Handler) -> None:
        self._handler = handler

    def __call__(self, message: "Message") -> None:
        """Take one message; its formatted text is not used, since a card has its own form."""
        said = message.record
        error = said["exception"]
        record = logging.LogRecord(
            name=said["name"] or "loguru",
            level=said["level"].no,
            pathname=said["file"].path,
            lineno=said["line"],
            msg=said["message"],
            args=None,
            exc_info=(error.type, error.value, error.traceback) if error and error.type and error.value else None,
            func=said["function"],
        )
        record.created = said["time"].timestamp()
        record.levelname = said["level"].name
        record.__dict__ |= {name: value for name, value in said["extra"].items() if name not in record.__dict__}
        self._handler.handle(record)


def main() -> None:
    """Have trouble, with context."""
    logger.add(DiscordSink(DiscordHandler()), level="WARNING")
    log = logger.bind(order=48213)
    log.info("order taken")
    log.error("Payment declined: gateway timeout")
    try:
        float("19 %")
    except ValueError:
        log.exception("Cannot compute the total")


if __name__ == "__main__":
    main()
