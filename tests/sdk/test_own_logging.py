"""Our own lines: never sent, always seen, once."""

import io
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from otel_discord.sdk import ours, own_logging
from otel_discord.sdk.handler import DiscordHandler
from otel_discord.sdk.own_logging import OwnLines, guard_loggers, line_of, show_own_logs
from tests.sdk.collecting import CollectingOutlet

GUARDED = ("asyncio", "aiohttp.client", "aiohttp.internal", "concurrent.futures", "charset_normalizer", "py.warnings")


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def root_has(*handlers: logging.Handler) -> Iterator[None]:
    """Have these handlers at the root and no others, pytest's own neither."""
    before, logging.root.handlers = logging.root.handlers, list(handlers)
    try:
        yield
    finally:
        logging.root.handlers = before


# ----------------------------------------------------------------------------------------------------------- guarded


@pytest.mark.parametrize("name", GUARDED)
def test_what_libraries_log_about_our_sending_reaches_no_handler(name: str) -> None:
    guard_loggers()
    guard_loggers()
    logger, kept = logging.getLogger(name), Kept()
    filters = [each for each in logger.filters if isinstance(each, own_logging.NotOfOurSending)]
    assert len(filters) == 1
    logger.addHandler(kept)
    try:
        with ours.working():
            logger.error("of our sending")
        logger.error("of the application")
    finally:
        logger.removeHandler(kept)
    assert [record.getMessage() for record in kept.records] == ["of the application"]


def test_it_is_the_thread_that_counts() -> None:
    guard_loggers()
    logger, kept = logging.getLogger("asyncio"), Kept()
    logger.addHandler(kept)
    try:
        with ours.working():
            thread = threading.Thread(target=lambda: logger.error("of the application"))
            thread.start()
            thread.join()
    finally:
        logger.removeHandler(kept)
    assert len(kept.records) == 1


def test_a_handler_of_opentelemetry_takes_nothing_of_our_sending() -> None:
    module = "opentelemetry.instrumentation.logging.handler"
    theirs, plain = type("LoggingHandler", (Kept,), {"__module__": module})(), Kept()
    with root_has(theirs, plain):
        guard_loggers()
        guard_loggers()
        with ours.working():
            logging.getLogger("some.library").error("x")
        logging.getLogger("some.library").error("y")
    assert [record.getMessage() for record in theirs.records] == ["y"]
    assert [record.getMessage() for record in plain.records] == ["x", "y"]


# -------------------------------------------------------------------------------------------------------------- seen


def test_where_nobody_else_shows_it_a_warning_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_own_logs()
    log = logging.getLogger("otel_discord.sdk")
    with root_has():
        log.warning("the webhook\nis gone: %s", "https://discord.com/api/webhooks/12/abcDEF-_g?wait=true")
        log.info("not this")
    assert capsys.readouterr().err == (
        "otel_discord: the webhook is gone: https://discord.com/api/webhooks/12/…?wait=true\n"
    )


@pytest.mark.parametrize("module", ["opentelemetry.instrumentation.logging.handler", "opentelemetry.sdk._logs"])
def test_opentelemetrys_handler_and_ours_show_a_person_nothing(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_own_logs()
    theirs = type("LoggingHandler", (Kept,), {"__module__": module})()
    mine = DiscordHandler(outlet=CollectingOutlet())  # type: ignore[arg-type]
    with root_has(theirs, mine, logging.NullHandler()):
        logging.getLogger("otel_discord.sdk").error("x")
    assert capsys.readouterr().err == "otel_discord: x\n"


def test_where_another_handler_shows_it_nothing_is_added(capsys: pytest.CaptureFixture[str]) -> None:
    show_own_logs()
    console = io.StringIO()
    with root_has(logging.StreamHandler(console)):
        logging.getLogger("otel_discord.sdk").error("x")
    assert (capsys.readouterr().err, console.getvalue()) == ("", "x\n")


def test_a_handler_that_is_too_high_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show_own_logs()
    high = logging.StreamHandler(io.StringIO())
    high.setLevel(logging.CRITICAL)
    with root_has(high):
        logging.getLogger("otel_discord.sdk").error("x")
    assert capsys.readouterr().err == "otel_discord: x\n"


def test_once_is_enough() -> None:
    show_own_logs()
    show_own_logs()
    own = logging.getLogger("otel_discord").handlers
    assert len([handler for handler in own if isinstance(handler, OwnLines)]) == 1


def test_a_stream_that_is_gone_or_narrow_raises_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    show_own_logs()
    log = logging.getLogger("otel_discord.sdk")
    closed = io.StringIO()
    closed.close()
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with root_has():
        for stream in (None, closed):
            monkeypatch.setattr("sys.stderr", stream)
            log.error("x")
        monkeypatch.setattr("sys.stderr", narrow)
        log.error("→")
    assert narrow.buffer.getvalue() == b"otel_discord: \\u2192\n"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"msg": "a %s", "args": ("b",)}, "otel_discord: a b"),
        ({"msg": "a %d", "args": ("b",)}, "otel_discord: a %d"),
        ({"msg": "\x1b[31mred\x00"}, "otel_discord: [31mred"),
        ({"msg": "x", "exc_info": (ValueError, ValueError("no"), None)}, "otel_discord: x (ValueError: no)"),
        ({"msg": "x" * 9000}, "otel_discord: " + "x" * 2000),
    ],
)
def test_lines(values: dict[str, Any], line: str) -> None:
    assert line_of(logging.makeLogRecord(values)) == line
