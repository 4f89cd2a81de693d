"""The notice that letters accumulate: seldom, to the right place, in words that harm nobody."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.discord_api import limits
from otel_discord.discord_api.models import Message
from otel_discord.discord_api.validation import problems
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.config import DeadLettersConfig
from otel_discord.exporters.discord.dead_letters.notice import (
    GATHER_S,
    INTERVAL_S,
    Heap,
    NoticeBook,
    notice_values,
    tell_where,
)
from otel_discord.exporters.discord.dead_letters.office import open_office
from otel_discord.exporters.discord.dead_letters.replay_board import ReplayBoard
from otel_discord.exporters.discord.own_messages import show_built_in
from otel_discord.store.memory import MemoryQueue
from otel_discord.testing.expect import within
from otel_discord.testing.telemetry import InMemoryTelemetry, settings
from tests.exporters.discord.dead_letters.desk_rig import LIMITS, desk_rig


def test_the_first_gathers_and_the_next_waits_an_hour() -> None:
    book = NoticeBook()
    assert book.next_s() is None
    book.note("errors", "timeout", 3, words="", now_s=100)
    book.note("errors", "invalid_form", 1, words="Invalid Form Body", now_s=101)
    book.note("ops", "timeout", 1, words="", now_s=102)
    assert book.next_s() == 100 + GATHER_S
    assert book.due(104) == {}
    due = book.due(105)
    assert {name: (heap.count, heap.words) for name, heap in due.items()} == {"errors": (4, "Invalid Form Body")}
    assert list(book.due(107)) == ["ops"]
    book.note("errors", "timeout", 7, words="", now_s=200)
    assert book.next_s() == 105 + INTERVAL_S
    assert book.due(3000) == {}
    assert book.due(105 + INTERVAL_S)["errors"].count == 7


def test_the_end_of_the_service_is_no_news() -> None:
    book = NoticeBook()
    book.note("errors", "shutdown", 3, words="", now_s=100)
    assert book.next_s() is None


@pytest.mark.parametrize(
    ("fallback", "reasons", "where"),
    [
        ("ops", {"not_found": 1}, "ops"),
        ("ops", {"invalid_form": 1}, "ops"),
        ("", {"invalid_form": 1, "too_large": 2}, "errors"),
        ("", {"invalid_form": 1, "timeout": 2}, None),
        ("", {"not_found": 1}, None),
        ("", {}, None),
    ],
)
def test_who_is_told(fallback: str, reasons: dict[str, int], where: str | None) -> None:
    assert tell_where("errors", fallback, reasons) == where


def notice(destination: str, heap: Heap, *, kept: bool) -> Message:
    """Return the notice as the built-in template has it."""
    return show_built_in(notice_values(destination, heap, kept=kept))


def words(heap: Heap, *, destination: str = "errors", kept: bool = True) -> str:
    return notice(destination, heap, kept=kept).embeds[0].description


def test_what_it_says() -> None:
    heap = Heap(0, Counter({"not_found": 1204, "invalid_form": 3}), "Unknown Webhook")
    assert notice("errors", heap, kept=True).embeds[0].title == "📭 1,207 records for “errors” could not be delivered"
    assert words(heap) == (
        "- 1,204: the webhook is gone\n- 3: Discord refused the form\nDiscord said: Unknown Webhook\n"
        "Nothing is lost. Look, mend the cause, send again:\n```\n"
        "otel-discord dead-letters list --destination errors\n"
        "otel-discord dead-letters replay --destination errors\n```"
    )
    assert "×" not in words(heap), "that sign counts the records of a card"
    one = Heap(0, Counter({"timeout": 1}))
    assert notice("errors", one, kept=True).embeds[0].title.startswith("📭 1 record for ")
    assert words(one).startswith("Discord did not answer in time.\nNothing is lost.")
    assert "the service's log" in words(one, kept=False)
    many = Heap(0, Counter({f"reason_{number}": 1 for number in range(6)}))
    assert "- 1: reason 0\n" in words(many)
    assert "- and 2 more reasons" in words(many)
    starred = Heap(0, Counter({"timeout": 1}), "*" * 5000)
    assert problems(notice("*" * 5000, starred, kept=True)) == []
    assert "--destination 'my channels'" in words(one, destination="my chan`nel's".replace("`", ""))


@given(st.text(max_size=400), st.text(max_size=400), st.integers(1, 10**9))
def test_nothing_pings_and_every_limit_holds(destination: str, said: str, count: int) -> None:
    heap = Heap(0, Counter({"invalid_form": count}), f"@everyone <@1> {said}")
    message = notice(destination, heap, kept=True)
    assert message.to_json()["allowed_mentions"] == {"parse": []}
    text = message.embeds[0].title + message.embeds[0].description
    assert "@everyone" not in text
    assert "<@1>" not in text
    assert text.count("```") == 2
    assert len(message.embeds[0].title) <= limits.EMBED_TITLE_CHARS
    assert problems(message) == []


async def test_the_upkeep_tells_the_fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("otel_discord.exporters.discord.dead_letters.notice.GATHER_S", 0.02)
    async with desk_rig(tmp_path) as rig:

        async def told() -> None:
            while not rig.said:
                await asyncio.sleep(0.01)

        await rig.bury("a", "b", count=2)
        await rig.bury("c", lane="removed")
        await within(5, told())
        await asyncio.sleep(0.1)
    assert [to for to, _ in rig.said] == ["ops", "removed"]
    assert rig.said[0][1].embeds[0].title == "📭 4 records for “errors” could not be delivered"


@pytest.mark.looptime
async def test_a_timer_that_fires_early_is_no_reason_to_turn_in_circles(monkeypatch: pytest.MonkeyPatch) -> None:
    telemetry = InMemoryTelemetry()
    given = settings("discord", telemetry)
    office = open_office(given, DeadLettersConfig(directory=""), MemoryQueue(LIMITS), None, ReplayBoard())
    said: list[str] = []

    async def say(destination: str, message: Message) -> None:
        said.append(destination)

    loop = asyncio.get_running_loop()
    async with office.looked_after(say, lambda _: "ops") as upkeep:
        monkeypatch.setattr(NoticeBook, "_due_s", lambda _, __, heap: heap.since_s + 5 + loop_resolution(loop) / 2)
        upkeep.buried("errors", Cause(reason="timeout"), 1, is_kept=False)
        await asyncio.sleep(60)
    assert said == ["ops"]


def loop_resolution(loop: asyncio.AbstractEventLoop) -> float:
    return float(getattr(loop, "_clock_resolution", 1e-9))
