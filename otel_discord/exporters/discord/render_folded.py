"""What a card says of the other records that it stands for, and of the problem's past. Pure functions."""

from collections.abc import Iterator
from typing import Final

from otel_discord.exporters.discord.cards import Card, PastLife
from otel_discord.exporters.discord.facts_values import short_text
from otel_discord.templating.cutting import ELLIPSIS, cut_middle
from otel_discord.templating.text import Markdown, escape_markdown
from otel_discord.templating.wording import NANOSECONDS_PER_SECOND, timestamp

_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400
_BACK_AFTER_S: Final = _HOUR_S
"""A problem that was quiet for so long is *back*; below it never really went."""
_CLOCK_WITHIN_S: Final = 20 * _HOUR_S
"""So far back a time of day says more than a date."""
_MAX_VERSION_CHARS: Final = 40
_COMMON_WORDS: Final = 3
"""So many words that a sample shares with the title need not be said again, but for the one beside the difference."""
_SEPARATOR: Final = " · "


def count_mark(card: Card) -> str:
    """Return ``×4,312 `` for a card of several records; "" for one record. Nothing else on a card has this form."""
    return f"×{card.count:,} " if card.count > 1 else ""


def seen(card: Card) -> Markdown:
    """Return ``first 5 minutes ago · last 10 seconds ago`` for a card of several records, as time stamps.

    Within a minute the two would read the same, and the last one says all.
    """
    if card.count == 1:
        return Markdown("")
    first, last = timestamp(card.first_seen_ns), timestamp(card.last_seen_ns)
    if last and card.last_seen_ns - card.first_seen_ns < _MINUTE_S * NANOSECONDS_PER_SECOND:
        first = ""
    return Markdown(_SEPARATOR.join(f"{word} {at}" for word, at in (("first", first), ("last", last)) if at))


def new_mark(card: Card) -> str:
    """Return ``new`` where storage remembers problems and has not met this one; a past that counts 0 says so."""
    return "new" if card.past is not None and not card.past.count else ""


def history(card: Card, *, timestamps: bool = True) -> Markdown:
    """Return ``known since 22:14``, or ``back after 3 days · first seen in 1.8.2``; "" where there is no past."""
    past = card.past
    if past is None or not past.count:
        return Markdown("")
    quiet_s = (card.first_seen_ns - past.last_seen_ns) / NANOSECONDS_PER_SECOND if past.last_seen_ns else 0.0
    version = short_text(past.first_version, _MAX_VERSION_CHARS)
    since = _since(card, past) if timestamps else ""
    if quiet_s >= _BACK_AFTER_S:
        parts = [f"back after {spoken(quiet_s)}"]
        if not version and since:
            parts.append(f"known since {since}")
    else:
        parts = [f"known since {since}" if since else "known"]
    if version:
        parts.append(f"first seen in {escape_markdown(version)}")
    return Markdown(_SEPARATOR.join(parts))


def spoken(seconds: float) -> str:
    """Return a time in its greatest unit, in words: ``3 days``, ``1 hour``."""
    amount, unit = next(
        ((seconds / length_s, unit) for length_s, unit in ((_DAY_S, "day"), (_HOUR_S, "hour")) if seconds >= length_s),
        (seconds / _MINUTE_S, "minute"),
    )
    whole = max(1, round(amount))
    return f"{whole:,} {unit}{'s' if whole > 1 else ''}"


def differing_samples(card: Card, told: str, *, most: int, max_chars: int, room: int) -> list[str]:
    """Return messages of further records that say something else than ``told``, each on one line, while there is room.

    Only for a card of several records.
    """
    return list(_differing(card, told, most, max_chars, room)) if card.count > 1 and most else []


def _differing(card: Card, told: str, most: int, max_chars: int, room: int) -> Iterator[str]:
    shown = {told, ""}
    for sample in card.samples:
        text = short_text(sample)
        if text in shown:
            continue
        shown.add(text)
        if len(text) > max_chars // 2:
            text = min((where_it_differs(text, known) for known in (told, told.partition(": ")[2])), key=len)
        text = cut_middle(text, max_chars)
        room -= len(text) + len(_SEPARATOR)
        if room < 0 or len(shown) > most + 2:
            return
        yield text


def where_it_differs(text: str, told: str) -> str:
    """Return ``… order 48214`` for a text that begins (or ends) as what a reader has been told already."""
    words, known = text.split(" "), told.split(" ")
    most = min(len(words), len(known))
    start = next((place for place in range(most) if words[place] != known[place]), most)
    most -= start
    end = next((place for place in range(most) if words[-1 - place] != known[-1 - place]), most)
    first = start - 1 if start >= _COMMON_WORDS else 0
    last = len(words) - end + 1 if end >= _COMMON_WORDS else len(words)
    kept = " ".join(words[first:last])
    return f"{f'{ELLIPSIS} ' * (first > 0)}{kept}{f' {ELLIPSIS}' * (last < len(words))}"


def _since(card: Card, past: PastLife) -> str:
    age_s = (card.last_seen_ns - past.first_seen_ns) / NANOSECONDS_PER_SECOND
    return timestamp(past.first_seen_ns, "t" if age_s < _CLOCK_WITHIN_S else "D")
