"""Cutting long text in the middle: cause and effect both survive, and the gap says how much is missing. Pure functions.

Lengths are code points, as Discord counts them.
"""

import re
from typing import Final

from otel_discord.templating.emphasis import balanced_ends
from otel_discord.templating.graphemes import ceil_boundary, floor_boundary

ELLIPSIS: Final = "…"
_MIN_ROOM_FOR_BOTH_ENDS: Final = 8
_SNAP_CHARS: Final = 12
_FENCE: Final = "```"
_LANGUAGE: Final = re.compile(r"```([\w+#.-]{0,16})\n")
_ESCAPED: Final = re.compile(r"\\[^0-9A-Za-z\s]")
_MARK_START: Final = f"{ELLIPSIS}(+"
_MARK: Final = re.compile(r"…\(\+(\d{1,3}(?:,\d{3}){0,4})\)…")
_MARK_CHARS: Final = 24


def cut_middle(text: str, limit: int, *, markdown: bool = False, missing_chars: int = 0) -> str:
    """Return at most ``limit`` code points: both ends on whole graphemes around ``…(+N)…``, N code points missing.

    With ``markdown`` the text is Markdown: an open fence is closed and opened again after the gap, neither an escape
    nor a link nor a time stamp is split, and bold text or code that loses one end is shown plainly. Below about 16 code
    points only the beginning and ``…`` are left.

    What an earlier cut says is missing counts for that number where this cut takes it out; ``missing_chars`` is what
    went missing before without a mark.
    """
    if len(text) <= limit:
        return text
    if limit <= 0:
        return ""
    room = limit - len(_gap(whole_chars(text) + missing_chars))
    if markdown and _FENCE in text:
        return _cut_around_fences(text, limit, room, missing_chars)
    if room < _MIN_ROOM_FOR_BOTH_ENDS:
        head_end = _head_end(text, limit - 1, markdown)
        head = balanced_ends(text, head_end, len(text))[0] if markdown else text[:head_end]
        return head.rstrip() + ELLIPSIS
    head, tail = _ends(text, room, markdown)
    missing_chars += sum(sign * _shown_chars(part, markdown) for part, sign in ((text, 1), (head, -1), (tail, -1)))
    if markdown:
        head, tail = balanced_ends(text, len(head), len(text) - len(tail))
    return f"{head}{_gap(missing_chars)}{tail}"


def cut_end(text: str, limit: int) -> str:
    """Return at most ``limit`` code points, whole graphemes from the start, then ``…`` where something is missing."""
    if len(text) <= limit:
        return text
    return text[: floor_boundary(text, limit - 1)].rstrip() + ELLIPSIS if limit > 0 else ""


def whole_chars(text: str) -> int:
    """Return the length of a text before it was cut: each ``…(+N)…`` in it counts as N code points."""
    if _MARK_START not in text:
        return len(text)
    return len(text) + sum(int(mark[1].replace(",", "")) - len(mark[0]) for mark in _MARK.finditer(text))


def _gap(missing_chars: int) -> str:
    return f"{ELLIPSIS}(+{missing_chars:,}){ELLIPSIS}"


def _ends(text: str, room: int, markdown: bool) -> tuple[str, str]:
    """Return the head and the tail of the text, ``room`` code points together at most; the head is the longer."""
    head_end = _head_end(text, room - room * 2 // 5, markdown)
    tail_start = _tail_start(text, len(text) - room * 2 // 5, markdown)
    head = _snap_to_space(text[:head_end], text[head_end])
    tail = text[tail_start:]
    return head.rstrip(), tail.lstrip()


def _snap_to_space(head: str, following: str) -> str:
    """Prefer to end after a whole word when that costs little."""
    if following.isspace():
        return head
    space = head.rfind(" ", max(1, len(head) - _SNAP_CHARS))
    return head[:space] if space > 0 else head


def _head_end(text: str, index: int, markdown: bool) -> int:
    mark = _mark_around(text, index)
    index = mark[0] if mark else floor_boundary(text, index)
    if not markdown:
        return index
    opened = _link_around(text, index)
    if opened:
        index = opened[0]
    return index - 1 if _odd_backslashes(text, index) else index


def _tail_start(text: str, index: int, markdown: bool) -> int:
    mark = _mark_around(text, index)
    index = mark[1] if mark else ceil_boundary(text, index)
    if not markdown:
        return index
    opened = _link_around(text, index)
    if opened:
        index = opened[1]
    return index + 1 if _odd_backslashes(text, index) else index


def _mark_around(text: str, index: int) -> tuple[int, int] | None:
    """Return start and end of the mark of an earlier cut that ``index`` touches, if it does."""
    start = text.rfind(_MARK_START, max(0, index - _MARK_CHARS), index + len(_MARK_START))
    mark = _MARK.match(text, start) if start >= 0 else None
    return mark.span() if mark and mark.start() <= index <= mark.end() else None


def _odd_backslashes(text: str, index: int) -> bool:
    before = text[max(0, index - 64) : index]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _link_around(text: str, index: int) -> tuple[int, int] | None:
    """Return start and end of the masked link or time stamp that ``index`` lies in, if it does."""
    for opener, closer, back in (("<t:", ">", 32), ("](", ")", 2048)):
        start = text.rfind(opener, max(0, index - back), index + len(opener) - 1)
        if start < 0:
            continue
        end = text.find(closer, start, start + back) + 1
        if opener == "](":
            start = text.rfind("[", max(0, start - 256), start)
        if 0 <= start < index < end:
            return start, end
    return None


def _shown_chars(text: str, markdown: bool) -> int:
    return whole_chars(text) - (len(_ESCAPED.findall(text)) if markdown else 0)


def _cut_around_fences(text: str, limit: int, room: int, missing_chars: int) -> str:
    """Cut Markdown that has code blocks; both sides of the gap are closed on their own."""
    opening = _LANGUAGE.match(text, text.find(_FENCE))
    language = opening[1] if opening else ""
    room -= 2 * (len(_FENCE) + 1) + len(language)
    if room < _MIN_ROOM_FOR_BOTH_ENDS:
        return cut_middle(text.replace(_FENCE, ""), limit, markdown=True, missing_chars=missing_chars)
    head_end, tail_start = room - room * 2 // 5, len(text) - room * 2 // 5
    head_end = _outside_fence_mark(text, _head_end(text, head_end, markdown=True), towards_start=True)
    tail_start = _outside_fence_mark(text, _tail_start(text, tail_start, markdown=True), towards_start=False)
    head, tail = balanced_ends(text, head_end, tail_start)
    gap = _gap(missing_chars + _shown_chars(text[head_end:tail_start], markdown=True))
    close = f"\n{_FENCE}" if head.count(_FENCE) % 2 else ""
    reopen = f"{_FENCE}{language}\n" if text.count(_FENCE, 0, tail_start) % 2 else ""
    if close and reopen:  # the gap lies inside one block and may be shown as part of it
        return f"{head}{gap}{tail}"
    return f"{head}{close}{gap}{reopen}{tail}"


def _outside_fence_mark(text: str, index: int, *, towards_start: bool) -> int:
    """Move off a ``` (and the language after an opening one) that would be split."""
    start = text.rfind(_FENCE, max(0, index - 20), index + 2)
    if start < 0:
        return index
    is_closing = text.count(_FENCE, 0, start) % 2
    opening = None if is_closing else _LANGUAGE.match(text, start)
    end = opening.end() if opening else start + len(_FENCE)
    if start < index < end:
        return start if towards_start else end
    return index
