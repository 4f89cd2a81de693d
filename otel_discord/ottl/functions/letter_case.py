"""Letter cases of names: ``myMetricName`` as my_metric_name, ``my_metric_name`` as MyMetricName.

What counts as a word is what contrib's case library counts: separators are space, ``_``, ``-`` and ``.``; a number is
a word; of several large letters the last one begins the next word (CPUUtilization is cpu_utilization).
"""

from typing import Final

_SEPARATORS: Final = frozenset(" _-.")


def to_snake_case(text: str) -> str:
    """Return the words in lower case, with ``_`` between them and in the place of each separator."""
    stripped = text.strip(" ")
    parts: list[str] = []
    for position, character in enumerate(stripped):
        if position and _begins_a_word(stripped, position):
            parts.append("_")
        parts.append("_" if character in _SEPARATORS else character)
    return "".join(parts).lower()


def to_camel_case(text: str) -> str:
    """Return the words joined, each with a large first letter; ``_`` stays between two numbers."""
    stripped = text.strip()
    parts: list[str] = []
    large = True
    for position, character in enumerate(stripped):
        if character in _SEPARATORS:
            if stripped[position - 1 : position].isdigit() and stripped[position + 1 : position + 2].isdigit():
                parts.append("_")
            large = True
        elif character.isalnum():
            parts.append(character.upper() if large else character)
            large = character.isdigit()
        else:
            large = False
    return "".join(parts)


def _begins_a_word(text: str, position: int) -> bool:
    before, here, after = (_sort(text[at : at + 1]) for at in (position - 1, position, position + 1))
    if "" in (before, here):
        return False
    if before == here:
        return here == "upper" and after == "lower"
    # In "Metric" the small letters go on with the word; everywhere else a change begins a new one.
    return not (before == "upper" and here == "lower")


def _sort(character: str) -> str:
    if character.isdigit():
        return "digit"
    if character.isupper():
        return "upper"
    return "lower" if character.islower() else ""
