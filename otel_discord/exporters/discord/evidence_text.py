"""A stack trace short enough to read at night: the error, the application's innermost frames, libraries folded. Pure.

```
  … 14 frames of sqlalchemy
  File "cart/totals.py", line 118, in add_tax
    total = subtotal + rate
TypeError: unsupported operand type(s) for +: 'int' and 'str'
```
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from otel_discord.exporters.discord.facts_lines import hidden_lines, more_lines
from otel_discord.exporters.discord.facts_trace import StackTrace
from otel_discord.exporters.discord.facts_trace_parts import Kind, Part
from otel_discord.templating.cutting import cut_middle

_FOLD_CHARS: Final = 34
_LIBRARY_FRAMES_WITHOUT_APPLICATION: Final = 3
_MOST_SECOND_TRIES: Final = 6
_NARROW_CHARS: Final = 48
"""So much is left of a line where a frame would be hidden otherwise."""
_MORE_FRAMES: Final = re.compile(r"\s*\[(?:Previous line repeated )?(\d[\d,]{0,12}) more (?:times?|frames?)\]")
_FRAMES: Final = frozenset((Kind.APPLICATION, Kind.LIBRARY))


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What is shown of a text, and whether something is missing."""

    text: str
    is_cut: bool


def trim_trace(trace: StackTrace, text: str, limit: int) -> Excerpt:
    """Return at most ``limit`` code points of a trace, in its own order; ``text`` is the whole."""
    if len(text) <= limit:
        return Excerpt(text, is_cut=False)
    if not any(part.kind in _FRAMES for part in trace.parts):
        return Excerpt(cut_middle(text, limit), is_cut=True)
    kept: dict[int, str] = {}
    room = limit
    for index in _by_worth(trace):
        part = trace.parts[index]
        shown = cut_middle(part.text, max(40, limit // 3)) if part.kind is Kind.ERROR else part.text
        cost = len(shown) + 1 + _FOLD_CHARS
        if cost <= room:
            kept[index] = shown
            room -= cost
        elif part.kind is Kind.APPLICATION and kept and "\n" in shown:
            head = shown.split("\n", 1)[0]
            if len(head) + 1 + _FOLD_CHARS <= room:
                kept[index] = head
                room -= len(head) + 1 + _FOLD_CHARS
    _fill(trace.parts, kept, [place for place in _by_worth(trace) if place not in kept][:_MOST_SECOND_TRIES], limit)
    kept = _with_lone_frames(trace.parts, kept, limit)
    return Excerpt(cut_middle("\n".join(_folded(trace.parts, kept)), limit), is_cut=True)


def _fill(parts: tuple[Part, ...], kept: dict[int, str], places: list[int], limit: int) -> None:
    """Add what fits all the same: a part beside one that is kept needs no line for a gap, and may end one.

    A frame that is shown without its source comes first.
    """
    bare = [
        place for place, shown in kept.items() if parts[place].kind is Kind.APPLICATION and shown != parts[place].text
    ]
    for place in bare:
        if len("\n".join(_folded(parts, {**kept, place: parts[place].text}))) <= limit:
            kept[place] = parts[place].text
    for place in places:
        lines = parts[place].text.split("\n")
        for shown in dict.fromkeys(("\n".join(lines), lines[0])):
            if len("\n".join(_folded(parts, {**kept, place: shown}))) <= limit:
                kept[place] = shown
                break


def _with_lone_frames(parts: tuple[Part, ...], kept: dict[int, str], limit: int) -> dict[int, str]:
    """Return what is kept with each frame that would be alone in its gap, as far as they fit: a line for a line.

    Where not all of them fit, long lines of source give up their middle.
    """
    shown = _filled_gaps(parts, kept, limit)
    if not _lone_frames(parts, shown):
        return shown
    narrow = {place: _narrow(parts[place], text) for place, text in kept.items()}
    narrow = _filled_gaps(parts, narrow, limit)
    return narrow if len(_lone_frames(parts, narrow)) < len(_lone_frames(parts, shown)) else shown


def _filled_gaps(parts: tuple[Part, ...], kept: dict[int, str], limit: int) -> dict[int, str]:
    shown = dict(kept)
    for place in reversed(_lone_frames(parts, kept)):
        head = parts[place].text.split("\n", 1)[0]
        short = f"  {parts[place].location}" if parts[place].location else head
        for line in (head, short, cut_middle(short, _NARROW_CHARS)):
            if len("\n".join(_folded(parts, {**shown, place: line}))) <= limit:
                shown[place] = line
                break
    return shown


def _lone_frames(parts: tuple[Part, ...], kept: dict[int, str]) -> list[int]:
    """Return the places of frames that are left out alone between two parts that are kept."""
    gaps: list[list[int]] = [[]]
    for place, part in enumerate(parts):
        if place in kept:
            gaps.append([])
        elif _is_counted(part):
            gaps[-1].append(place)
    return [gap[0] for gap in gaps if len(gap) == 1 and parts[gap[0]].kind in _FRAMES]


def _narrow(part: Part, shown: str) -> str:
    if part.kind not in _FRAMES:
        return shown
    head, *source = shown.split("\n")
    return "\n".join([head, *(cut_middle(line, _NARROW_CHARS) for line in source)])


def _by_worth(trace: StackTrace) -> list[int]:
    """Return places of parts, the most telling first: error, innermost own frame, the same of the root cause, others.

    Of exception groups, what is in them comes first, since the title names the group: an own frame of the first
    exception, and each different error.
    """
    places = range(len(trace.parts))
    inner_first = places[::-1] if trace.innermost_last else places
    errors = [place for place in inner_first if trace.parts[place].kind is Kind.ERROR]
    own = [place for place in inner_first if trace.parts[place].kind is Kind.APPLICATION]
    if not own:
        frames = [place for place in inner_first if trace.parts[place].kind is Kind.LIBRARY]
        own = frames[:_LIBRARY_FRAMES_WITHOUT_APPLICATION]
    if grouped := {trace.parts[place].text: place for place in errors if trace.parts[place].depth}:
        inside = sorted(grouped.values())
        first_own = [place for place in own if place < inside[0]]
        return list(dict.fromkeys([inside[0], *first_own[:1], *inside[1:], *errors[::-1], *own]))
    said = _said_further(trace, errors[:1])
    root_cause = errors[-1:] if len(errors) > 1 else []
    its_own = [place for place in own[1:] for cause in root_cause if (place < cause) == trace.innermost_last]
    return list(dict.fromkeys([*errors[:1], *own[:1], *root_cause, *its_own[:1], *own[1:], *errors[1:-1], *said]))


def _said_further(trace: StackTrace, errors: list[int]) -> list[int]:
    """Return the further lines of what the error says."""
    return [
        place
        for error in errors
        for place in takewhile(lambda each: trace.parts[each].kind is Kind.MESSAGE, range(error + 1, len(trace.parts)))
    ]


def _folded(parts: tuple[Part, ...], kept: dict[int, str]) -> Iterator[str]:
    """Yield the kept parts in order, a line for each gap, and the link between two errors that are both there."""
    left_out: list[Part] = []
    last_kept = max(kept, default=-1)
    seen_error = False
    pending_link, link_depth = "", 0
    for index, part in enumerate(parts):
        if index in kept:
            if pending_link and (seen_error or part.depth > link_depth):
                yield pending_link
            pending_link = ""
            yield from _fold(left_out)
            left_out = []
            yield kept[index]
            seen_error = seen_error or part.kind is Kind.ERROR
        elif _is_counted(part):
            left_out.append(part)
        elif part.kind is Kind.LINK and index < last_kept and not (pending_link and part.depth > link_depth):
            pending_link, link_depth = part.text, part.depth
    yield from _fold(left_out)


def _fold(parts: list[Part]) -> Iterator[str]:
    """Yield the line that stands for frames left out here, and for lines that were never read."""
    hidden = sum(hidden_lines(part.text) for part in parts)
    frames = [part for part in parts if part.kind in _FRAMES]
    count = len(frames) + sum(_more_frames(part.text) for part in parts)
    if hidden:
        more = more_lines(hidden)
        yield f"  … {_frames(count)} and {more.removeprefix('… ')}" if count else f"  {more}"
    elif count:
        yield f"  … {_whose(frames, count)}"


def _whose(frames: list[Part], count: int) -> str:
    """Return ``14 frames of sqlalchemy, 1 of your own``; of frames that were never printed nobody knows whose."""
    libraries = list(dict.fromkeys(frame.library for frame in frames if frame.library))
    own = sum(not frame.library for frame in frames)
    if count > len(frames) or not frames:
        return _frames(count) + (f", {own:,} of your own" if libraries and own else "")
    if not libraries:
        return f"{_frames(count)} of your own"
    named = " and ".join(name[:24] for name in libraries) if len(libraries) <= 2 else f"{len(libraries)} libraries"
    return f"{_frames(count - own)} of {named}" + (f", {own:,} of your own" if own else "")


def _is_counted(part: Part) -> bool:
    """Return whether a part that is left out leaves a gap: a frame, or what stands for several."""
    return part.kind in _FRAMES or bool(hidden_lines(part.text) or _more_frames(part.text))


def _frames(count: int) -> str:
    return f"{count:,} frame{'s' if count > 1 else ''}"


def _more_frames(line: str) -> int:
    """Return how many frames this line stands for."""
    found = _MORE_FRAMES.fullmatch(line) if " more " in line else None
    return int(found[1].replace(",", "")) if found else 0
