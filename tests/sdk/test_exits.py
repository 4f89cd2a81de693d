"""How a program ends: nothing is lost that could be sent or kept, and the end is not held up."""

import socket
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sdk.applications import Ended, discord_served, run_application

HANDLER = """
import logging, os, sys, time
from otel_discord.sdk import DiscordHandler
handler = DiscordHandler()
logging.getLogger().addHandler(handler)
log = logging.getLogger("shop")
"""
PROVIDER = """
import logging, os, sys, time
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from otel_discord.sdk import DiscordLogExporter
provider = LoggerProvider()
exporter = DiscordLogExporter()
provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
logging.getLogger().addHandler(LoggingHandler(logging.NOTSET, provider))
log = logging.getLogger("shop")
"""
BURST = """
for number in range(60):
    log.error("order %d failed in step %s", number, "abcdefgh"[number % 8] * 3)
"""
WAYS = pytest.mark.parametrize("way", [HANDLER, PROVIDER], ids=["handler", "provider"])


@WAYS
def test_a_burst_and_the_end(tmp_path: Path, way: str) -> None:
    with discord_served() as discord:
        done = run_application(tmp_path, way + BURST, discord.environment)
        assert (done.code, discord.records) == (0, 60), done.out
        discord.assert_clean()
        assert done.own_lines == []


@WAYS
@pytest.mark.parametrize(
    "end",
    [
        "sys.exit(3)",
        "raise SystemExit(3)",
        "import atexit; atexit.register(lambda: log.error('said at exit')); sys.exit(3)",
        (
            "import threading; threading.Thread(target=lambda: (time.sleep(0.3), log.error('from a thread'))).start(); "
            "sys.exit(3)"
        ),
        "logging.shutdown(); sys.exit(3)",
    ],
)
def test_other_ends(tmp_path: Path, way: str, end: str) -> None:
    with discord_served() as discord:
        done = run_application(tmp_path, f"{way}\nlog.error('first')\n{end}\n", discord.environment)
        assert done.code == 3, done.out
        later = "'said at exit'" in end or "'from a thread'" in end
        assert discord.records == 1 + later, (discord.text, done.out)
        assert "Traceback" not in done.out


def test_a_handler_that_nobody_holds_any_more(tmp_path: Path) -> None:
    code = HANDLER + "log.error('first')\nlogging.getLogger().removeHandler(handler)\ndel handler\n"
    with discord_served() as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert (done.code, discord.records, done.own_lines) == (0, 1, []), done.out


def test_beside_a_thread_that_calculates(tmp_path: Path) -> None:
    code = """
    import threading
    def calculate():
        while True:
            sum(number * number for number in range(1000))
    threading.Thread(target=calculate, daemon=True).start()
    log.error("one")
    handler.close()
    figure("turn_s", sys.getswitchinterval())
    """
    with discord_served() as discord:
        done = run_application(tmp_path, HANDLER + textwrap.dedent(code), discord.environment)
        assert (done.code, discord.records, done.own_lines) == (0, 1, []), done.out
        assert done.figures["turn_s"] == pytest.approx(0.005)


def test_an_exception_that_nobody_catches(tmp_path: Path) -> None:
    code = HANDLER + "sys.excepthook = lambda *error: log.critical('died', exc_info=error)\n1 / 0\n"
    with discord_served() as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert done.code == 1
        assert "ZeroDivisionError" in discord.text


def test_nothing_was_logged(tmp_path: Path) -> None:
    code = HANDLER + "import threading; figure('threads', threading.active_count())\nlog.info('below')\n"
    with discord_served() as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert (done.code, done.figures["threads"], len(discord.fake.journal)) == (0, 1, 0)
        assert done.own_lines == []


# ------------------------------------------------------------------------------------------------------ Discord is away


def refusing_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def silent_port() -> Iterator[int]:
    """Take connections and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def away(endpoint: str, **more: str) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_DISCORD_ENDPOINT": endpoint,
        "OTEL_EXPORTER_DISCORD_ALLOW_INSECURE_ENDPOINT": "true",
        "OTEL_EXPORTER_DISCORD_WEBHOOK_URL": "https://discord.com/api/webhooks/1234567890/abcdefghijklmnop",
        "OTEL_EXPORTER_DISCORD_SHUTDOWN_TIMEOUT": "3.5s",
        **more,
    }


def assert_unharmed(done: Ended, *, lines: int = 3) -> None:
    assert done.code == 0, done.out
    assert "Traceback" not in done.out
    assert done.seconds < 8, done.out
    assert 1 <= len(done.own_lines) <= lines, done.out
    assert "abcdefghijklmnop" not in done.out


@pytest.mark.parametrize(
    ("way", "trouble"),
    [
        pytest.param(HANDLER, "refused", id="handler-refused"),
        pytest.param(PROVIDER, "silent", id="provider-silent"),
        pytest.param(HANDLER, "no such name", id="handler-no-such-name"),
    ],
)
def test_discord_is_away(tmp_path: Path, way: str, trouble: str) -> None:
    with silent_port() as silent:
        host = {
            "refused": f"127.0.0.1:{refusing_port()}",
            "silent": f"127.0.0.1:{silent}",
            "no such name": "no.invalid",
        }
        spool = {"OTEL_EXPORTER_DISCORD_SPOOL_DIRECTORY": str(tmp_path / "spool")}
        done = run_application(tmp_path, way + BURST, away(f"http://{host[trouble]}/api/v10", **spool))
    assert_unharmed(done)
    with discord_served() as discord:
        again = run_application(tmp_path, way, {**discord.environment, **spool})
        assert (again.code, discord.records) == (0, 60), (done, again)
        discord.assert_clean()
        third = run_application(tmp_path, way, {**discord.environment, **spool})
        assert (third.code, discord.records) == (0, 60), third.out


def test_a_wrong_token_and_a_right_one_at_the_next_start(tmp_path: Path) -> None:
    spool = {"OTEL_EXPORTER_DISCORD_SPOOL_DIRECTORY": str(tmp_path / "spool")}
    with discord_served() as discord:
        wrong = discord.url[:-6] + "xxxxxx"
        environment = {**discord.environment, **spool}
        done = run_application(tmp_path, HANDLER + BURST, {**environment, "OTEL_EXPORTER_DISCORD_WEBHOOK_URL": wrong})
        assert_unharmed(done)
        assert discord.records == 0
        again = run_application(tmp_path, HANDLER, environment)
        assert (again.code, discord.records) == (0, 60), again.out


def test_an_interruption_while_the_end_is_waited_for_costs_no_record(tmp_path: Path) -> None:
    code = """
    import signal
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(9))
    log.error("one")
    signal.setitimer(signal.ITIMER_REAL, 0.7)
    """
    spool = {"OTEL_EXPORTER_DISCORD_SPOOL_DIRECTORY": str(tmp_path / "spool")}
    with silent_port() as silent:
        environment = away(f"http://127.0.0.1:{silent}/api/v10", **spool)
        done = run_application(tmp_path, HANDLER + textwrap.dedent(code), environment)
    assert "SystemExit: 9" in done.out
    assert len(done.own_lines) - done.out.count("File ") <= 1, done.out
    assert "1 record was not delivered and waits in the spool" in done.out


def test_without_a_spool_one_line_says_what_is_lost(tmp_path: Path) -> None:
    done = run_application(tmp_path, HANDLER + BURST, away(f"http://127.0.0.1:{refusing_port()}/api/v10"))
    assert_unharmed(done)
    assert "60 records" in done.out
    assert "SPOOL_DIRECTORY" in done.out


def test_it_delivers_when_discord_comes_back(tmp_path: Path) -> None:
    code = HANDLER + BURST + "time.sleep(6)\nlog.error('still here')\n"
    with discord_served() as discord:
        discord.do(discord.server.stop_listening)

        def back() -> None:
            time.sleep(2)
            discord.do(discord.server.listen_again)

        thread = threading.Thread(target=back)
        thread.start()
        done = run_application(tmp_path, code, discord.environment)
        thread.join()
        assert (done.code, discord.records) == (0, 61), done.out


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "WEBHOOK_URL"),
        ({"OTEL_EXPORTER_DISCORD_WEBHOOK_URL": "not a url"}, "WEBHOOK_URL"),
        (
            {
                "OTEL_EXPORTER_DISCORD_WEBHOOK_URL": "https://discord.com/api/webhooks/12/abc",
                "OTEL_EXPORTER_DISCORD_MIN_SEVERITY": "loud",
            },
            "MIN_SEVERITY",
        ),
    ],
)
@WAYS
def test_wrong_settings_are_one_line_and_the_application_goes_on(
    tmp_path: Path, way: str, settings: dict[str, str], said: str
) -> None:
    done = run_application(tmp_path, way + "log.error('one')\nprint('went on')\n", settings)
    assert done.code == 0
    assert "went on" in done.out
    assert len(done.own_lines) == 1, done.out
    assert said in done.own_lines[0]


FLUSHES = {
    HANDLER: "import asyncio; done = asyncio.run(handler.aflush(0.5))",
    PROVIDER: "provider.force_flush(); begun = time.monotonic(); done = exporter.force_flush(500)",
}


@WAYS
def test_flush_keeps_its_deadline(tmp_path: Path, way: str) -> None:
    code = f"""{way}
log.error("one")
begun = time.monotonic()
{FLUSHES[way]}
figure("took", time.monotonic() - begun)
figure("done", int(done))
"""
    with silent_port() as silent:
        done = run_application(tmp_path, code, away(f"http://127.0.0.1:{silent}/api/v10"))
    assert done.figures["took"] < 1.5
    assert done.figures["done"] == 0


@WAYS
def test_flush_waits_until_it_is_there(tmp_path: Path, way: str) -> None:
    flush = FLUSHES[way].replace("500", "20_000").replace("0.5", "20")
    with discord_served() as discord:
        code = f"{way}{BURST}{flush}\nfigure('done', int(done))\nimport os; os._exit(0)\n"
        done = run_application(tmp_path, code, discord.environment)
        assert (done.figures["done"], discord.records) == (1, 60), done.out


# ---------------------------------------------------------------------------------------------------------- threads


def test_every_thread_is_there_before_the_end_begins(tmp_path: Path) -> None:
    code = """
    import threading
    from otel_discord.sdk.sender import the_sender
    the_sender().get_ready()
    figure("threads", sum(each.name.startswith("otel-discord") for each in threading.enumerate()))
    """
    assert run_application(tmp_path, code, {}).figures["threads"] == 3


def test_where_no_thread_could_be_started_the_next_record_tries_again(tmp_path: Path) -> None:
    code = """
    import threading
    start = threading.Thread.start
    def refuse(thread):
        raise RuntimeError("can't start new thread")
    threading.Thread.start = refuse
    log.error("one")
    threading.Thread.start = start
    log.error("two")
    import asyncio
    asyncio.run(handler.aflush(20))
    os._exit(0)
    """
    with discord_served() as discord:
        done = run_application(tmp_path, HANDLER + textwrap.dedent(code), discord.environment)
        assert (done.code, discord.records) == (0, 2), done.out


def test_a_spool_on_a_full_disk_is_not_sent_at_every_start(tmp_path: Path) -> None:
    spool = {"OTEL_EXPORTER_DISCORD_SPOOL_DIRECTORY": str(tmp_path / "spool")}
    run_application(tmp_path, HANDLER + "log.error('one')\n", away(f"http://127.0.0.1:{refusing_port()}/api", **spool))
    is_full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
    with discord_served() as discord:
        environment = {**discord.environment, **spool}
        done = run_application(tmp_path, is_full + HANDLER, environment)
        assert (done.code, discord.records, len(done.own_lines)) == (0, 0, 1), done.out
        assert "the spool cannot be sent again" in done.out
        done = run_application(tmp_path, HANDLER, environment)
        assert (done.code, discord.records, done.own_lines) == (0, 1, []), done.out


def test_a_program_that_logs_nothing_and_ends_at_once_sends_the_spool(tmp_path: Path) -> None:
    spool = {"OTEL_EXPORTER_DISCORD_SPOOL_DIRECTORY": str(tmp_path / "spool")}
    run_application(tmp_path, HANDLER + "log.error('one')\n", away(f"http://127.0.0.1:{refusing_port()}/api", **spool))
    with discord_served() as discord:
        done = run_application(tmp_path, HANDLER, {**discord.environment, **spool})
        assert (done.code, discord.records, done.own_lines) == (0, 1, []), done.out
