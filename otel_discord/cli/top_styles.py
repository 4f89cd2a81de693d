"""What ``top`` sets apart, and from which width on there is room for more. Colour never says what no word says."""

from collections.abc import Mapping
from typing import Final

from otel_discord.cli.top_grid import Cell

WIDE: Final = 120
"""From so many columns on there is room for what is good to know."""
ROOMY: Final = 70
"""From so many on, for what is wanted next to health and waits."""
NAME: Final = "bold"
BAD: Final = "red"
STYLES: Final[Mapping[str, str]] = {
    "ok": "green",
    "waiting": "yellow",
    "muted": "blue",
    "unreachable": "bold red",
    "gone": "bold red",
    "unknown": "yellow",
    "degraded": "yellow",
    "not ready": "yellow",
    "failing": "bold red",
}
"""By health."""


def alarming(text: str, number: float | None) -> Cell:
    """Return a number that should be zero."""
    return (text, BAD) if number else text
