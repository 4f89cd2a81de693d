"""The known word that somebody who wrote another one probably meant."""

from collections.abc import Iterable
from typing import Final

NEAR: Final = 0.6
VERY_NEAR: Final = 0.85
"""A slip of the finger rather than another word; 1 is the same."""


def nearest(word: str, known: Iterable[str], *, least: float = NEAR) -> str:
    """Return the nearest known word, in any case, "" where none is as near as ``least``."""
    from difflib import get_close_matches

    candidates = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), candidates, n=1, cutoff=least)
    return candidates[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str], *, least: float = NEAR) -> str:
    """Return ``did you mean "x"?``, "" where no known word is near."""
    meant = nearest(word, known, least=least)
    return f'did you mean "{meant}"?' if meant else ""
