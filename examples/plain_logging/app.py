"""Errors of a program with plain ``logging``, in Discord: the two lines that are marked.

OTEL_EXPORTER_DISCORD_WEBHOOK_URL='https://discord.com/api/webhooks/…' OTEL_SERVICE_NAME=checkout python app.py
"""

import logging

from otel_discord.sdk import DiscordHandler  # 1

log = logging.getLogger("checkout")


def total(prices: list[float], discount: str) -> float:
    """Return what is to be paid; a discount that is no number is the bug to be seen."""
    return sum(prices) * (1 - float(discount))


def check_out(order: int, prices: list[float], discount: str) -> None:
    """Handle one order, and never end the program for it."""
    try:
        log.info("order taken", extra={"order": order, "total": total(prices, discount)})
    except ValueError:
        log.exception("Cannot compute the total", extra={"order": order, "discount": discount})


def main() -> None:
    """Sell something."""
    logging.basicConfig(level=logging.INFO)  # the console, as ever
    logging.getLogger().addHandler(DiscordHandler())  # 2

    check_out(48213, [59.9, 12.0], "0.19")
    check_out(48214, [59.9], "19 %")
    log.warning("stock is low", extra={"item": "umbrella", "left": 2})


if __name__ == "__main__":
    main()
