"""A program that knows nothing of Discord or OpenTelemetry: it uses ``logging``. Its errors in Discord, in two ways:

export OTEL_EXPORTER_DISCORD_WEBHOOK_URL='https://discord.com/api/webhooks/…'

OTEL_LOGS_EXPORTER=discord OTEL_TRACES_EXPORTER=none OTEL_METRICS_EXPORTER=none OTEL_SERVICE_NAME=checkout \\
  opentelemetry-instrument python app.py

OTEL_CONFIG_FILE=otel.yaml opentelemetry-instrument python app.py
"""

import logging

log = logging.getLogger("checkout")


def main() -> None:
    """Have trouble."""
    log.error("Payment declined: gateway timeout", extra={"order": 48213, "gateway": "stripe"})
    try:
        float("19 %")
    except ValueError:
        log.exception("Cannot compute the total", extra={"order": 48214})


if __name__ == "__main__":
    main()
