"""The ways in which an application may send its errors to Discord: each makes the one call that its author writes.

Imported by children in two environments, ours and that of the peers; what a way needs is imported when it is made.
"""

import importlib
import logging
import os
from collections.abc import Callable
from typing import Any, Final

Call = Callable[[str], object]
"""Reports one error, given its text."""

LOGGER: Final = "shop"


def make_call(way: str, url: str) -> Call:
    """Return the call of a way, set up for a webhook's URL.

    Raises:
        KeyError: there is no such way.
    """
    return _WAYS[way](url)


def _logging_to(handler: logging.Handler) -> Call:
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    return logger.error


def _null(_: str) -> Call:
    return _logging_to(logging.NullHandler())


def _stream(_: str) -> Call:
    handler = logging.FileHandler(os.devnull)  # a StreamHandler that opens its stream itself
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    return _logging_to(handler)


def _settings(url: str) -> dict[str, Any]:
    endpoint = f"{url.partition('/api/')[0]}/api/v10"
    return {"webhook_url": url, "endpoint": endpoint, "allow_insecure_endpoint": True}


def _handler(url: str) -> Call:
    from otel_discord.sdk import DiscordHandler

    return _logging_to(DiscordHandler(**_settings(url)))


def _sdk(url: str) -> Call:
    logs: Any = importlib.import_module("opentelemetry.sdk._logs")
    export: Any = importlib.import_module("opentelemetry.sdk._logs.export")
    from otel_discord.sdk import DiscordLogExporter

    provider = logs.LoggerProvider()
    provider.add_log_record_processor(export.BatchLogRecordProcessor(DiscordLogExporter(**_settings(url))))
    return _logging_to(logs.LoggingHandler(logger_provider=provider))


def _versioned(url: str) -> str:
    """Return the URL of API v10: without a version Discord's answers are v6, with waits in milliseconds, and peers
    that read seconds would sleep for minutes."""
    return url.replace("/api/webhooks/", "/api/v10/webhooks/")


def _discord_webhook(url: str, **settings: Any) -> Call:
    peer: Any = importlib.import_module("discord_webhook")

    def call(text: str) -> object:
        return peer.DiscordWebhook(url=_versioned(url), content=text, **settings).execute()

    return call


def _discord_webhook_retry(url: str) -> Call:
    return _discord_webhook(url, rate_limit_retry=True)


def _logging_discord_handler(url: str) -> Call:
    peer: Any = importlib.import_module("discord_logging.handler")
    return _logging_to(peer.DiscordHandler("shop", _versioned(url)))


def _apprise(url: str) -> Call:
    apprise: Any = importlib.import_module("apprise")
    plugin: Any = importlib.import_module("apprise.plugins.discord")
    base, separator, rest = _versioned(url).partition("/webhooks/")
    plugin.NotifyDiscord.notify_url = f"{base}{separator}".rstrip("/")
    notifier = apprise.Apprise()
    notifier.add(f"discord://{rest}/")

    def call(text: str) -> object:
        return notifier.notify(body=text)

    return call


_WAYS: Final[dict[str, Callable[[str], Call]]] = {
    "NullHandler": _null,
    "StreamHandler": _stream,
    "DiscordHandler": _handler,
    "SDK": _sdk,
    "discord-webhook": _discord_webhook,
    "discord-webhook, retry": _discord_webhook_retry,
    "python-logging-discord-handler": _logging_discord_handler,
    "apprise": _apprise,
}
