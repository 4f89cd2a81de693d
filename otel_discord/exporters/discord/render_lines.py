"""What a card shows of a text of several lines, and of a title. Pure functions."""

from otel_discord.exporters.discord.evidence_text import Excerpt
from otel_discord.exporters.discord.facts_lines import MORE_LINES, hidden_lines, more_lines
from otel_discord.templating.addresses import shorten_addresses
from otel_discord.templating.cutting import cut_middle, whole_chars


def fitted_title(text: str, max_chars: int) -> str:
    """Return a title that fits; addresses are shortened before words are cut."""
    shorter = shorten_addresses(text, max_chars)
    return cut_middle(shorter, max_chars, missing_chars=whole_chars(text) - whole_chars(shorter))


def few_lines(text: str, max_lines: int, max_chars: int) -> Excerpt:
    """Return the first and the last lines of a text, without empty ones; a line between says how many are missing."""
    if not text:
        return Excerpt("", is_cut=False)
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    hidden = hidden_at = 0
    if MORE_LINES in text:
        counts = [hidden_lines(line) for line in lines]
        hidden = sum(counts)
        hidden_at = next((place for place, count in enumerate(counts) if count), 0)
        lines = [line for line, count in zip(lines, counts, strict=True) if not count]
    if not hidden and len(lines) <= max_lines:
        shown = "\n".join(lines)
        return Excerpt(cut_middle(shown, max_chars), is_cut=len(shown) > max_chars)
    head = max(1, max_lines - max_lines // 2)
    tail = max(0, max_lines - head - 1)
    if hidden:
        head, tail = min(head, hidden_at), min(tail, len(lines) - hidden_at)
    gap = more_lines(len(lines) - head - tail + hidden)
    room = max(0, max_chars - len(gap) - head - tail)
    kept = _within([*lines[:head], *lines[len(lines) - tail :]], room)
    shown = "\n".join(line for line in (*kept[:head], gap, *kept[head:]) if line)
    return Excerpt(cut_middle(shown, max_chars), is_cut=True)


def _within(lines: list[str], room: int) -> list[str]:
    """Return the lines, the longest ones cut so that all together take no more than the room."""
    fitted = dict[int, str]()
    for place in sorted(range(len(lines)), key=lambda place: len(lines[place])):
        fitted[place] = cut_middle(lines[place], room // (len(lines) - len(fitted)))
        room -= len(fitted[place])
    return [fitted[place] for place in range(len(lines))]
