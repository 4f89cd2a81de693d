"""How dead letters look on a terminal. Pure: from the lines of an answer to lines of text."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

from otel_discord.component.counted import counted

_TEXT_CHARS: Final = 120
_INDENT: Final = "    "


def letter_line(letter: Mapping[str, Any], zone: tzinfo | None = None) -> str:
    """Return one line: id, time, destination, HTTP status, Discord's code and words, then the record's first words.

    At its end an exporter that has a name (``discord/ops``): ids are those of one exporter.
    """
    answer = " ".join(str(letter[key]) for key in ("status", "code", "discord") if letter.get(key))
    count = letter.get("count", 1)
    origin = " ".join(str(letter[key]) for key in ("severity", "service") if letter.get(key))
    record = ": ".join(part for part in (origin, str(letter.get("text", ""))) if part)
    times = f"×{count:,} " if isinstance(count, int) and count > 1 else ""
    parts = [
        f"{letter.get('id', ''):>6}",
        _time(letter.get("time"), zone),
        str(letter.get("destination", "")),
        answer or str(letter.get("reason", "")),
        times + record,
        *(name for name in (str(letter.get("exporter", "")),) if "/" in name),
    ]
    return "  ".join(_cut(printable(part)) for part in parts)


def details(letter: Mapping[str, Any], zone: tzinfo | None = None) -> Iterator[str]:
    """Yield everything of one letter, a line for each thing."""
    for key, value in letter.items():
        name = key.replace("_", " ")
        if key == "time":
            yield f"{name}: {_time(value, zone)}"
        elif isinstance(value, dict):
            yield f"{name}:"
            yield from (f"{_INDENT}{line}" for line in details(value, zone))
        elif isinstance(value, list):
            yield f"{name}:"
            yield from (f"{_INDENT}{_plain(item)}" for item in value)
        elif isinstance(value, str) and "\n" in value:
            yield f"{name}:"
            yield from (f"{_INDENT}{printable(line)}" for line in value.splitlines())
        else:
            yield f"{printable(name)}: {_plain(value)}"


def replay_lines(states: Sequence[Mapping[str, Any]], *, dry_run: bool) -> Iterator[str]:
    """Yield what became of a replay, from the last state of each exporter."""
    if not any(state["chosen"] for state in states):
        yield "There is nothing to send again."
        return
    for state in states:
        if not state["chosen"]:
            continue
        where = ", ".join(f"{count:,} to {printable(name)}" for name, count in state["by_destination"].items())
        if dry_run:
            yield f"{letters(state['chosen'] - state['left'])} would be sent again{f': {where}' if where else ''}."
        else:
            to = f" ({where})" if where else ""
            ends = f"{state['delivered']:,} delivered, {state['dead_again']:,} dead again"
            yield f"{letters(state['revived'])} sent again{to}: {ends}, {state['waiting']:,} still waiting."
        if state["left"]:
            yield f"{letters(state['left'])} left as {'it is' if state['left'] == 1 else 'they are'}."
        yield from (printable(remark) for remark in state["remarks"])


def is_success(state: Mapping[str, Any], *, dry_run: bool) -> bool:
    """Return whether a replay did all that was asked for."""
    return not state["left"] and (dry_run or not (state["dead_again"] or state["waiting"]))


def letters(count: int) -> str:
    """Return ``1 letter`` or ``1,240 letters``."""
    return counted(count, "letter")


def printable(text: str) -> str:
    """Return text that cannot move the cursor or change the terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _plain(value: Any) -> str:
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_CHARS else f"{text[: _TEXT_CHARS - 1]}…"


def _time(text: object, zone: tzinfo | None) -> str:
    try:
        return f"{datetime.fromisoformat(str(text)).astimezone(zone):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return "unknown time"
