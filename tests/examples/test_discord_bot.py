"""The bot of the examples through a bad day: everything of it is told, once, and its loop was never held up."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.processes import stand_in, started
from tests.examples.running import DEADLINE_S, EXAMPLES, embeds, environment, no_refusals, whole_text
from tests.examples.test_programs import times

SLOW_MS = "400"
HEARTBEAT_S = 0.5
"""The gateway asks for one every 41 s; held up for longer than this, a person who uses the bot would notice."""
COMMANDS = 50


@dataclass(slots=True)
class BadDay:
    errors: list[dict[str, Any]]
    members: list[dict[str, Any]]
    late_s: float
    closed_after_s: float
    said: str

    def one(self, title: str) -> dict[str, Any]:
        (found,) = [each for each in (*self.errors, *self.members) if title in each["title"]]
        return found


@pytest.fixture(scope="module")
def bad_day() -> Iterator[BadDay]:
    with stand_in("--webhooks", "2", "--latency-ms", SLOW_MS) as fake:
        variables = environment(fake, MEMBERS_WEBHOOK_URL=fake.urls[1], OTEL_SERVICE_NAME="gardener")
        root = str(EXAMPLES.parent)
        with started([sys.executable, "-m", "tests.examples.bot_in_trouble"], **variables, PYTHONPATH=root) as running:
            assert running.wait(DEADLINE_S) == 0, "".join(running.said)
        yield BadDay(
            errors=embeds(fake, 0),
            members=embeds(fake, 1),
            late_s=float(running.read_until(r"late by ([\d.]+)")[1]),
            closed_after_s=float(running.read_until(r"closed after ([\d.]+)")[1]),
            said="".join(running.said),
        )
        no_refusals(fake)


def test_an_error_of_a_command_says_who_asked_for_what_where(bad_day: BadDay) -> None:
    embed = bad_day.one("ZeroDivisionError: integer division or modulo by zero")
    text = whole_text(embed)
    assert "Command !divide" in text
    assert all(each in text for each in ("user.name=ann", "user=3030", "guild=Garden", "channel=general"))
    assert times(embed["title"]) == COMMANDS


def test_an_error_of_a_slash_command_too(bad_day: BadDay) -> None:
    text = whole_text(bad_day.one("ValueError: empty range"))
    assert "Command /roll" in text
    assert "user.name=ann" in text


def test_an_error_of_an_event_says_which(bad_day: BadDay) -> None:
    assert "Event on_scheduled_event_create" in whole_text(bad_day.one("AttributeError: 'object'"))


def test_the_gateway_is_away_and_back_once_each_time(bad_day: BadDay) -> None:
    assert times(bad_day.one("The gateway is away")["title"]) == 2
    assert times(bad_day.one("The gateway is back: the session goes on")["title"]) == 1
    assert times(bad_day.one("The gateway is back: a new session")["title"]) == 1


@pytest.mark.parametrize("words", ["ann joined", "ann got Gardener", "ann was banned", "ann left", "ann is no longer"])
def test_members_are_told_in_their_own_channel(bad_day: BadDay, words: str) -> None:
    assert bad_day.one(words) in bad_day.members


def test_the_bot_says_how_it_is(bad_day: BadDay) -> None:
    assert "of memory" in bad_day.one("The bot starts")["title"]


def test_nothing_else_is_told(bad_day: BadDay) -> None:
    assert len(bad_day.errors) == 6
    assert len(bad_day.members) == 6


def test_the_loop_is_never_held_up(bad_day: BadDay) -> None:
    assert bad_day.late_s < HEARTBEAT_S


def test_close_waits_for_the_last_report_and_not_longer(bad_day: BadDay) -> None:
    assert 0.1 < bad_day.closed_after_s < 11


def test_the_token_comes_from_the_environment() -> None:
    text = Path(EXAMPLES / "discord_bot" / "bot.py").read_text(encoding="utf-8")
    assert 'os.environ["DISCORD_BOT_TOKEN"]' in text
