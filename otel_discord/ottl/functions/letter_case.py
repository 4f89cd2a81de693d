"""Letter cases of names: ``myMetric_name`` as my_metric_name, as MyMetricName."""

import re
from collections.abc import Iterator
from typing import Final

_BREAK: Final = re.compile(r"[\s_.\-]+")


def to_snake_case(text: str) -> str:
    """Return the words in lower case, joined by ``_``: CPUUtilizationMetric is cpu_utilization_metric."""
    return "_".join(word.lower() for word in _words(text))


def to_camel_case(text: str) -> str:
    """Return the parts between separators, each with a large first letter, joined: my_metric is MyMetric."""
    return "".join(part[0].upper() + part[1:] for part in _BREAK.split(text.strip()) if part)


def _words(text: str) -> Iterator[str]:
    for part in _BREAK.split(text.strip()):
        start = 0
        for position in range(1, len(part)):
            if _begins_a_word(part, position):
                yield part[start:position]
                start = position
        if part:
            yield part[start:]


def _begins_a_word(part: str, position: int) -> bool:
    before, here, after = part[position - 1], part[position], part[position + 1 : position + 2]
    if _sort(before) != _sort(here):
        # "Metric" after "a" begins at M, and does not end after it; digits stand alone.
        return not (_sort(before) == "upper" and _sort(here) == "lower")
    return _sort(here) == "upper" and _sort(after) == "lower"


def _sort(character: str) -> str:
    if character.isdigit():
        return "digit"
    return "upper" if character.isupper() else "lower"
