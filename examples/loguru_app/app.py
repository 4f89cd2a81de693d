"""loguru: the handler as a sink. What is bound becomes attributes, exceptions stay exceptions.

OTEL_EXPORTER_DISCORD_WEBHOOK_URL='https://discord.com/api/webhooks/…' python app.py
"""

from loguru import logger

from otel_discord.sdk import DiscordHandler


def message_alone(_: object) -> str:
    """Give the handler the message without the trace, which loguru adds to every format that is a text."""
    return "{message}"


def main() -> None:
    """Have trouble, with context."""
    logger.add(DiscordHandler(), level="WARNING", format=message_alone)
    log = logger.bind(order=48213)
    log.info("order taken")
    log.error("Payment declined: gateway timeout")
    try:
        float("19 %")
    except ValueError:
        log.exception("Cannot compute the total")


if __name__ == "__main__":
    main()
