"""How a severity looks: a colour, and a sign of its own shape for those who do not see colours apart. Pure."""

from typing import Final

from otel_discord.signals import Severity, severity_range

GREY: Final = 0x95A5A6
GREEN: Final = 0x2ECC71
BLUE: Final = 0x3498DB
AMBER: Final = 0xF0A30A
RED: Final = 0xE74C3C
DARK_RED: Final = 0x8B0000

_COLORS: Final = {
    Severity.UNSPECIFIED: GREY,
    Severity.TRACE: GREY,
    Severity.DEBUG: GREY,
    Severity.INFO: BLUE,
    Severity.WARN: AMBER,
    Severity.ERROR: RED,
    Severity.FATAL: DARK_RED,
}
_EMOJI: Final = {
    Severity.UNSPECIFIED: "▫️",
    Severity.TRACE: "▫️",
    Severity.DEBUG: "🔍",
    Severity.INFO: "ℹ️",
    Severity.WARN: "⚠️",
    Severity.ERROR: "🔴",
    Severity.FATAL: "🚨",
}


def severity_color(number: int) -> int:
    """Return the colour of an embed's edge, 0xRRGGBB."""
    return _COLORS[severity_range(number)]


def severity_emoji(number: int) -> str:
    """Return the sign that leads a title."""
    return _EMOJI[severity_range(number)]
