"""The list of all problems of a digest, as a text file for people. Pure, and bounded."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.render_digest_words import files_left_out, problem_words, service_of
from otel_discord.signals import severity_range
from otel_discord.templating.cutting import cut_end
from otel_discord.templating.wording import NANOSECONDS_PER_SECOND, number

MAX_ROWS: Final = 2_000
MAX_BYTES: Final = 256 * 1024
_NOTE_BYTES: Final = 160
_SERVICE_CHARS: Final = 30
_COLUMNS: Final = ("severity", "events", "service", "first (UTC)", "last (UTC)", "problem")


def digest_text(cards: Sequence[Card], headline: str, now_s: float) -> str:
    """Return a table with a row for each card, in the order given: at most 2,000 rows and 256 KiB.

    Counts are plain numbers. Where rows are missing, the last line says how many, and how many records they stand for.
    """
    rows = [_row(card) for card in cards[:MAX_ROWS]]
    widths = [max(len(name), *(len(row[place]) for row in rows)) for place, name in enumerate(_COLUMNS[:-1])]
    head = [f"{headline}, listed at {_utc(int(now_s))} UTC" if now_s > 0 else headline, "", _aligned(_COLUMNS, widths)]
    lines, left_bytes = head, MAX_BYTES - _NOTE_BYTES - sum(_bytes(line) for line in head)
    listed = 0
    for row in rows:
        line = _aligned(row, widths)
        left_bytes -= _bytes(line)
        if left_bytes < 0:
            break
        lines.append(line)
        listed += 1
    missing = cards[listed:]
    if missing:
        records = sum(card.count for card in missing)
        more = f"{number(len(missing))} more problem{'s' * (len(missing) != 1)}"
        lines.append(f"… {more} with {number(records)} event{'s' * (records != 1)} not listed here")
    return "\n".join(lines) + "\n"


def _row(card: Card) -> tuple[str, ...]:
    severity = severity_range(card.severity)
    words = " · ".join(part for part in (problem_words(card), files_left_out(card)) if part)
    first, last = (time_ns // NANOSECONDS_PER_SECOND for time_ns in (card.first_seen_ns, card.last_seen_ns))
    return (
        severity.name if severity else "-",
        number(card.count),
        cut_end(service_of(card), _SERVICE_CHARS) or "-",
        _utc(first),
        _utc(last),
        words,
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    """Return the cells under each other; numbers to the right."""
    cells = [
        cell.rjust(width) if place == 1 else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=False))
    ]
    return "  ".join([*cells, row[-1]])


@lru_cache(maxsize=4096)
def _utc(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}" if seconds > 0 else "-"
    except (ValueError, OverflowError, OSError):  # beyond the calendar
        return "-"


def _bytes(line: str) -> int:
    return len(line.encode("utf-8", "replace")) + 1
