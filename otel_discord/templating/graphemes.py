"""Where text may be cut without splitting what a reader sees as one character. Pure functions.

Covers the extended grapheme clusters that occur in practice (UAX 29): combining marks, variation selectors, joiners,
skin tones, flags, tag sequences, Hangul syllables, Indic conjuncts. Work is bounded: after 64 code points in search of
a boundary the text is cut where it stands.
"""

import unicodedata
from typing import Final

_MAX_STEPS: Final = 64
_ZERO_WIDTH_JOINER: Final = "\u200d"
_VIRAMA_CLASS: Final = 9


def floor_boundary(text: str, index: int) -> int:
    """Return the greatest boundary that is not after ``index``."""
    if not 0 < index < len(text):
        return max(0, min(index, len(text)))
    for candidate in range(index, max(0, index - _MAX_STEPS), -1):
        if is_boundary(text, candidate):
            return candidate
    return 0 if index <= _MAX_STEPS else index


def ceil_boundary(text: str, index: int) -> int:
    """Return the least boundary that is not before ``index``."""
    if not 0 < index < len(text):
        return max(0, min(index, len(text)))
    for candidate in range(index, min(len(text), index + _MAX_STEPS)):
        if is_boundary(text, candidate):
            return candidate
    return len(text) if len(text) - index <= _MAX_STEPS else index


def is_boundary(text: str, index: int) -> bool:
    """Tell whether the text may be cut before ``text[index]``."""
    if index <= 0 or index >= len(text):
        return True
    before, after = text[index - 1], text[index]
    if after < "\u0300":
        return before != "\r" or after != "\n"
    if _extends(after) or before == _ZERO_WIDTH_JOINER:
        return False
    if _is_regional(after) and _is_regional(before):
        return _regionals_before(text, index) % 2 == 0
    if unicodedata.combining(before) == _VIRAMA_CLASS and after.isalpha():
        return False
    return not _hangul_joins(before, after)


def _extends(char: str) -> bool:
    """Combining marks, joiners, variation selectors, skin tones, tags, half-width voice marks."""
    return (
        unicodedata.category(char)[0] == "M"
        or char in "\u200c\u200d\uff9e\uff9f"
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
    )


def _is_regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _regionals_before(text: str, index: int) -> int:
    """Length of the run of flag letters that ends before ``index``; bounded."""
    start = index
    while start > 0 and index - start < 2 * _MAX_STEPS and _is_regional(text[start - 1]):
        start -= 1
    return index - start


def _hangul_joins(before: str, after: str) -> bool:
    leads = "\u1100" <= before <= "\u115f"
    syllable = "\uac00" <= before <= "\ud7a3"
    if "\u1160" <= after <= "\u11ff":
        return leads or syllable or "\u1160" <= before <= "\u11ff"
    return leads and ("\u1100" <= after <= "\u115f" or "\uac00" <= after <= "\ud7a3")
