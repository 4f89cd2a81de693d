"""The handler: what it takes, that it never raises, and how it ends."""

import asyncio
import gc
import logging
import logging.config
import logging.handlers
import queue
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from otel_discord.sdk import exits, ours
from otel_discord.sdk.handler import DiscordHandler
from otel_discord.sdk.outlet import Outlet
from tests.sdk.collecting import CollectingOutlet, collecting, logger_with


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        (5, 1),
        (10, 5),
        (15, 8),
        (20, 9),
        (25, 12),
        (30, 13),
        (40, 17),
        (45, 20),
        (50, 21),
        (52, 23),
        (60, 24),
        (999, 24),
    ],
)
def test_levels_are_severities(level: int, severity: int) -> None:
    with collecting() as (logger, outlet):
        logger.log(level, "x")
    assert outlet.only.severity == severity


def test_a_record_is_taken_with_its_origin() -> None:
    with collecting(service_name="checkout", environment="test", resource={"a": 1}) as (logger, outlet):
        logger.error("x")
        logger.error("y")
    first, second = outlet.snapshots
    assert first.scope == logger.name
    assert first.severity_text == "ERROR"
    assert {"service.name": "checkout", "deployment.environment.name": "test", "a": 1}.items() <= first.resource.items()
    assert first.resource is second.resource


def test_below_the_floor_nothing_is_made() -> None:
    asked = []

    class Asked:
        def __str__(self) -> str:
            asked.append(1)
            return ""

    with collecting(floor=13) as (logger, outlet):
        logger.info("%s", Asked())
        logger.warning("x")
    assert outlet.only.body == "x"
    assert not asked


@pytest.mark.parametrize("name", ["otel_discord", "otel_discord.sdk", "otel_discord.exporter.discord"])
def test_our_own_lines_are_never_taken(name: str) -> None:
    outlet = CollectingOutlet()
    DiscordHandler(outlet=outlet).handle(logging.makeLogRecord({"name": name, "levelno": 40, "msg": "x"}))  # type: ignore[arg-type]
    assert not outlet.snapshots


def test_what_begins_alike_is_not_ours() -> None:
    outlet = CollectingOutlet()
    record = logging.makeLogRecord({"name": "otel_discord_shop", "levelno": 40, "msg": "x"})
    DiscordHandler(outlet=outlet).handle(record)  # type: ignore[arg-type]
    assert outlet.only.body == "x"


def test_nothing_of_the_senders_threads_is_taken() -> None:
    with collecting() as (logger, outlet), ours.working():
        logger.error("x")
    assert not outlet.snapshots


def test_filters_may_refuse_and_from_3_12_on_replace() -> None:
    other = logging.makeLogRecord({"name": "shop", "levelno": 40, "msg": "other"})
    with collecting() as (logger, outlet):
        (handler,) = logger.handlers
        handler.addFilter(lambda record: record.msg != "no")
        logger.error("no")
        logger.error("yes")
        handler.filter = lambda record: other  # type: ignore[method-assign, assignment, return-value]
        logger.error("mine")
    assert [snapshot.body for snapshot in outlet.snapshots] == ["yes", "other"]


def test_a_formatter_counts_only_where_it_is_wanted() -> None:
    for use_formatter, said in ((False, "x"), (True, "<x>")):
        with collecting(use_formatter=use_formatter) as (logger, outlet):
            logger.handlers[0].setFormatter(logging.Formatter("<%(message)s>"))
            logger.error("x")
        assert outlet.only.body == said


def test_a_formatter_that_fails_leaves_the_message() -> None:
    with collecting(use_formatter=True) as (logger, outlet):
        logger.handlers[0].setFormatter(logging.Formatter("%(nowhere)s"))
        logger.error("x")
    assert outlet.only.body == "x"


def test_code_may_be_left_out() -> None:
    for include_code in (True, False):
        with collecting(include_code=include_code) as (logger, outlet):
            logger.error("x")
        assert ("code.file.path" in outlet.only.attributes) is include_code


def test_the_service_of_opentelemetry_counts_more_than_a_guess_and_less_than_a_word() -> None:
    extra = {"otelServiceName": "from-otel"}
    with collecting() as (logger, outlet):
        logger.error("x", extra=extra)
        logger.error("y", extra=extra)
        logger.error("z", extra={"otelServiceName": "unknown_service"})
    first, second, third = outlet.snapshots
    assert first.resource["service.name"] == "from-otel"
    assert first.resource is second.resource
    assert third.resource["service.name"] != "unknown_service"
    with collecting(service_name="mine") as (logger, outlet):
        logger.error("x", extra=extra)
    assert outlet.only.resource["service.name"] == "mine"


# ------------------------------------------------------------------------------------------------- nothing goes wrong


def test_a_value_that_logs_is_heard_and_one_that_logs_itself_ends() -> None:
    with collecting() as (logger, outlet):

        class Talks:
            def __str__(self) -> str:
                logger.warning("inside")
                return "value"

        class Recurs:
            def __str__(self) -> str:
                logger.error("%s", self)
                return "again"

        logger.error("%s", Talks())
        assert [snapshot.body for snapshot in outlet.snapshots] == ["inside", "value"]
        logger.error("%s", Recurs())
    assert len(outlet.snapshots) == 4


def test_an_outlet_that_fails_is_said_once_and_never_raised(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(CollectingOutlet):
        def offer(self, snapshot: Any) -> None:
            raise RuntimeError("gone")

    handler = DiscordHandler(outlet=Broken())  # type: ignore[arg-type]
    with logger_with(handler) as logger:
        for _ in range(3):
            logger.error("x")
    assert [record.getMessage() for record in caplog.records] == [
        "a record was not taken: RuntimeError; please report this"
    ]


def test_threads_do_not_wait_for_each_other() -> None:
    inside, go_on = threading.Event(), threading.Event()

    class Slow:
        def __str__(self) -> str:
            inside.set()
            go_on.wait(5)
            return "slow"

    with collecting() as (logger, outlet):
        thread = threading.Thread(target=lambda: logger.error("%s", Slow()))
        thread.start()
        inside.wait(5)
        logger.error("quick")
        assert outlet.only.body == "quick"
        go_on.set()
        thread.join(5)
        assert len(outlet.snapshots) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "OTEL_EXPORTER_DISCORD_WEBHOOK_URL"),
        ({"webhook_url": "nonsense"}, "webhook_url"),
        ({"webhook_url": "https://discord.com/api/webhooks/123/abcdefSECRET", "colour": "red"}, "colour"),
        ({"webhook_url": "https://discord.com/api/webhooks/123/abcdefSECRET", "level": "LOUD"}, "level"),
        ({"webhook_url": "https://discord.com/api/webhooks/123/abcdefSECRET", "resource": "shop"}, "resource"),
        ({"level": "https://discord.com/api/webhooks/123/abcdefSECRET"}, "level"),
    ],
)
def test_wrong_settings_are_one_error_and_nothing_else(
    arguments: dict[str, Any], said: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_DISCORD_WEBHOOK_URL", raising=False)
    handler = DiscordHandler(**arguments)
    with logger_with(handler) as logger:
        logger.error("x")
        logger.error("y")
    handler.flush()
    handler.close()
    (error,) = [record for record in caplog.records if record.name.startswith("otel_discord")]
    assert error.levelno == logging.ERROR
    assert said in error.getMessage()
    assert "SECRET" not in error.getMessage()


# ----------------------------------------------------------------------------------------------------- configuration


URL = "https://discord.com/api/webhooks/123/" + "a" * 68
RESTORED = ("handlers", "disabled", "level", "propagate")


@pytest.fixture
def logging_restored() -> Any:
    before = {name: (logger, {key: getattr(logger, key) for key in RESTORED}) for name, logger in _all_loggers()}
    handlers = {name: list(logger.handlers) for name, (logger, _) in before.items()}
    yield
    for name, logger in _all_loggers():
        if name in before:
            for key, value in before[name][1].items():
                setattr(logger, key, value)
            logger.handlers[:] = handlers[name]
        else:
            logger.handlers.clear()


def _all_loggers() -> list[tuple[str, logging.Logger]]:
    known = [(name, each) for name, each in logging.root.manager.loggerDict.items() if isinstance(each, logging.Logger)]
    return [("", logging.root), *known]


def configure(**handlers: Any) -> None:
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": True,
            "handlers": handlers,
            "loggers": {"shop.configured": {"handlers": list(handlers), "level": "INFO", "propagate": False}},
        }
    )


@pytest.mark.parametrize("way", ["class", "()"])
def test_dict_config(way: str, logging_restored: None) -> None:
    configure(discord={way: "otel_discord.sdk.DiscordHandler", "webhook_url": URL, "level": "ERROR"})
    (handler,) = logging.getLogger("shop.configured").handlers
    assert isinstance(handler, DiscordHandler)
    assert handler.level == logging.ERROR
    handler.close()


def test_a_level_may_be_written_small() -> None:
    handler = DiscordHandler(level="error", outlet=CollectingOutlet())  # type: ignore[arg-type]
    assert handler.level == logging.ERROR


def test_a_record_without_a_name_is_taken() -> None:
    outlet = CollectingOutlet()
    DiscordHandler(outlet=outlet).handle(logging.makeLogRecord({"levelno": 40, "msg": "x"}))  # type: ignore[arg-type]
    assert outlet.only.body == "x"


def test_dict_config_with_wrong_settings_configures_the_rest(
    logging_restored: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(
        discord={"class": "otel_discord.sdk.DiscordHandler", "webhook_url": "nonsense"},
        console={"class": "logging.StreamHandler"},
    )
    assert len(logging.getLogger("shop.configured").handlers) == 2


def test_our_loggers_are_heard_although_a_configuration_switches_off_all_others(logging_restored: None) -> None:
    own = logging.getLogger("otel_discord.sdk")
    outlet = CollectingOutlet()
    handler = DiscordHandler(outlet=outlet)  # type: ignore[arg-type]
    logging.getLogger("shop.kept").addHandler(handler)
    configure(console={"class": "logging.NullHandler"})
    assert own.disabled
    handler.handle(logging.makeLogRecord({"name": "shop", "levelno": 40, "msg": "x"}))
    assert not own.disabled


def test_while_logging_is_configured_anew_nobody_waits_and_a_handler_in_use_goes_on(logging_restored: None) -> None:
    outlet = CollectingOutlet()
    handler = DiscordHandler(outlet=outlet)  # type: ignore[arg-type]
    configure(console={"class": "logging.NullHandler"})
    assert (outlet.flushes, outlet.shutdowns) == ([], [])
    handler.handle(logging.makeLogRecord({"name": "shop", "levelno": 40, "msg": "x"}))
    assert outlet.only.body == "x"
    handler.close()
    assert outlet.shutdowns == [None]


def test_a_handler_that_nobody_holds_any_more_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(Outlet, "shutdown", lambda self, timeout_s=None: ended.set())
    handler = DiscordHandler(URL)
    del handler
    gc.collect()
    assert ended.wait(5)


def test_after_the_end_a_handler_in_use_begins_again() -> None:
    handler = DiscordHandler(URL)
    first = handler._outlet
    handler.close()
    assert first is not None
    assert first.is_closed
    taken: list[Any] = []
    with logger_with(handler) as logger, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Outlet, "offer", lambda self, snapshot: taken.append(snapshot))
        logger.error("x")
    assert len(taken) == 1
    assert handler._outlet is not first
    handler.close()


# ------------------------------------------------------------------------------------------------------------ the end


def test_flush_and_close_keep_to_their_time() -> None:
    outlet = CollectingOutlet()
    handler = DiscordHandler(outlet=outlet)  # type: ignore[arg-type]
    handler.flush()
    handler.close()
    handler.close()
    assert (outlet.flushes, outlet.shutdowns) == ([5.0], [None])


def test_at_the_end_of_the_program_only_close_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    outlet = CollectingOutlet()
    handler = DiscordHandler(outlet=outlet)  # type: ignore[arg-type]
    monkeypatch.setitem(exits._state, "is_ending", True)
    logging.shutdown([lambda: handler])  # type: ignore[list-item]
    assert (outlet.flushes, outlet.shutdowns) == ([], [None])


def test_an_end_that_fails_is_said_and_not_raised(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(CollectingOutlet):
        def flush(self, timeout_s: float) -> bool:
            raise RuntimeError("gone")

        shutdown = flush  # type: ignore[assignment]

    handler = DiscordHandler(outlet=Broken())  # type: ignore[arg-type]
    handler.flush()
    handler.close()
    assert len(caplog.records) == 1


async def test_a_program_with_an_event_loop_goes_on_meanwhile() -> None:
    class Slow(CollectingOutlet):
        def flush(self, timeout_s: float) -> bool:
            time.sleep(0.05)
            return super().flush(timeout_s)

    outlet = Slow()
    handler = DiscordHandler(outlet=outlet)  # type: ignore[arg-type]
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.005)

    ticking = asyncio.ensure_future(tick())
    assert await handler.aflush(2.0)
    ticking.cancel()
    assert ticks > 2
    assert await handler.aclose(3.0)
    assert (outlet.flushes, outlet.shutdowns) == ([2.0], [3.0])


def test_a_queue_of_logging_in_between_keeps_what_it_can() -> None:
    outlet = CollectingOutlet()
    handler = DiscordHandler(outlet=outlet)  # type: ignore[arg-type]
    between: queue.SimpleQueue[Any] = queue.SimpleQueue()
    listener = logging.handlers.QueueListener(between, handler)
    with logger_with(logging.handlers.QueueHandler(between)) as logger:  # type: ignore[arg-type]
        listener.start()
        try:
            raise ValueError("19 %")
        except ValueError:
            logger.exception("failed %d", 3, extra={"order": 7})
        listener.stop()
    handler.close()
    assert outlet.only.body.startswith("failed 3\nTraceback")
    assert outlet.only.attributes["order"] == 7


def test_import_brings_nothing_heavy() -> None:
    code = (
        "import sys, otel_discord.sdk.handler, otel_discord.sdk.events\n"
        "heavy = {'pydantic', 'aiohttp', 'google.protobuf', 'opentelemetry', 'asyncio', 'orjson', 'jinja2'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert said.stdout.strip() == "[]"
