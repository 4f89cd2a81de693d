"""When a word becomes variable: after more than 20 different ones at one position, the rest of the message equal."""

from typing import Final

MOST_WORDS: Final = 20
"""So many different words at one position are still so many problems."""

_FIRST_WORDS: Final = 16
"""Positions further right are not counted, so that a long message costs no more memory than a short one."""


def word_positions(words: list[str]) -> list[int]:
    """Return where a plain word stands whose place could be variable: the rest must hold another word."""
    plain = [at for at, word in enumerate(words) if "0" not in word and any(map(str.isalpha, word))]
    return [at for at in plain if at < _FIRST_WORDS] if len(plain) > 1 else []


def with_wild(words: list[str], positions: tuple[int, ...]) -> str:
    """Return the key with these words variable."""
    words = words.copy()
    for at in positions:
        words[at] = "0"
    return " ".join(words)


class Variants:
    """How many remembered keys differ at one position alone.

    Places are kept by their hash: two of 64 bits that fall together would count one word too many, no more.
    """

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def add(self, key: str) -> list[int]:
        """Count a key that was not counted; return the positions that have seen more than 20 different words now."""
        words = key.split(" ")
        full = []
        for at in word_positions(words):
            place = hash((at, with_wild(words, (at,))))
            count = self._counts[place] = self._counts.get(place, 0) + 1
            if count > MOST_WORDS:
                full.append(at)
        return full

    def remove(self, key: str) -> None:
        """Forget a key that was counted."""
        words = key.split(" ")
        for at in word_positions(words):
            place = hash((at, with_wild(words, (at,))))
            self._counts[place] -= 1
            if not self._counts[place]:
                del self._counts[place]
