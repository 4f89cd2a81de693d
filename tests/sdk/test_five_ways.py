"""The five ways in, each as a real process: errors appear in Discord, and the program ends as it would without."""

import json
import sys
from pathlib import Path

import pytest

from tests.sdk.applications import discord_served, run_application

ERRORS = """
import logging
log = logging.getLogger("shop")
log.error("Payment declined: %s", "gateway timeout", extra={"order": 48213})
try:
    {}["total"]
except KeyError:
    log.exception("Cannot compute the total")
log.warning("Stock is low")
log.info("not shown")
"""

INSTRUMENT = str(Path(sys.executable).with_name("opentelemetry-instrument"))
NO_OTHERS = {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}


def assert_shown(discord, done) -> None:
    assert done.code == 0, done.out
    assert discord.records == 3, (discord.text, done.out)
    assert "Payment declined: gateway timeout" in discord.text
    assert "48213" in discord.text
    assert "KeyError" in discord.text
    assert "Stock is low" in discord.text
    assert "not shown" not in discord.text
    discord.assert_clean()
    assert done.own_lines == []


def test_two_variables(tmp_path: Path) -> None:
    with discord_served() as discord:
        environment = {**discord.environment, **NO_OTHERS, "OTEL_LOGS_EXPORTER": "discord"}
        done = run_application(tmp_path, ERRORS, environment, command=[INSTRUMENT])
        assert_shown(discord, done)


def test_two_variables_and_nothing_else_said(tmp_path: Path) -> None:
    """Traces and metrics go to a collector that is not there; what their exporters complain of is not shown."""
    with discord_served() as discord:
        environment = {**discord.environment, "OTEL_LOGS_EXPORTER": "discord"}
        done = run_application(tmp_path, ERRORS, environment, command=[INSTRUMENT], deadline_s=60)
        assert discord.records == 3, (discord.text, done.out)


def test_code(tmp_path: Path) -> None:
    code = """
    import logging, os
    from opentelemetry.instrumentation.logging.handler import LoggingHandler
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.resources import Resource
    from otel_discord.sdk import DiscordLogExporter

    provider = LoggerProvider(Resource.create({"service.name": "checkout"}))
    provider.add_log_record_processor(BatchLogRecordProcessor(DiscordLogExporter(os.environ["WEBHOOK"])))
    logging.getLogger().addHandler(LoggingHandler(logging.NOTSET, provider))
    """
    with discord_served() as discord:
        import textwrap

        done = run_application(tmp_path, textwrap.dedent(code) + ERRORS, {**discord.settings, "WEBHOOK": discord.url})
        assert_shown(discord, done)
        assert "checkout" in discord.text


def test_the_declarative_file(tmp_path: Path) -> None:
    (tmp_path / "otel.yaml").write_text(
        """\
file_format: "1.1"
resource:
  attributes:
    - {name: service.name, value: checkout}
logger_provider:
  processors:
    - batch:
        exporter:
          discord:
            webhook_url: ${WEBHOOK}
            min_severity: WARN
"""
    )
    with discord_served() as discord:
        environment = {**discord.settings, "WEBHOOK": discord.url, "OTEL_CONFIG_FILE": str(tmp_path / "otel.yaml")}
        done = run_application(tmp_path, ERRORS, environment, command=[INSTRUMENT])
        assert_shown(discord, done)
        assert "checkout" in discord.text


def test_plain_logging(tmp_path: Path) -> None:
    code = """
import logging, os
from otel_discord.sdk import DiscordHandler
logging.getLogger().addHandler(DiscordHandler(os.environ["WEBHOOK"]))
"""
    with discord_served() as discord:
        done = run_application(tmp_path, code + ERRORS, {**discord.settings, "WEBHOOK": discord.url})
        assert_shown(discord, done)


@pytest.mark.parametrize("key", ["class", "()"])
def test_dict_config(tmp_path: Path, key: str) -> None:
    with discord_served() as discord:
        configuration = {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"plain": {"format": "%(asctime)s %(message)s"}},
            "handlers": {
                "discord": {
                    key: "otel_discord.sdk.DiscordHandler",
                    "webhook_url": discord.url,
                    "service_name": "checkout",
                    "formatter": "plain",
                },
            },
            "root": {"level": "INFO", "handlers": ["discord"]},
        }
        code = f"import json, logging.config\nlogging.config.dictConfig(json.loads({json.dumps(configuration)!r}))\n"
        done = run_application(tmp_path, code + ERRORS, discord.settings)
        assert_shown(discord, done)
        assert "checkout" in discord.text
