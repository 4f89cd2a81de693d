"""What a reader of the channel can count at the end, as pure functions over the messages that are there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.peers.scenarios import FIRST_NUMBER, Scenario, problem
from benchmarks.peers.ways import Reading
from otel_discord.testing.fake_discord.oracles import records_in

_TOTAL: Final = re.compile(r"\d[\d,]* problems?, (\d[\d,]*) events?")
"""How a digest says what all its problems come to, those in embeds of their own included."""
_NUMBER: Final = re.compile(rf"\b{FIRST_NUMBER // 10_000}\d{{4}}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """``accounted`` is of records, each once; of alerts, which have no count, of problems. Times are monotonic."""

    problems: int
    accounted: int
    repeats: int
    messages: int
    edits: int
    rate_limited: int
    first_s: float | None
    last_s: float | None


def counted(told: Mapping[str, Any], scenario: Scenario, reading: Reading) -> Counted:
    """Return what the stand-in told, counted as this kind of message is read."""
    messages: Sequence[Mapping[str, Any]] = told["messages"]
    plain = [_plain(message["texts"]) for message in messages]
    names = [problem(number) for number in range(scenario.problems)]
    shown = [{name for name in names if name in text} for text in plain]
    if reading == "counts":
        accounted, repeats = _by_counts(messages, scenario.records)
    elif reading == "records":
        accounted, repeats = _by_numbers(plain)
    else:
        accounted, repeats = _by_alerts(shown)
    return Counted(
        problems=len(set().union(*shown)),
        accounted=accounted,
        repeats=repeats,
        messages=len(messages),
        edits=told["edits"],
        rate_limited=told["rate_limited"],
        first_s=min(told["changed_s"], default=None),
        last_s=max(told["changed_s"], default=None),
    )


def _plain(texts: Sequence[str]) -> str:
    return "\n".join(texts).replace("\\", "")


def _by_counts(messages: Sequence[Mapping[str, Any]], records: int) -> tuple[int, int]:
    total = sum(_stands_for(message["embeds"]) for message in messages)
    return min(total, records), max(0, total - records)


def _stands_for(embeds: Sequence[Mapping[str, Any]]) -> int:
    for embed in embeds:
        if found := _TOTAL.search(f"{embed.get('title') or ''}\n{embed.get('description') or ''}"):
            return int(found[1].replace(",", ""))
    return sum(records_in(embed) for embed in embeds)


def _by_numbers(plain: Sequence[str]) -> tuple[int, int]:
    numbers = [number for text in plain for number in sorted(set(_NUMBER.findall(text)))]
    return len(set(numbers)), len(numbers) - len(set(numbers))


def _by_alerts(shown: Sequence[set[str]]) -> tuple[int, int]:
    """Return problems shown, and messages that showed nothing new."""
    known: set[str] = set()
    repeats = 0
    for names in shown:
        repeats += not names - known
        known |= names
    return len(known), repeats
