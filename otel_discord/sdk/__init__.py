"""Side door: Discord from inside an application.

``DiscordLogExporter``, ``DiscordMetricExporter`` and ``DiscordSpanExporter`` for the OpenTelemetry SDK,
``DiscordHandler`` for plain ``logging``, ``events`` for what bots log. The same engine as the service's works behind
them, on a thread of its own. Nothing is imported before it is named.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from otel_discord.sdk import events
    from otel_discord.sdk.handler import DiscordHandler
    from otel_discord.sdk.log_exporter import DiscordLogExporter
    from otel_discord.sdk.metric_exporter import DiscordMetricExporter
    from otel_discord.sdk.span_exporter import DiscordSpanExporter

__all__ = ["DiscordHandler", "DiscordLogExporter", "DiscordMetricExporter", "DiscordSpanExporter", "events"]

_HOMES: Final = {
    "DiscordHandler": "handler",
    "DiscordLogExporter": "log_exporter",
    "DiscordMetricExporter": "metric_exporter",
    "DiscordSpanExporter": "span_exporter",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    if name == "events":
        return import_module(f"{__name__}.events")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
