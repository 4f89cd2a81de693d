"""What a card says of the other records that it stands for, and of the problem's past. Pure functions."""

from collections.abc import Sequence
from itertools import accumulate, groupby
from typing import Final

from otel_discord.exporters.discord.cards import SAMPLE_CHARS, Card, PastLife
from otel_discord.exporters.discord.facts import RecordFacts
from otel_discord.exporters.discord.facts_values import MAX_VALUE_CHARS, short_text
from otel_discord.exporters.discord.render_variable_parts import GAP, Sample, variable_parts
from otel_discord.templating.cutting import cut_middle
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


def differing_samples(card: Card, told: Sequence[str], *, most: int, max_chars: int, room: int) -> list[str]:
    """Return what messages of further records say else than ``told``, each on one line, while there is room.

    Where the card's template fits, that is what stands in its variable parts, as ``48216``, and else the words that
    differ. Only for a card of several records; the first of ``told`` is the card's title.
    """
    if card.count == 1 or not most:
        return []
    samples = {short_text(sample): len(sample) >= SAMPLE_CHARS for sample in card.samples}
    others = [Sample(text, is_cut) for text, is_cut in samples.items() if text and text not in told][:most]
    parts = variable_parts(short_text(card.template), told, others)
    shown = dict.fromkeys(
        cut_middle(part or _without_what_was_told(sample, told, max_chars), max_chars)
        for sample, part in zip(others, parts, strict=True)
    )
    ends = accumulate(len(each) + len(_SEPARATOR) for each in shown)
    return [each for each, end in zip(shown, ends, strict=True) if end <= room]


def _without_what_was_told(sample: Sample, told: Sequence[str], max_chars: int) -> str:
    text = sample.text
    if len(text) <= max_chars // 2:
        return text
    most = len(text) if sample.is_cut else None  # what came later is unknown, not different
    return min((where_it_differs(text, known[:most]) for known in told), key=len, default=text)


def messages_told(facts: RecordFacts) -> tuple[str, ...]:
    """Return what a card's own record says, in the forms in which the messages of further records are kept."""
    exception = facts.exception
    said = short_text(facts.whole_message.strip()[:MAX_VALUE_CHARS].partition("\n")[0])
    raised = short_text(exception.message.partition("\n")[0]) if exception else ""
    inside = exception.inside[:1] if exception else ()
    one = [text for text in (said, raised, facts.title.partition(": ")[2]) if text]
    both = [f"{said}: {raised}"] if said and raised and raised not in said else []
    return tuple(dict.fromkeys([*one, *both, *(f"{text}: {error}" for text in (*one, *both) for error in inside)]))


def where_it_differs(text: str, told: str) -> str:
    """Return the words of a text in which it differs from what a reader has been told already."""
    words, known = text.split(" "), told.split(" ")
    if len(words) == len(known):
        runs = groupby(zip(words, known, strict=True), key=lambda pair: pair[0] != pair[1])
        others = [" ".join(word for word, _ in run) for differs, run in runs if differs]
        return GAP.join(others) or text
    most = min(len(words), len(known))
    start = next((place for place in range(most) if words[place] != known[place]), most)
    most -= start
    end = next((place for place in range(most) if words[-1 - place] != known[-1 - place]), most)
    return " ".join(words[start : len(words) - end]) or text


def _since(card: Card, past: PastLife) -> str:
    age_s = (card.last_seen_ns - past.first_seen_ns) / NANOSECONDS_PER_SECOND
    return timestamp(past.first_seen_ns, "t" if age_s < _CLOCK_WITHIN_S else "D")
