"""The same program with OpenTelemetry set up in code: an exporter ``discord`` beside those that you have.

OTEL_EXPORTER_DISCORD_WEBHOOK_URL='https://discord.com/api/webhooks/…' python in_code.py
"""

import logging

import app
from opentelemetry._logs import set_logger_provider
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from otel_discord.sdk import DiscordLogExporter


def set_up() -> LoggerProvider:
    """Send what ``logging`` gets at WARNING or above to Discord; the provider is shut down when the program ends."""
    provider = LoggerProvider(Resource.create({"service.name": "checkout", "deployment.environment.name": "prod"}))
    provider.add_log_record_processor(BatchLogRecordProcessor(DiscordLogExporter(min_severity="WARN")))
    set_logger_provider(provider)
    logging.getLogger().addHandler(LoggingHandler(logging.WARNING, provider))
    return provider


if __name__ == "__main__":
    set_up()
    app.main()
