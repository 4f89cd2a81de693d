"""Characters that nobody sees but that change what is seen: removed, or kept only where writing needs them. Pure.

Default-ignorable code points (https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point) hide words from a
search and data from a reader, bidi controls turn text around, and marks stacked on one letter cover the lines above.
"""

import re
import unicodedata
from typing import Final

_HIDDEN: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e001f\U000e0080-\U000e0fff]"
)
_BLANK: Final = "\u2800"
"""A Braille pattern without dots: it looks like a space and is none."""
_TAGS: Final = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]{1,6}\U000e007f)|[\U000e0020-\U000e007f]")
"""Tags make the flags of regions after a black flag; anywhere else they only hide text."""
_SELECTORS: Final = re.compile(
    "(?<![^\\s\u200c\u200d\ufe00-\ufe0f])[\ufe00-\ufe0f]|(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]"
)
_JOINERS: Final = "\u200c\u200d"
_JOINED: Final = re.compile(f"(?<=([^\\x00-\\x7f\\s{_JOINERS}]))[{_JOINERS}]+(?=[^\\x00-\\x7f\\s])|[{_JOINERS}]+")
_MOST_MARKS: Final = 4
_MARK_BLOCKS: Final = (
    (0x0300, 0x20FF), (0x2CEF, 0x3100), (0xA66F, 0xABFF), (0xFB1E, 0xFB1F), (0xFE20, 0xFE30),
    (0x101FD, 0x11FFF), (0x16AF0, 0x16FFF), (0x1BC9D, 0x1D300), (0x1DA00, 0x1E950),
)  # fmt: skip


def _marks() -> str:
    """Return a character class of all marks that take no room of their own, as Python's Unicode knows them."""
    ranges: list[tuple[int, int]] = []
    for first, last in _MARK_BLOCKS:
        for code in range(first, last + 1):
            if unicodedata.category(chr(code)) in ("Mn", "Me"):
                if ranges and ranges[-1][1] == code - 1:
                    ranges[-1] = (ranges[-1][0], code)
                else:
                    ranges.append((code, code))
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_TOWER: Final = re.compile(f"[{_marks()}{_JOINERS}\ufe00-\ufe0f]{{{_MOST_MARKS + 1},}}")


def without_invisible(text: str) -> str:
    """Return the text without hidden characters; at most four marks stand on one letter.

    What writing needs stays: joiners between letters of their scripts and between emoji, one variation selector after
    a character, tags in a flag.
    """
    text = _HIDDEN.sub("", text)
    if _BLANK in text:
        text = text.replace(_BLANK, " ")
    text = _TAGS.sub(lambda match: match[1] or "", text)
    text = _SELECTORS.sub("", text)
    text = _JOINED.sub(lambda match: match[0][0] if match[1] else "", text)
    return _TOWER.sub(lambda match: match[0][:_MOST_MARKS].rstrip(_JOINERS), text)
