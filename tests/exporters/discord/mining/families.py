"""Logs of many kinds of programs, made up for these tests: `families.txt`."""

from pathlib import Path
from typing import Final

Event = list[str]


def read_families(text: str) -> dict[str, list[Event]]:
    """Return the events of each family: a heading `# name`, then the lines of each event with a blank line between."""
    families: dict[str, list[Event]] = {}
    for block in text.split("\n\n"):
        lines = block.strip("\n").split("\n")
        if lines[0].startswith("# "):
            events = families.setdefault(lines.pop(0)[2:], [])
        events.append(lines)
    return families


FAMILIES: Final = read_families((Path(__file__).parent / "families.txt").read_text(encoding="utf-8"))
