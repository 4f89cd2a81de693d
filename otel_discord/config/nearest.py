"""The known word that somebody who wrote another one probably meant."""

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the nearest known word, in any case, "" where none is near."""
    from difflib import get_close_matches

    candidates = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), candidates, n=1)
    return candidates[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean "x"?``, "" where no known word is near."""
    meant = nearest(word, known)
    return f'did you mean "{meant}"?' if meant else ""
