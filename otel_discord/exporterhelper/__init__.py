"""Plumbing any exporter of whole requests reuses: queue, batch, retry, timeout, with the Collector's keys.

Start at ``chain.py``; each stage is a file. Names are imported when they are first asked for: an exporter that has
stages of its own takes only the settings.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_discord.exporterhelper.chain import ExporterChain
    from otel_discord.exporterhelper.config import CollectorRetryConfig, CollectorSendingQueueConfig
    from otel_discord.exporterhelper.sender import Sender
else:
    from importlib import import_module

    _HOMES = {
        "CollectorRetryConfig": "config",
        "CollectorSendingQueueConfig": "config",
        "ExporterChain": "chain",
        "Sender": "sender",
    }

    def __getattr__(name):
        """Import a public name (PEP 562)."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value


__all__ = ["CollectorRetryConfig", "CollectorSendingQueueConfig", "ExporterChain", "Sender"]
