"""``DiscordMetricExporter`` in real processes: metrics become alerts, and the program does not notice."""

import sys
from pathlib import Path

from tests.sdk.applications import Discord, Ended, discord_served, run_application

INSTRUMENT = str(Path(sys.executable).with_name("opentelemetry-instrument"))
RULES = """\
evaluation_interval: 50ms
rules:
  - name: QueueTooDeep
    metric: queue.depth
    group_by: [service.name, queue]
    window: 5s
    conditions: {warning: "> 100", critical: "> ${env:VERY_DEEP:-1000}"}
    annotations: {summary: "{{ attr('service.name') }}: {{ value }} jobs wait in {{ attr('queue') }}"}
"""
ONLY_METRICS = {
    "OTEL_METRICS_EXPORTER": "discord",
    "OTEL_TRACES_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
    "OTEL_METRIC_EXPORT_INTERVAL": "200",
    "OTEL_SERVICE_NAME": "shop",
}
UP_AND_DOWN = """
import time
from opentelemetry import metrics
depth = metrics.get_meter("shop").create_gauge("queue.depth")
other = metrics.get_meter("shop").create_histogram("request.duration")
other.record(1.5)
depth.set(500, {"queue": "mail"})
depth.set(5, {"queue": "bills"})
metrics.get_meter_provider().force_flush()
time.sleep(0.5)
depth.set(3, {"queue": "mail"})
metrics.get_meter_provider().force_flush()
time.sleep(0.3)
"""
PROVIDER = """
import logging, os, time
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from otel_discord.sdk import DiscordMetricExporter
RULE = {"name": "Failures", "metric": "failures", "aggregation": "increase", "window": "5s",
        "conditions": {"critical": "> 2"}, "annotations": {"summary": "{{ number }} failures"}}
exporter = DiscordMetricExporter(rules=[RULE], evaluation_interval="50ms")
reader = PeriodicExportingMetricReader(exporter, export_interval_millis=200)
provider = MeterProvider([reader], resource=Resource.create({"service.name": "shop"}))
failures = provider.get_meter("shop").create_counter("failures")
"""


def assert_fired_and_resolved(discord: Discord, done: Ended) -> None:
    assert done.code == 0, done.out
    assert done.own_lines == []
    (message,) = discord.fake.messages
    assert message.embeds[0]["title"].startswith("🟢 QueueTooDeep: resolved"), (discord.text, done.out)
    assert "peak 500" in discord.text, "it says what it fired for"
    assert "bills" not in discord.text
    discord.assert_clean()


def test_two_variables(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    rules = {"OTEL_EXPORTER_DISCORD_RULES": str(tmp_path / "rules.yaml")}
    with discord_served() as discord:
        environment = {**discord.environment, **ONLY_METRICS, **rules}
        done = run_application(tmp_path, UP_AND_DOWN, environment, command=[INSTRUMENT])
        assert_fired_and_resolved(discord, done)


def test_the_declarative_file(tmp_path: Path) -> None:
    (tmp_path / "otel.yaml").write_text(
        """\
file_format: "1.1"
resource:
  attributes:
    - {name: service.name, value: shop}
meter_provider:
  readers:
    - periodic:
        interval: 200
        exporter:
          discord:
            webhook_url: ${WEBHOOK}
            evaluation_interval: 50ms
            rules:
              - name: QueueTooDeep
                metric: queue.depth
                group_by: [service.name, queue]
                window: 5s
                conditions: {warning: "> 100"}
                annotations: {summary: "{{ attr('service.name') }}: {{ value }} jobs wait in {{ attr('queue') }}"}
"""
    )
    with discord_served() as discord:
        environment = {**discord.settings, "WEBHOOK": discord.url, "OTEL_CONFIG_FILE": str(tmp_path / "otel.yaml")}
        done = run_application(tmp_path, UP_AND_DOWN, environment, command=[INSTRUMENT])
        assert_fired_and_resolved(discord, done)


def test_in_code_and_with_a_fork(tmp_path: Path) -> None:
    """The child has an engine of its own; its counter goes on from its parent's, as OpenTelemetry has it."""
    code = (
        PROVIDER
        + """
failures.add(5)
provider.force_flush()
time.sleep(0.3)
child = os.fork()
if not child:
    failures.add(7)
    provider.shutdown()
    os._exit(0)
os.waitpid(child, 0)
"""
    )
    with discord_served() as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert (done.code, done.own_lines) == (0, []), done.out
        assert sorted(discord.titles) == ["🔴 Failures: 12 failures", "🔴 Failures: 5 failures"], done.out
        discord.assert_clean()


def test_a_program_that_ends_at_once_is_asked_once_more(tmp_path: Path) -> None:
    with discord_served() as discord:
        done = run_application(tmp_path, PROVIDER + "failures.add(5)\n", discord.environment)
        assert (done.code, done.own_lines) == (0, []), done.out
        assert discord.titles == ["🔴 Failures: 5 failures"], done.out


def test_without_rules_one_line_says_so(tmp_path: Path) -> None:
    with discord_served() as discord:
        done = run_application(tmp_path, UP_AND_DOWN, {**discord.environment, **ONLY_METRICS}, command=[INSTRUMENT])
        assert done.code == 0, done.out
        assert len(done.own_lines) == 1, done.out
        assert "OTEL_EXPORTER_DISCORD_RULES" in done.own_lines[0]
        assert discord.fake.journal == []
