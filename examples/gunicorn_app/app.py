"""A WSGI application behind gunicorn with ``preload_app``: the handler is made once, each worker sends by itself.

OTEL_EXPORTER_DISCORD_WEBHOOK_URL='https://discord.com/api/webhooks/…' \\
  gunicorn --config gunicorn.conf.py app:application
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from otel_discord.sdk import DiscordHandler

logging.basicConfig(level=logging.INFO)
logging.getLogger().addHandler(DiscordHandler(level=logging.WARNING))  # in the parent, before its workers are forked
log = logging.getLogger("checkout")


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer ``/pay``, which is broken, and everything else, which is fine."""
    path = environ["PATH_INFO"]
    try:
        body = pay(environ["QUERY_STRING"]) if path == "/pay" else "hello\n"
    except ValueError:
        log.exception("Payment failed", extra={"url.path": path, "query": environ["QUERY_STRING"]})
        start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
        return [b"sorry\n"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode()]


def pay(amount: str) -> str:
    """Take the money."""
    return f"paid {float(amount):.2f}\n"
