"""What bots tell of, as log records."""

import logging
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from otel_discord.sdk.events import BotEvents
from otel_discord.sdk.snapshot import Snapshot
from otel_discord.sdk.system_status import duration_text, size_text, system_figures
from tests.sdk.collecting import CollectingOutlet, collecting

GUILD_ID, USER_ID = 197_038_439_483_310_086, 80_351_110_224_678_912


def role(number: int, name: str) -> SimpleNamespace:
    return SimpleNamespace(id=number, name=name)


def guild(**values: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"id": GUILD_ID, "name": "Engines", "member_count": 1204, **values})


def member(**values: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"id": USER_ID, "name": "ada", "display_name": "ada", "guild": guild(), **values})


def said(act: Any, **settings: Any) -> list[Snapshot]:
    with collecting(include_code=False) as (logger, outlet):
        act(BotEvents(logger, **settings))
    return outlet.snapshots


WHO = {
    "user.id": str(USER_ID),
    "user.name": "ada",
    "discord.guild.id": str(GUILD_ID),
    "discord.guild.name": "Engines",
}
KINDS: dict[str, tuple[Any, str, int, str]] = {
    "join": (lambda events: events.member_join(member()), "discord.member.join", 9, "ada joined · 1,204 members"),
    "leave": (lambda events: events.member_leave(member()), "discord.member.leave", 9, "ada left · 1,204 members"),
    "ban": (lambda events: events.member_ban(guild(), member()), "discord.member.ban", 13, "ada was banned"),
    "unban": (
        lambda events: events.member_unban(guild(), member()), "discord.member.unban", 9, "ada is no longer banned"
    ),
    "role_update": (
        lambda events: events.role_update(
            member(roles=[role(1, "@everyone"), role(2, "guest"), role(3, "crew")]),
            member(roles=[role(1, "@everyone"), role(3, "crew"), role(4, "pilot"), role(5, "medic")]),
        ),
        "discord.member.role_update", 9, "ada got pilot, medic and lost guest",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_member_event_is_a_sentence_with_its_facts(kind: str) -> None:
    act, event, severity, words = KINDS[kind]
    (snapshot,) = said(act)
    assert (snapshot.event_name, snapshot.severity, snapshot.body) == (event, severity, words)
    assert WHO.items() <= snapshot.attributes.items()
    if kind == "role_update":
        assert snapshot.attributes["discord.roles.added"] == ("pilot", "medic")
        assert snapshot.attributes["discord.roles.removed"] == ("guest",)


@pytest.mark.parametrize("kind", KINDS)
def test_each_can_be_switched_off(kind: str) -> None:
    assert said(KINDS[kind][0], **{kind: False}) == []
    others = {other: False for other in KINDS if other != kind}
    assert len(said(KINDS[kind][0], **others)) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_ids_can_be_hidden(kind: str) -> None:
    (snapshot,) = said(KINDS[kind][0], hide_ids=True)
    told = f"{snapshot.body} {snapshot.template} {dict(snapshot.attributes)}"
    assert "ada" not in told
    assert str(USER_ID) not in told
    assert snapshot.attributes["discord.guild.id"] == str(GUILD_ID)


def test_one_member_is_one_member() -> None:
    (snapshot,) = said(lambda events: events.member_join(member(guild=guild(member_count=1))))
    assert snapshot.body == "ada joined · 1 member"


def test_a_member_who_left_unseen_has_a_user_and_a_guild_id() -> None:
    raw = SimpleNamespace(user=SimpleNamespace(id=USER_ID, name="ada"), guild_id=GUILD_ID)
    (snapshot,) = said(lambda events: events.member_leave(raw))
    assert snapshot.body == "ada left"
    assert snapshot.attributes["user.id"] == str(USER_ID)
    assert snapshot.attributes["discord.guild.id"] == str(GUILD_ID)


def test_an_update_that_leaves_the_roles_alone_is_none() -> None:
    assert said(lambda events: events.role_update(member(roles=[role(2, "a")]), member(roles=[role(2, "b")]))) == []


class Hostile:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize("thing", [None, 7, object(), Hostile()], ids=["none", "number", "object", "hostile"])
def test_nothing_raises_into_the_bot(thing: Any, caplog: pytest.LogCaptureFixture) -> None:
    def act(events: BotEvents) -> None:
        events.member_join(thing)
        events.member_leave(thing)
        events.member_ban(thing, thing)
        events.member_unban(thing, thing)
        events.role_update(thing, thing)
        events.error(thing, thing)
        events.status(thing, figure=thing)

    said(act)


def test_an_error_has_its_words_its_context_and_itself() -> None:
    def act(events: BotEvents) -> None:
        try:
            raise ValueError("no such order")
        except ValueError as error:
            events.error(error, "command !pay", channel=GUILD_ID, name="pay", message="m")

    (snapshot,) = said(act)
    assert (snapshot.event_name, snapshot.severity) == ("discord.bot.error", 17)
    assert snapshot.body == "command !pay: no such order"
    assert snapshot.exception is not None
    assert snapshot.exception.type == "ValueError"
    assert snapshot.attributes == {"channel": str(GUILD_ID), "context.name": "pay", "context.message": "m"}


def test_an_error_without_words_has_its_type() -> None:
    bodies = [
        snapshot.body for snapshot in said(lambda events: (events.error(KeyError()), events.error(OSError(), "x")))
    ]
    assert bodies == ["KeyError", "x: OSError"]


def test_status() -> None:
    (snapshot,) = said(lambda events: events.status("100 %d", guilds=12, latency_ms=41.5))
    assert (snapshot.event_name, snapshot.body, snapshot.template) == ("discord.bot.status", "100 %d", "")
    assert snapshot.attributes == {"guilds": 12, "latency_ms": 41.5}


def test_system_status() -> None:
    (snapshot,) = said(lambda events: events.system_status("ready", guilds=12))
    assert snapshot.event_name == "discord.bot.status"
    assert snapshot.body.startswith("ready · up ")
    assert "thread" in snapshot.body
    assert snapshot.attributes["process.uptime"] > 0
    assert snapshot.attributes["process.thread.count"] >= 1
    assert snapshot.attributes["guilds"] == 12


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_figures_of_this_process() -> None:
    figures = system_figures()
    assert 5_000_000 < figures["process.memory.usage"] < 10_000_000_000
    assert 0 < figures["process.uptime"] < 100_000


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (725, "12 min 5 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (273_600, "3 d 4 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(("size", "text"), [(2048, "2 KiB"), (88_080_384, "84 MiB"), (1_610_612_736, "1.5 GiB")])
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


def test_a_record_says_where_the_bot_made_it() -> None:
    with collecting() as (logger, outlet):
        events = BotEvents(logger)
        for act in (
            lambda: events.member_join(member()),
            lambda: events.role_update(member(roles=[]), member(roles=[role(2, "a")])),
            events.system_status,
            lambda: events.status("x"),
            lambda: events.error(ValueError()),
        ):
            act()
    assert {snapshot.attributes["code.file.path"] for snapshot in outlet.snapshots} == {__file__}
    assert len(outlet.snapshots) == 5


def test_a_logger_that_takes_nothing_of_it_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    with collecting() as (logger, outlet):
        logger.setLevel(logging.WARNING)
        events = BotEvents(logger.name)
        events.member_join(member())
        events.member_join(member())
    assert outlet.snapshots == []
    (warning,) = caplog.records
    assert f'logging.getLogger("{logger.name}")' in warning.getMessage()


def test_opentelemetrys_handler_understands_it_too() -> None:
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

    handlers = pytest.importorskip("opentelemetry.instrumentation.logging.handler")
    exporter = InMemoryLogRecordExporter()
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    with collecting() as (logger, outlet):
        logger.addHandler(handlers.LoggingHandler(logger_provider=provider))
        BotEvents(logger).member_join(member())
    (record,) = exporter.get_finished_logs()
    assert record.log_record.event_name == "discord.member.join" == outlet.only.event_name
    assert record.log_record.body == "ada joined · 1,204 members"
    assert (record.log_record.attributes or {})["user.id"] == str(USER_ID)
    assert isinstance(outlet, CollectingOutlet)
