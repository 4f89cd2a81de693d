"""Plumbing any exporter of whole requests reuses: queue, batch, retry, timeout, with the Collector's keys.

Start at ``chain.py``; each stage is a file.
"""

from otel_discord.exporterhelper.chain import ExporterChain
from otel_discord.exporterhelper.config import CollectorRetryConfig, CollectorSendingQueueConfig
from otel_discord.exporterhelper.sender import Sender

__all__ = ["CollectorRetryConfig", "CollectorSendingQueueConfig", "ExporterChain", "Sender"]
