"""The handler in ``logging.config.dictConfig``: with arguments of its own, here a second one for what is critical.

OTEL_EXPORTER_DISCORD_WEBHOOK_URL='https://discord.com/api/webhooks/…' \\
  ON_CALL_WEBHOOK_URL='https://discord.com/api/webhooks/…' python app.py
"""

import logging
import logging.config
import os

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)-8s %(name)s  %(message)s"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain"},
        "discord": {"class": "otel_discord.sdk.DiscordHandler", "level": "WARNING"},
        "on_call": {
            "class": "otel_discord.sdk.DiscordHandler",
            "level": "CRITICAL",
            "webhook_url": os.environ["ON_CALL_WEBHOOK_URL"],
        },
    },
    "loggers": {"checkout.payments": {"handlers": ["on_call"]}},
    "root": {"handlers": ["console", "discord"], "level": "INFO"},
}


def main() -> None:
    """Configure logging, then have trouble."""
    logging.config.dictConfig(LOGGING)
    logging.getLogger("checkout").info("started")
    payments = logging.getLogger("checkout.payments")
    payments.error("Payment declined: gateway timeout", extra={"order": 48213, "gateway": "stripe"})
    payments.critical("No payment gateway answers", extra={"gateways": 3})


if __name__ == "__main__":
    main()
