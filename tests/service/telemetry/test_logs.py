"""Own log lines: two encodings, levels, extras, repeats; no line is lost, none can pose as another."""

import json
import logging
import sys
import threading
import warnings

import pytest
from aiohttp.http_exceptions import BadHttpMessage

from otel_discord.component import StartError
from otel_discord.component.last_copy import LAST_COPY
from otel_discord.config import Secret
from otel_discord.service.telemetry.config import LogsConfig
from otel_discord.service.telemetry.logs import process_logging
from otel_discord.service.telemetry.redact import Redactor

LOGGER = logging.getLogger("otel_discord.exporter.discord")


class Unprintable:
    def __str__(self):
        raise RuntimeError("no")


@pytest.fixture
def lines(tmp_path):
    """Return a function that runs code under process_logging and returns the lines it wrote."""

    def run(code, redactor=None, **config):
        path = tmp_path / "log"
        path.unlink(missing_ok=True)
        settings = LogsConfig.model_validate({"output_paths": (str(path),), **config})
        with process_logging(settings, redactor or Redactor()):
            code()
        return path.read_text().splitlines()

    return run


def test_console_line(lines):
    (line,) = lines(
        lambda: LOGGER.warning("webhook %s is away", "ops", extra={"destination": "ops", "why": "not found"})
    )
    time, level, who, rest = line.split("  ", 3)
    assert time.endswith("Z")
    assert level.strip() == "WARN"
    assert who.strip() == "exporter.discord"
    assert rest == 'webhook ops is away destination=ops why="not found"'


def test_json_line(lines):
    (line,) = lines(
        lambda: LOGGER.error("away", extra={"attempt": 3, "up": False, "level": "forged"}),
        encoding="json",
        initial_fields={"site": "a"},
    )
    document = json.loads(line)
    assert document.pop("ts").endswith("Z")
    assert document == {
        "site": "a",
        "attempt": 3,
        "up": False,
        "level": "error",
        "logger": "exporter.discord",
        "msg": "away",
    }


def test_levels_of_own_and_foreign_loggers(lines):
    def say():
        for name in ("otel_discord.a", "aiohttp.access", "grpc._cython.cygrpc"):
            for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
                logging.getLogger(name).log(level, "%s", logging.getLevelName(level))

    def shown(level):
        return [tuple(line.split()[1:3]) for line in lines(say, level=level)]

    foreign = [(level, who) for who in ("aiohttp.access", "grpc._cython.cygrpc") for level in ("WARN", "ERROR")]
    assert shown("debug") == [(level, "a") for level in ("DEBUG", "INFO", "WARN", "ERROR")] + foreign
    assert shown("info") == [(level, "a") for level in ("INFO", "WARN", "ERROR")] + foreign
    assert shown("error") == [("ERROR", "a"), ("ERROR", "aiohttp.access"), ("ERROR", "grpc._cython.cygrpc")]


@pytest.mark.parametrize("encoding", ["console", "json"])
def test_data_cannot_start_a_line_or_colour_the_terminal(lines, encoding):
    hostile = "x\n2026-01-01T00:00:00.000Z  ERROR  service  forged\r\x1b[31m\u202e\u2028\x85"
    written = lines(lambda: LOGGER.info("got %s", hostile, extra={"body": hostile}), encoding=encoding)
    assert all(line.startswith(" ") for line in written[1:])
    assert not any(character in "".join(written) for character in "\r\x1b\u202e\u2028\x85")


def test_an_exception_follows_its_line(lines):
    def fail():
        try:
            raise ValueError("first\nsecond")
        except ValueError:
            LOGGER.exception("failed")

    head, *trace = lines(fail)
    assert head.endswith("failed")
    assert trace[0] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") for line in trace)
    assert "ValueError: first" in json.loads(lines(fail, encoding="json")[0])["exception"]


def test_a_request_that_is_no_http_leaves_no_traceback_in_our_log(lines):
    def say(error):
        try:
            raise error
        except type(error):
            logging.getLogger("aiohttp.server").exception("Error handling request from %s", "")

    assert lines(lambda: say(BadHttpMessage("Missing 'Host' header in request."))) == []
    assert lines(lambda: say(ValueError("ours")))


@pytest.mark.parametrize("encoding", ["console", "json"])
def test_what_cannot_be_printed_still_leaves_a_line(lines, encoding):
    def say():
        LOGGER.info("%d %d", "one")  # noqa: PLE1206
        LOGGER.info("%s", Unprintable())
        LOGGER.info("extra", extra={"thing": Unprintable(), "huge": 2**80, "none": None, "nan": float("nan")})
        LOGGER.info("lone \ud800", extra={"s": "\ud800"})
        LOGGER.info({"a": 1})

    assert len(lines(say, encoding=encoding)) == 5


def test_repeats_are_thinned_out_and_told_at_the_end(lines):
    def say():
        for number in range(500):
            LOGGER.warning("away for the %d. time", number)
        LOGGER.warning("another matter")

    written = lines(say, sampling={"initial": 3, "thereafter": 100})
    assert sum("away for the" in line and "left out" not in line for line in written) == 3 + 4
    assert written[-1].endswith("left out 493 more of: away for the …. time suppressed=493")
    assert any(line.endswith("another matter") for line in written)
    assert len(lines(say, sampling={"enabled": False})) == 501


def test_uncaught_exceptions_and_warnings_take_the_same_way(lines):
    def say():
        sys.excepthook(ValueError, ValueError("Bearer abcdef"), None)
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(False)
            logging.captureWarnings(True)
            warnings.warn("old way", stacklevel=1)

    text = "\n".join(lines(say))
    assert "ValueError: Bearer [REDACTED]" in text
    assert "ZeroDivisionError" in text
    assert "old way" in text


def test_known_secrets_in_arguments_extras_exceptions_and_stacks(lines):
    redactor = Redactor()
    redactor.add([Secret("planted-secret")])

    def say():
        try:
            raise OSError("planted-secret") from ValueError("planted-secret")
        except OSError as error:
            LOGGER.exception("%s", "planted-secret", extra={"error": error, "list": ["planted-secret"]})
            LOGGER.warning("planted-secret", exc_info=error, stack_info=True)

    for encoding in ("console", "json"):
        text = "\n".join(lines(say, redactor, encoding=encoding, initial_fields={"a": "planted-secret"}))
        assert "planted-secret" not in text
        assert text.count("[REDACTED]") >= 8


def test_everything_is_as_before_afterwards(lines):
    root, own = logging.getLogger(), logging.getLogger("otel_discord")
    before = (root.level, list(root.handlers), own.level, list(own.handlers), sys.excepthook, threading.excepthook)
    lines(lambda: None, level="debug")
    assert before == (root.level, root.handlers, own.level, own.handlers, sys.excepthook, threading.excepthook)


def test_a_file_that_cannot_be_opened_says_which_key(tmp_path):
    config = LogsConfig(output_paths=(str(tmp_path / "no" / "log"),))
    with (
        pytest.raises(StartError, match=r"output_paths: cannot write .*: No such file"),
        process_logging(config, Redactor()),
    ):
        pass
    assert logging.getLogger().handlers is not None


def test_the_log_file_is_the_users_alone(tmp_path):
    path = tmp_path / "log"
    with process_logging(LogsConfig(output_paths=(str(path),)), Redactor()):
        LOGGER.info("one")
    assert path.stat().st_mode & 0o077 == 0


def test_the_last_copy_of_a_record_is_written_however_often_it_repeats(lines):
    def code():
        for number in range(50):
            LOGGER.error("not delivered: %s", f"record {number}.", extra={LAST_COPY: True})
            LOGGER.error("waiting: %s", number)

    said = "\n".join(str(line) for line in lines(code, sampling={"enabled": True, "initial": 2, "thereafter": 0}))
    assert [number for number in range(50) if f"not delivered: record {number}." not in said] == []
    assert said.count("waiting: ") <= 4
    assert LAST_COPY not in said
