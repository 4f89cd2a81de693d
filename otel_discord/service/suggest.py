""" "Did you mean …?" for keys, component types and references."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean "x"?`` for the nearest known word, "" where none is near."""
    candidates = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), candidates, n=1, cutoff=0.6)
    if found:
        return f'did you mean "{candidates[found[0]]}"?'
    plain = word.lower().replace("_", "").replace("-", "")
    for name in candidates.values():
        if name.lower().replace("_", "") == plain:
            return f'did you mean "{name}"?'
    return ""
