"""structlog in front of ``logging``: its key-value pairs become attributes, its loggers' names stay.

OTEL_EXPORTER_DISCORD_WEBHOOK_URL='https://discord.com/api/webhooks/…' python app.py
"""

import logging

import structlog

from otel_discord.sdk import DiscordHandler


def configure() -> None:
    """Send structlog's events through ``logging``, to the console and to Discord."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.render_to_log_kwargs,  # event -> message, the rest -> extra, exc_info stays exc_info
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    console = logging.StreamHandler()
    console.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.dev.ConsoleRenderer(),
            foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.ExtraAdder()],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[console, DiscordHandler(level=logging.WARNING)])


def main() -> None:
    """Have trouble, with context."""
    configure()
    structlog.contextvars.bind_contextvars(request="7f3a")
    log = structlog.stdlib.get_logger("checkout").bind(order=48213)
    log.info("order taken")
    log.error("Payment declined: gateway timeout", gateway="stripe")
    try:
        float("19 %")
    except ValueError:
        log.exception("Cannot compute the total")


if __name__ == "__main__":
    main()
