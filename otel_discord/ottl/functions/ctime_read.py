"""Times read by a format of :mod:`ctime_format`, in one pass over the text.

A run of spaces stands for any run of spaces; names of months and days go in any letter case; a fraction after the
seconds is read also where the format has none; all as in Go's time.Parse, on which the Collector builds.
"""

from datetime import UTC, tzinfo
from typing import Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions.ctime_format import MONTHS, WEEKDAYS, parts_of
from otel_discord.ottl.functions.ctime_instant import Found, instant_ns

_CENTURY_TURN: Final = 69
_FRACTIONS: Final = frozenset("Lfs")
_FRACTION_DIGITS: Final = 9
_TEXT_CHARS_MAX: Final = 1_000
_NUMBERS: Final = {
    # letter: (fewest digits, most digits, field, least, most)
    "Y": (4, 4, "year", 0, 9999),
    "y": (2, 2, "year", 0, 99),
    "m": (2, 2, "month", 1, 12),
    "o": (1, 2, "month", 1, 12),
    "q": (1, 2, "month", 1, 12),
    "d": (2, 2, "day", 1, 31),
    "e": (1, 2, "day", 1, 31),
    "g": (1, 2, "day", 1, 31),
    "H": (1, 2, "hour", 0, 23),
    "I": (2, 2, "hour", 0, 12),
    "l": (1, 2, "hour", 0, 12),
    "M": (2, 2, "minute", 0, 59),
    "S": (2, 2, "second", 0, 59),
}
_OFFSETS: Final = {"z": "hhmm", "i": "hh", "j": "hh:mm", "k": "hh:mm:ss", "w": "hhmmss"}
_LARGE_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ZONE_CHARS: Final = range(3, 6)


class _Unexpected(Exception):  # noqa: N818 - never leaves this file
    def __init__(self, wanted: str, left: int) -> None:
        self.wanted = wanted
        self.left = left
        super().__init__(wanted)


def read_time(text: str, layout: str, zone: tzinfo | None, now_ns: int) -> int:
    """Return nanoseconds since 1970.

    ``zone`` counts where the text names none; without one the host's own zone does, as in the Collector, or UTC where
    the format ends in a plain ``Z``. A text without a date is today's, one without a year this year's (last year's,
    when it would be more than a week ahead).

    Raises:
        OttlError: the text is not in the format, is no date, or names an unknown zone.
    """
    if not text:
        raise OttlError("an empty string is no time")
    if len(text) > _TEXT_CHARS_MAX:
        raise OttlError(f"a text of more than {_TEXT_CHARS_MAX} characters is no time")
    if zone is None and layout.endswith("Z") and not layout.endswith("%Z"):
        zone = UTC
    parts = parts_of(layout)
    found = Found(fraction_follows=any(letter in _FRACTIONS for letter, _ in parts if letter))
    rest = text
    try:
        for letter, literal in parts:
            rest = _read(found, letter, rest) if letter else _skip(literal, rest)
    except _Unexpected as error:
        # The text itself is somebody's data and stays out of messages.
        column = len(text) - error.left + 1
        raise OttlError(f"expected {error.wanted} at character {column} of the text (format {layout!r})") from None
    if rest:
        raise OttlError(f"the text goes on after what the format {layout!r} describes")
    try:
        return instant_ns(found, zone, now_ns)
    except (ValueError, OverflowError, OSError):
        raise OttlError(f"there is no such time (format {layout!r})") from None


def _skip(literal: str, text: str) -> str:
    for piece_number, piece in enumerate(literal.split(" ")):
        if piece_number and text and not text.startswith(" "):
            raise _unexpected("a space", text)
        if piece_number:
            text = text.lstrip(" ")
        if not text.startswith(piece):
            raise _unexpected(repr(piece), text)
        text = text[len(piece) :]
    return text


def _read(found: Found, letter: str, text: str) -> str:
    if letter in _NUMBERS:
        return _read_number(found, letter, text)
    if letter in _OFFSETS:
        return _read_offset(found, _OFFSETS[letter], text)
    if letter in _FRACTIONS:
        return _read_fraction(found, text)
    if letter in "pP":
        return _read_half(found, letter, text)
    if letter == "Z":
        length = len(text) - len(text.lstrip(_LARGE_LETTERS))
        if length not in _ZONE_CHARS:
            raise _unexpected("a zone such as UTC or CEST", text)
        found.zone = text[:length]
        return text[length:]
    return _read_name(found, letter, text)


def _read_number(found: Found, letter: str, text: str) -> str:
    fewest, most, field, least, greatest = _NUMBERS[letter]
    if letter in "eo":
        text = text.removeprefix(" ")
    digits = _leading_digits(text, most)
    if len(digits) < fewest:
        raise _unexpected(f"the {field}", text)
    number = int(digits)
    if not least <= number <= greatest:
        raise OttlError(f"there is no {field} {number}")
    if letter == "y":
        number += 1900 if number >= _CENTURY_TURN else 2000
    setattr(found, field, number)
    rest = text[len(digits) :]
    if letter == "S" and not found.fraction_follows and rest[:1] in (".", ",") and _leading_digits(rest[1:], 1):
        return _read_fraction(found, rest[1:])
    return rest


def _read_fraction(found: Found, text: str) -> str:
    digits = _leading_digits(text, _FRACTION_DIGITS)
    if not digits:
        raise _unexpected("a fraction of a second", text)
    found.nanosecond = int(digits.ljust(_FRACTION_DIGITS, "0"))
    return text[len(digits) :]


def _read_offset(found: Found, form: str, text: str) -> str:
    sign, digits = text[:1], text[1 : 1 + len(form)]
    fits = len(digits) == len(form) and all(
        there == here if there == ":" else here.isascii() and here.isdigit()
        for there, here in zip(form, digits, strict=True)
    )
    if sign not in ("+", "-") or not fits:
        raise _unexpected(f"an offset like +{form}", text)
    plain = digits.replace(":", "").ljust(6, "0")
    hours, minutes, seconds = int(plain[:2]), int(plain[2:4]), int(plain[4:])
    if hours > 24 or minutes > 59 or seconds > 59:
        raise OttlError(f"there is no offset {sign}{digits}")
    found.offset_s = (hours * 3600 + minutes * 60 + seconds) * (-1 if sign == "-" else 1)
    return text[1 + len(form) :]


def _read_half(found: Found, letter: str, text: str) -> str:
    halves = ("AM", "PM") if letter == "p" else ("am", "pm")
    if text[:2] not in halves:
        raise _unexpected(f"{halves[0]} or {halves[1]}", text)
    found.afternoon = text[:2] == halves[1]
    return text[2:]


def _read_name(found: Found, letter: str, text: str) -> str:
    names = MONTHS if letter in "bhB" else WEEKDAYS
    for number, name in enumerate(names, start=1):
        wanted = name if letter in "AB" else name[:3]
        if text[: len(wanted)].lower() == wanted.lower():
            if names is MONTHS:
                found.month = number
            else:
                found.weekday = True
            return text[len(wanted) :]
    raise _unexpected("the name of a month" if names is MONTHS else "the name of a day", text)


def _leading_digits(text: str, most: int) -> str:
    length = 0
    while length < min(most, len(text)) and "0" <= text[length] <= "9":
        length += 1
    return text[:length]


def _unexpected(wanted: str, rest: str) -> _Unexpected:
    return _Unexpected(wanted, len(rest))
