"""Many problems in one message: the worst ones as cards of their own, the next ones as a line each, the rest in a file.

Used when a channel's budget is short. Each problem is shown once, with its own count; what all of them come to is said
in words. Pure functions; cheap for thousands of cards, since only what is shown is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, Final

from otel_discord.discord_api.models import FilePart
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.evidence_files import text_file
from otel_discord.exporters.discord.render_digest_file import digest_text
from otel_discord.exporters.discord.render_digest_words import files_left_out, problem_words, service_of
from otel_discord.exporters.discord.render_folded import count_mark, spoken
from otel_discord.exporters.discord.render_severity import severity_color, severity_emoji
from otel_discord.signals import severity_range
from otel_discord.templating.cutting import cut_end, cut_middle
from otel_discord.templating.text import Markdown, escape_markdown
from otel_discord.templating.wording import NANOSECONDS_PER_SECOND, number, timestamp

DIGEST_FILE: Final = "digest.txt"
FULL_CARDS: Final = 5
"""The worst ones, each with an embed of its own."""
LINES: Final = 12
FULL_CARDS_IN_TEXT: Final = 2
LINES_IN_TEXT: Final = 7
"""Where messages are text, they hold less."""
MAX_EMBED_CHARS: Final = 2_000
"""Of the digest's own embed; with five compact cards it fits in a message."""
MAX_CONTENT_CHARS: Final = 1_000
_REST_CHARS: Final = 240
"""For all but the lines."""
_SERVICE_CHARS: Final = 30
_WORDS_CHARS: Final = 90
_MINUTE_S: Final = 60
_FIRE: Final = "🔥"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Places of cards in the sequence that they were chosen from; each is in one of the three."""

    full: tuple[int, ...]
    lines: tuple[int, ...]
    others: tuple[int, ...]

    @property
    def order(self) -> tuple[int, ...]:
        """All places, in the order of the message."""
        return (*self.full, *self.lines, *self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a digest is made of."""

    full: Sequence[Card]
    lines: Sequence[Card]
    others: Sequence[Card] = ()
    """Those in the file only; empty when a posted digest is edited."""
    other_problems: int = 0
    other_records: int = 0
    now_s: float = 0.0
    """Seconds since the epoch."""
    is_edit: bool = False

    @property
    def problems(self) -> int:
        """How many there are."""
        return len(self.full) + len(self.lines) + self.other_problems

    @property
    def records(self) -> int:
        """How many records they stand for."""
        return sum(card.count for cards in (self.full, self.lines) for card in cards) + self.other_records


def choose(cards: Sequence[Card], *, most_full: int = FULL_CARDS, most_lines: int = LINES) -> Chosen:
    """Return who is shown in full, who has a line, and who is in the file.

    Both are the worst: those of the highest severity, of them the services in turn, each with the problem that counts
    most, so that however much one service has to say, the others are seen beside it.
    """
    ranked = sorted(range(len(cards)), key=lambda place: _badness(cards[place]))
    worst = _worst(cards, ranked, most_full + most_lines)
    shown = frozenset(worst)
    others = tuple(place for place in ranked if place not in shown)
    return Chosen(tuple(worst[:most_full]), tuple(worst[most_full:]), others)


def headline(digest: Digest) -> str:
    """Return ``37 problems, 5,201 events in the last minute``."""
    problems, records = digest.problems, digest.records
    line = f"{number(problems)} problem{'s' * (problems != 1)}, {number(records)} event{'s' * (records != 1)}"
    oldest_ns = min(
        (
            card.accepted_ns
            for cards in (digest.full, digest.lines, digest.others)
            for card in cards
            if card.accepted_ns
        ),
        default=0,
    )
    if digest.is_edit or not oldest_ns:
        return line
    span_s = digest.now_s - oldest_ns / NANOSECONDS_PER_SECOND
    return f"{line} in the last {spoken(span_s) if span_s >= 1.5 * _MINUTE_S else 'minute'}"


def digest_values(
    digest: Digest, *, is_text: bool, emoji: bool = True, resource: bool = True, remarks: str = ""
) -> dict[str, Any]:
    """Return the values of what stands before the worst ones; its lines leave room for the rest within the limits."""
    told = headline(digest)
    room = (MAX_CONTENT_CHARS if is_text else MAX_EMBED_CHARS) - len(told) - len(f"{_FIRE} ") * emoji - _REST_CHARS
    lines = []
    for card in sorted(digest.lines, key=_badness):
        line = _line(card, emoji=emoji, resource=resource)
        if len(line) >= room:
            line = cut_middle(line, max(48, room), markdown=True)
        lines.append(Markdown(line))
        room -= len(line) + 1
    worst = max((card.severity for cards in (digest.full, digest.lines) for card in cards), default=0)
    as_of_ns = int(digest.now_s) * NANOSECONDS_PER_SECOND if digest.is_edit else 0
    return {
        "emoji": _FIRE if emoji else "",
        "color": severity_color(worst),
        "severity_number": worst,
        "headline": told,
        "problems": digest.problems,
        "records": digest.records,
        "counted": _counted(digest),
        "lines": lines,
        "other_problems": digest.other_problems,
        "other_records": digest.other_records,
        "file": DIGEST_FILE,
        "is_edit": digest.is_edit,
        "as_of": Markdown(timestamp(as_of_ns)),
        "remarks": [remarks] if remarks else [],
    }


def _counted(digest: Digest) -> str:
    """Return ``×5,196 in 32 of them · the worst 5 are below``: this embed's own count, the others say theirs."""
    records = digest.records - sum(card.count for card in digest.full)
    problems = digest.problems - len(digest.full)
    shown = len(digest.full)
    worst = "" if not shown else f"the worst {shown} are below" if shown > 1 else "the worst one is below"
    share = "one each" if records == problems else f"in {number(problems)} of them"
    mark = f"×{number(records)} {share}" if records > 1 else ""
    return " · ".join(part for part in (mark, worst) if part)


def digest_part(digest: Digest) -> FilePart | None:
    """Return the list of all problems as a file; None where the message shows all of them itself.

    For an edit the file has only its name: Discord keeps the one that was sent.
    """
    if not digest.other_problems:
        return None
    everything = [] if digest.is_edit else sorted((*digest.full, *digest.lines, *digest.others), key=_badness)
    text = digest_text(everything, headline(digest), digest.now_s) if everything else ""
    return text_file(DIGEST_FILE, text, headline(digest)).part


def _badness(card: Card) -> tuple[int, int, int]:
    return (-_range(card.severity), -card.count, card.first_seen_ns)


@lru_cache(maxsize=64)
def _range(severity: int) -> int:
    return int(severity_range(severity))


def _worst(cards: Sequence[Card], ranked: Sequence[int], most: int) -> list[int]:
    """Return the worst places: by severity, within one the services in turn, within a service by count."""
    worst: list[int] = []
    services: dict[bytes, str] = {}
    for _, places in groupby(ranked, key=lambda place: _range(cards[place].severity)):
        if len(worst) >= most:
            break
        had: dict[str, int] = {}
        turns: list[tuple[int, int, int]] = []
        for order, place in enumerate(places):
            resource = cards[place].resource
            service = services.get(resource)
            if service is None:
                service = services[resource] = service_of(cards[place])
            turn = had.get(service, 0)
            had[service] = turn + 1
            if turn < most:
                turns.append((turn, order, place))
        worst += [place for _, _, place in sorted(turns)]
    return worst[:most]


def _line(card: Card, *, emoji: bool, resource: bool) -> str:
    """Return ``🔴 ×3,012 **checkout** Payment declined: gateway timeout``."""
    severity = severity_range(card.severity)
    sign = severity_emoji(card.severity) if emoji else severity.name if severity else ""
    service = escape_markdown(cut_end(service_of(card), _SERVICE_CHARS)) if resource else ""
    words = escape_markdown(cut_middle(problem_words(card), _WORDS_CHARS))
    missing = files_left_out(card)
    told = [
        sign,
        count_mark(card).strip(),
        f"**{service}**" if service else "",
        words,
        f"· {missing}" if missing else "",
    ]
    return " ".join(part for part in told if part)
