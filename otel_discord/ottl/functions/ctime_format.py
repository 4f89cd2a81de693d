"""Formats of times in the style of C: ``%Y-%m-%d``, taken apart into directives. Reading and writing are next door.

Source of the directives: contrib's documentation of Time and FormatTime; some mean other things than in C (``%s`` is
nanoseconds, ``%g`` a day, ``%k`` and ``%j`` offsets).
"""

from functools import lru_cache
from typing import Final

from otel_discord.ottl.errors import OttlError

FORMAT_CHARS_MAX: Final = 500
_LONG_FORMS: Final = {
    "D": "%m/%d/%Y",
    "x": "%m/%d/%Y",
    "F": "%Y-%m-%d",
    "T": "%H:%M:%S",
    "X": "%H:%M:%S",
    "r": "%I:%M:%S %P",
    "R": "%H:%M",
    "c": "%a %b %d %H:%M:%S %Y",
}
_CHARACTERS: Final = {"n": "\n", "t": "\t", "%": "%"}
DIRECTIVES: Final = frozenset("YymoqbhBdegaAHIlpPMSLfszZijkw")
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@lru_cache(maxsize=256)
def parts_of(layout: str) -> tuple[tuple[str, str], ...]:
    """Return the format as pairs: (directive letter, "") or ("", text that stands for itself).

    Raises:
        OttlError: empty, over 500 characters, or an unknown directive.
    """
    if not layout:
        raise OttlError("the format cannot be empty")
    if len(layout) > FORMAT_CHARS_MAX:
        raise OttlError(f"the format is longer than {FORMAT_CHARS_MAX} characters")
    parts: list[tuple[str, str]] = []
    position = 0
    while position < len(layout):
        if layout[position] != "%":
            end = layout.find("%", position)
            end = len(layout) if end < 0 else end
            parts.append(("", layout[position:end]))
            position = end
            continue
        letter = layout[position + 1 : position + 2]
        position += 2
        if letter in _LONG_FORMS:
            parts.extend(parts_of(_LONG_FORMS[letter]))
        elif letter in _CHARACTERS:
            parts.append(("", _CHARACTERS[letter]))
        elif letter and letter in DIRECTIVES:
            parts.append((letter, ""))
        else:
            raise OttlError(f"no such directive in a time format: %{letter}")
    return tuple(parts)
