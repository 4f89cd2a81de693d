"""Strings of a map cut to a number of bytes; always at a whole character."""

from otel_discord.ottl.values import Value


def truncated(before: dict[str, Value], limit: int, marker: str) -> dict[str, Value]:
    """Return the map with each string at most ``limit`` bytes long, ``marker`` at the end of those that were cut."""
    room = limit - len(marker.encode(errors="replace"))
    cut: dict[str, Value] = {
        key: value.encode(errors="replace")[:room].decode(errors="ignore") + marker
        for key, value in before.items()
        if isinstance(value, str) and _is_longer(value, limit)
    }
    return before | cut if cut else before


def _is_longer(text: str, limit: int) -> bool:
    return len(text) > limit or (not text.isascii() and len(text.encode(errors="replace")) > limit)
