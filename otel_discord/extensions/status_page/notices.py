"""What became of an action, told once on the page that follows; the address holds only a number."""

import secrets
from dataclasses import dataclass, field
from typing import Final

MOST_KEPT: Final = 32
MOST_CHARS: Final = 1000


@dataclass(slots=True)
class Notices:
    """The last few notices."""

    _kept: dict[str, tuple[str, bool]] = field(default_factory=dict)

    def keep(self, words: str, *, is_bad: bool) -> str:
        """Return the number under which it is told."""
        while len(self._kept) >= MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        number = secrets.token_hex(6)
        self._kept[number] = (words[:MOST_CHARS], is_bad)
        return number

    def take(self, number: str) -> tuple[str, bool]:
        """Return the words of a notice and whether they are bad news; "" where there is none.

        It stays among the last few, since the page asks for itself again every few seconds.
        """
        return self._kept.get(number, ("", False))
