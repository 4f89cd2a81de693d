"""What the terminal shows of dead letters."""

import io
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from otel_discord.cli.letter_lines import details, is_success, letter_line, printable, replay_lines
from otel_discord.cli.replay_bar import replay_bar

LETTER = {
    "exporter": "discord",
    "time": "2026-01-31T03:00:03.123456Z",
    "destination": "errors",
    "reason": "invalid_form",
    "status": 400,
    "code": 50035,
    "discord": "Invalid Form Body",
    "severity": "ERROR",
    "service": "checkout",
    "text": "Payment declined: gateway timeout",
    "count": 1,
    "id": 17,
}


def state(**changes: Any) -> dict[str, Any]:
    base = {"exporter": "discord", "chosen": 0, "revived": 0, "delivered": 0, "dead_again": 0, "left": 0, "waiting": 0}
    return {**base, "remarks": [], "by_destination": {}, **changes}


def test_a_line_a_letter() -> None:
    assert letter_line(LETTER, UTC) == (
        "    17  2026-01-31 03:00:03  errors  400 50035 Invalid Form Body"
        "  ERROR checkout: Payment declined: gateway timeout"
    )


def test_an_exporter_with_a_name_stands_at_the_end() -> None:
    assert letter_line({**LETTER, "exporter": "discord/ops"}, UTC) == f"{letter_line(LETTER, UTC)}  discord/ops"


def test_without_an_answer_the_reason_stands_there_and_counts_are_shown() -> None:
    letter = {"time": "?", "destination": "ops", "reason": "timeout", "text": "x", "count": 1240, "id": 3}
    assert letter_line(letter, UTC) == "     3  unknown time  ops  timeout  ×1,240 x"


@given(st.text(), st.text(max_size=2000))
def test_no_text_moves_the_cursor(text: str, words: str) -> None:
    line = letter_line({**LETTER, "text": text, "discord": words}, UTC)
    assert line.isprintable()
    assert len(line) < 700
    assert all(shown.isprintable() for shown in details({"body": text, "list": [words], "map": {"k": words}}))


def test_details() -> None:
    shown = list(details({**LETTER, "errors": ["embeds[0].title: too long"], "record": {"body": "a\nb", "n": 3}}, UTC))
    assert "time: 2026-01-31 03:00:03" in shown
    assert shown[shown.index("errors:") + 1] == "    embeds[0].title: too long"
    assert shown[shown.index("record:") + 1 :] == ["    body:", "        a", "        b", "    n: 3"]


def test_words_on_a_replay() -> None:
    assert list(replay_lines([state()], dry_run=False)) == ["There is nothing to send again."]
    assert list(replay_lines([], dry_run=True)) == ["There is nothing to send again."]
    some = state(chosen=4, revived=2, delivered=1, dead_again=1, left=2, by_destination={"ops": 2}, remarks=["Why."])
    assert list(replay_lines([some, state()], dry_run=False)) == [
        "2 letters sent again (2 to ops): 1 delivered, 1 dead again, 0 still waiting.",
        "2 letters left as they are.",
        "Why.",
    ]
    assert next(replay_lines([state(chosen=1, by_destination={"ops": 1})], dry_run=True)) == (
        "1 letter would be sent again: 1 to ops."
    )
    assert list(replay_lines([state(chosen=1, left=1)], dry_run=True))[1] == "1 letter left as it is."


@pytest.mark.parametrize(
    ("changes", "dry_run", "good"),
    [
        ({}, False, True),
        ({"delivered": 2}, False, True),
        ({"dead_again": 1}, False, False),
        ({"waiting": 1}, False, False),
        ({"left": 1}, False, False),
        ({"left": 1}, True, False),
        ({"waiting": 1}, True, True),
    ],
)
def test_success(changes: dict[str, int], dry_run: bool, good: bool) -> None:
    assert is_success(state(**changes), dry_run=dry_run) is good


def test_the_bar_shows_how_far_it_is() -> None:
    screen = io.StringIO()
    with replay_bar(Console(file=screen, force_terminal=True, width=100)) as hear:
        hear(state(revived=4, delivered=1))
        hear(state(revived=4, delivered=2, dead_again=1))
    assert "3/4" in screen.getvalue()
    assert "1 dead again" in screen.getvalue()


def test_printable() -> None:
    assert printable("a\x1b[31mb\n") == "a\ufffd[31mb\ufffd"
