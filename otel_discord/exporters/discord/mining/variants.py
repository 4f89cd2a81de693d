"""When a word becomes variable: after more than 20 different ones at one position, the rest of the message equal."""

from typing import Final

MOST_WORDS: Final = 20
"""So many different words at one position are still so many problems."""

_FIRST_WORDS: Final = 12
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


def _places(key: str) -> list[tuple[int, int]]:
    """Return each word's position, and a hash of the key without that word."""
    words = key.split(" ")
    positions = word_positions(words)
    if not positions:
        return []
    after = [0]
    for word in reversed(words):
        after.append(hash((after[-1], word)))
    places = []
    before = 0
    for at, word in enumerate(words[: positions[-1] + 1]):
        if at in positions:
            places.append((at, hash((before, after[len(words) - at - 1]))))
        before = hash((before, word))
    return places


class Variants:
    """How many remembered keys differ at one position alone.

    Places are kept by their hash: two of 64 bits that fall together would count one word too many, no more.
    """

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def add(self, key: str) -> list[int]:
        """Count a key that was not counted; return the positions that have seen more than 20 different words now."""
        full = []
        for at, place in _places(key):
            count = self._counts[place] = self._counts.get(place, 0) + 1
            if count > MOST_WORDS:
                full.append(at)
        return full

    def remove(self, key: str) -> None:
        """Forget a key that was counted."""
        for _, place in _places(key):
            self._counts[place] -= 1
            if not self._counts[place]:
                del self._counts[place]

    def compact(self) -> None:
        """Give back the room of what was forgotten: a dictionary does not do so by itself, nor when it is copied."""
        self._counts = {place: count for place, count in self._counts.items()}  # noqa: C416
