"""Bold text and code in Markdown that is cut: what opens it and what ends it stay together, or go. Pure functions."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_TOKENS: Final = re.compile(r"```.*?(?:```|\Z)|\\[^0-9A-Za-z\s]|(?P<code>`[^`\n]+`)|(?P<bold>\*\*)", re.DOTALL)


class _Emphasis(NamedTuple):
    """Where its marks begin, and how long each is."""

    opened: int
    closed: int
    mark_chars: int


def balanced_ends(text: str, head_end: int, tail_start: int) -> tuple[str, str]:
    """Return the text before and behind a gap so that no mark of bold text or code is split, or stands alone.

    Where one end of it is lost its other mark goes, so that the text is shown plainly; neither side gets longer.
    """
    if "**" not in text and "`" not in text:
        return text[:head_end], text[tail_start:]
    found = list(_emphases(text))
    for mark_start, mark_end in ((at, at + each.mark_chars) for each in found for at in (each.opened, each.closed)):
        head_end = mark_start if mark_start < head_end < mark_end else head_end
        tail_start = mark_end if mark_start < tail_start < mark_end else tail_start
    lost: list[tuple[int, int]] = []
    for each in found:
        is_opened, is_closed = each.opened < head_end, each.closed >= tail_start
        if is_opened and head_end <= each.closed < tail_start:
            lost.append((each.opened, each.mark_chars))
        elif is_closed and head_end <= each.opened < tail_start:
            lost.append((each.closed, each.mark_chars))
    head, tail = text[:head_end], text[tail_start:]
    for at, chars in sorted(lost, reverse=True):
        if at < head_end:
            head = head[:at] + head[at + chars :]
        else:
            tail = tail[: at - tail_start] + tail[at - tail_start + chars :]
    return head, tail


def _emphases(text: str) -> Iterator[_Emphasis]:
    opened: int | None = None
    for token in _TOKENS.finditer(text):
        if token["code"]:
            yield _Emphasis(token.start(), token.end() - 1, 1)
        elif token["bold"] and opened is None:
            opened = token.start()
        elif token["bold"] and opened is not None:
            yield _Emphasis(opened, token.start(), 2)
            opened = None
