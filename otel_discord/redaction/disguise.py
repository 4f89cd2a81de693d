"""Sees through what hides a secret from an expression but not from a reader.

Invisible characters, controls and terminal colours inside it (cards remove them, so that it is whole again), blanks
that are no spaces, fullwidth and mathematical forms (NFKC), and letters that look like Latin ones
(https://www.unicode.org/reports/tr39/#Confusable_Detection).
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, NamedTuple

_REMOVED_RANGES: Final = (
    (0x00, 0x08), (0x0E, 0x1F), (0x7F, 0x84), (0x86, 0x9F), (0xAD, 0xAD), (0x0300, 0x036F), (0x061C, 0x061C),
    (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F),
    (0x20D0, 0x20F0), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
_BLANKS: Final = (
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u2800\u3000"
)
_LINE_ENDS: Final = "\u000b\u000c\u0085\u2028\u2029"
_COMPATIBLE: Final = (
    (0xAA, 0xBA), (0x02B0, 0x02B8), (0x1D2C, 0x1D6A), (0x2070, 0x209C), (0x2100, 0x214F), (0x2460, 0x24FF),
    (0xFE50, 0xFE6F), (0xFF01, 0xFF5E), (0x1D400, 0x1D7FF), (0x1F130, 0x1F149),
)  # fmt: skip
_LOOK_ALIKE: Final = (
    "аa еe оo рp сc уy хx іi ѕs јj ԁd һh ԛq ԝw АA ВB ЕE КK МM НH ОO РP СC ТT ХX ІI ЅS ЈJ Кk кk "
    "αa οo ρp νv ιi κk υu ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ıi ɡg ꓑP օo հh ѡw ‐- ‑- −- ։:"
)


def _table() -> dict[int, str | None]:
    table: dict[int, str | None] = {}
    for first, last in _COMPATIBLE:
        for code in range(first, last + 1):
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1 and "!" <= plain <= "~":
                table[code] = plain
    table |= {ord(pair[0]): pair[1] for pair in _LOOK_ALIKE.split()}
    table |= dict.fromkeys(map(ord, _BLANKS), " ") | dict.fromkeys(map(ord, _LINE_ENDS), "\n")
    for first, last in _REMOVED_RANGES:
        table |= dict.fromkeys(range(first, last + 1))
    return table


_TABLE: Final = _table()
_ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _ranges(codes: Iterable[int]) -> str:
    """Return the inside of a character class of RE2."""
    found: list[list[int]] = []
    for code in sorted(codes):
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(rf"\x{{{first:x}}}-\x{{{last:x}}}" for first, last in found)


MAY_BE_DISGUISED: Final = rf"(?-i:[{_ranges(code for code in _TABLE if code > 0x7F)}]|\x1b[\[\]@-Z\\^_])"
"""For a sweep over texts, or over bytes with texts in them. Case counts: the sign for Kelvin is a k."""

CONTROL: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
"""For a sweep over texts: a control character other than tabs and line ends."""
CONTROLS: Final = bytes(code for code in (*range(0x20), 0x7F) if code not in b"\t\n\r")
"""The same, to be taken out of bytes: in messages they are also lengths and numbers of fields."""


class Unveiled(NamedTuple):
    """What a reader sees, and of each of its characters the place in the text as it was sent."""

    text: str
    places: list[int]


def unveil(text: str) -> str:
    """Return what a reader sees; the same object where nothing is disguised."""
    seen = _ANSI.sub("", text) if "\x1b" in text else text
    if seen.isascii() and (seen.isprintable() or not _CONTROL.search(seen)):
        return seen
    plain = seen.translate(_TABLE)
    return text if plain == text else plain


def unveiled(text: str) -> Unveiled:
    """Return what a reader sees with the places it comes from."""
    plain = unveil(text)
    places: list[int] = []
    at = 0
    for escape in _ANSI.finditer(text):
        places += range(at, escape.start())
        at = escape.end()
    places += range(at, len(text))
    return Unveiled(plain, [place for place in places if _TABLE.get(ord(text[place]), "") is not None])
