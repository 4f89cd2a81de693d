"""``DiscordSpanExporter`` in real processes: failures and slow spans reach Discord, and the program does not notice."""

import sys
from pathlib import Path

import pytest

from tests.sdk.applications import discord_served, run_application
from tests.sdk.test_exits import away, refusing_port

INSTRUMENT = str(Path(sys.executable).with_name("opentelemetry-instrument"))
WORK = """
import time
from opentelemetry import trace
tracer = trace.get_tracer("shop")
try:
    with tracer.start_as_current_span("checkout") as span:
        print("trace", format(span.get_span_context().trace_id, "032x"))
        {}["total"]
except KeyError:
    pass
with tracer.start_as_current_span("report") as span:
    print("trace", format(span.get_span_context().trace_id, "032x"))
    with tracer.start_as_current_span("SELECT orders"):
        time.sleep(0.3)
with tracer.start_as_current_span("quick"):
    pass
"""
PROVIDER = """
import os, sys, time, logging
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.resources import Resource
from otel_discord.sdk import DiscordSpanExporter
exporter = DiscordSpanExporter(slow_spans={"limits": [{"over": "200ms"}]})
provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
processor = BatchSpanProcessor(exporter)
provider.add_span_processor(processor)
trace.set_tracer_provider(provider)
"""
FILE = """\
file_format: "1.1"
resource:
  attributes:
    - {name: service.name, value: shop}
tracer_provider:
  processors:
    - batch:
        exporter:
          discord:
            webhook_url: ${WEBHOOK}
            slow_spans: {limits: [{over: 200ms}]}
"""
CONNECTORS = "connectors: {slow_spans: {limits: [{over: 200ms}]}}\n"


@pytest.mark.parametrize("way", ["code", "declarative file", "variables"])
def test_failures_and_slow_spans(tmp_path: Path, way: str) -> None:
    with discord_served() as discord:
        environment, command, code = {**discord.environment}, [INSTRUMENT], WORK
        if way == "code":
            command, code = [], PROVIDER + WORK
        elif way == "variables":
            file = tmp_path / "discord.yaml"
            file.write_text(f"webhook_url: {discord.url}\n{CONNECTORS}")
            environment = {**discord.settings, "OTEL_EXPORTER_DISCORD_CONFIG": str(file)}
            for signal in ("LOGS", "TRACES"):  # the same file serves both
                environment[f"OTEL_{signal}_EXPORTER"] = "discord"
            environment |= {"OTEL_METRICS_EXPORTER": "none", "OTEL_SERVICE_NAME": "shop"}
        else:
            (tmp_path / "otel.yaml").write_text(FILE)
            environment |= {"WEBHOOK": discord.url, "OTEL_CONFIG_FILE": str(tmp_path / "otel.yaml")}
        done = run_application(tmp_path, code, environment, command=command)
        assert (done.code, done.own_lines) == (0, []), done.out
        assert len(discord.titles) == 2, (discord.titles, done.out)
        assert any("KeyError" in title for title in discord.titles)
        slow = next(title for title in discord.titles if "KeyError" not in title)
        assert "report" in slow
        assert "SELECT orders" in discord.text
        assert "quick" not in discord.text
        assert "shop" in discord.text
        discord.assert_clean()


def test_trace_ids_are_on_the_cards(tmp_path: Path) -> None:
    with discord_served() as discord:
        environment = {**discord.environment, "OTEL_EXPORTER_DISCORD_PRESET": "full"}
        done = run_application(tmp_path, PROVIDER + WORK, environment)
        ids = [line.split()[1] for line in done.out.splitlines() if line.startswith("trace ")]
        assert len(ids) == 2
        assert all(each in discord.text for each in ids), (discord.text, done.out)


def test_logs_and_spans_share_one_engine(tmp_path: Path) -> None:
    """The same settings, one exporter, one connection: so the channel's limits are counted once."""
    code = """
import logging, threading, time
from opentelemetry import _logs, trace
import otel_discord.exporters.discord.exporter as engine
made = []
original = engine.DiscordExporter.__init__
def counted(self, *arguments, **more):
    made.append(self)
    original(self, *arguments, **more)
engine.DiscordExporter.__init__ = counted
log = logging.getLogger("shop")
for number in range(20):
    log.error("no connection to %s", "db")
    try:
        with trace.get_tracer("shop").start_as_current_span("checkout"):
            raise OSError("no connection")
    except OSError:
        pass
_logs.get_logger_provider().force_flush()
trace.get_tracer_provider().force_flush()
for _ in range(500):
    if made:
        break
    time.sleep(0.02)
figure("engines", len(made))
figure("threads", sum(each.name == "otel-discord" for each in threading.enumerate()))
"""
    with discord_served() as discord:
        both = {"OTEL_LOGS_EXPORTER": "discord", "OTEL_TRACES_EXPORTER": "discord", "OTEL_METRICS_EXPORTER": "none"}
        done = run_application(tmp_path, code, {**discord.environment, **both}, command=[INSTRUMENT])
        assert (done.code, done.figures) == (0, {"engines": 1, "threads": 1}), done.out
        assert discord.records == 40, (discord.text, done.out)
        assert len(discord.titles) == 2
        discord.assert_clean()


def test_a_fork(tmp_path: Path) -> None:
    code = (
        PROVIDER
        + """
def fail(words):
    try:
        with trace.get_tracer("shop").start_as_current_span("work"):
            raise ValueError(words)
    except ValueError:
        pass
fail("before")
child = os.fork()
if not child:
    fail("in the child")
    provider.force_flush()
    exporter.force_flush(5000)
    os._exit(0)
os.waitpid(child, 0)
fail("after")
"""
    )
    with discord_served() as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert (done.code, done.own_lines) == (0, []), done.out
        assert discord.records == 3, (discord.titles, done.out)


@pytest.mark.parametrize("has_spool", [False, True], ids=["nowhere", "spool"])
def test_discord_is_away_at_the_end(tmp_path: Path, has_spool: bool) -> None:
    """Three exporters have one time together for their end."""
    spool = {"OTEL_EXPORTER_DISCORD_SPOOL_DIRECTORY": str(tmp_path / "spool")} if has_spool else {}
    (tmp_path / "rules.yaml").write_text("rules: [{name: A, metric: depth, conditions: {warning: '> 1'}}]\n")
    signals = {f"OTEL_{each}_EXPORTER": "discord" for each in ("LOGS", "TRACES", "METRICS")}
    settings = {**spool, **signals, "OTEL_EXPORTER_DISCORD_RULES": str(tmp_path / "rules.yaml")}
    code = WORK + "import logging\nlogging.getLogger('shop').error('one')\n"
    environment = away(f"http://127.0.0.1:{refusing_port()}/api/v10", **settings)
    done = run_application(tmp_path, code, environment, command=[INSTRUMENT])
    assert done.code == 0, done.out
    assert done.seconds < 10, done.out
    assert 1 <= len(done.own_lines) <= 3, done.out
    assert "2 records" in done.out, done.out
    if has_spool:
        with discord_served() as discord:
            again = run_application(tmp_path, "", {**discord.environment, **settings}, command=[INSTRUMENT])
            assert (again.code, discord.records) == (0, 2), again.out


def test_far_too_many_spans(tmp_path: Path) -> None:
    """Memory stays bounded, the program is not held up, and failures are found among all the others."""
    code = (
        PROVIDER.replace("BatchSpanProcessor(exporter)", "BatchSpanProcessor(exporter, schedule_delay_millis=100)")
        + """
import resource
tracer = trace.get_tracer("shop")
def rss_mib():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 2**20
with tracer.start_as_current_span("warm up"):
    pass
provider.force_flush()
time.sleep(1)
before = rss_mib()
spent, slept, most = 0.0, 0.0, 0
began = time.perf_counter()
for round in range(40):
    started = time.perf_counter()
    for number in range(500):
        with tracer.start_as_current_span("request", attributes={"http.route": "/orders", "number": number}) as span:
            if number == 7 and round == 20:
                span.record_exception(ValueError("the needle"))
    most = max(most, len(exporter._outlet._buffer))
    time.sleep(max(0.0, 0.05 - (time.perf_counter() - started)))
figure("seconds", time.perf_counter() - began)
figure("grown_mib", rss_mib() - before)
figure("most", most)
"""
    )
    with discord_served() as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert done.code == 0, done.out
        assert done.figures["most"] <= 10_000
        assert done.figures["grown_mib"] < 100, done.out
        assert done.figures["seconds"] < 12, done.out
        assert "the needle" in discord.text, (discord.text, done.out)


def test_failures_that_had_no_room_are_told(tmp_path: Path) -> None:
    code = (
        PROVIDER.replace("DiscordSpanExporter(", "DiscordSpanExporter(max_records=20, ").replace(
            "BatchSpanProcessor(exporter)", "SimpleSpanProcessor(exporter)"
        )
        + """
for number in range(120):
    try:
        with trace.get_tracer("shop").start_as_current_span("work"):
            raise ValueError("broken")
    except ValueError:
        pass
"""
    ).replace("import BatchSpanProcessor", "import SimpleSpanProcessor")
    with discord_served() as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert done.code == 0, done.out
        assert len(done.own_lines) <= 3, done.out
        assert "×20 ValueError: broken" in discord.text
        assert "100 records were not shown" in discord.text + done.out, (discord.text, done.out)
