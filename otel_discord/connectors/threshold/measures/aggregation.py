"""The words for what is made of a window of points: last, sum, avg, min, max, count, rate, increase, stddev, pNN."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Aggregation(StrEnum):
    """What is made of the points in a window."""

    LAST = "last"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    COUNT = "count"
    RATE = "rate"
    INCREASE = "increase"
    STDDEV = "stddev"
    P50 = "p50"
    P75 = "p75"
    P90 = "p90"
    P95 = "p95"
    P99 = "p99"
    QUANTILE = "quantile"
    """Any other percentile; says nothing without its number."""


class Across(StrEnum):
    """What ``last`` makes of the latest values of several streams in one group."""

    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregation with its number where it has one.

    Raises ``ValueError`` for a quantile outside 0 to 1, or none where one is needed.
    """

    kind: Aggregation
    quantile: float | None = None
    """0 to 1, for percentiles only."""
    across: Across | None = None
    """For ``last`` only. Not given: sums are added up (they are made to be), of gauges and averages the highest counts.

    One of several queues that is too deep is too deep, whichever of them spoke last; an average would hide it and
    the newest would change with the order of arrival. For conditions such as ``< 10`` choose ``min(last)``.
    """

    def __post_init__(self) -> None:
        named = _PERCENTILE.fullmatch(self.kind)
        if named and self.quantile is None:
            object.__setattr__(self, "quantile", round(float(named[1]) / 100, 12))
        if self.kind is Aggregation.QUANTILE and self.quantile is None:
            raise ValueError("a quantile needs its number: p99.9")
        if self.quantile is not None and not 0 <= self.quantile <= 1:
            raise ValueError(f"a quantile is from 0 to 1, not {self.quantile}")

    def __str__(self) -> str:
        if self.kind is Aggregation.QUANTILE and self.quantile is not None:
            return f"p{round(self.quantile * 100, 10):g}"
        return f"{self.across}({self.kind})" if self.across else str(self.kind)


_PERCENTILE: Final = re.compile(r"p(\d{1,3}(?:\.\d{1,6})?)")
_WORDS: Final = {str(kind): kind for kind in Aggregation if kind is not Aggregation.QUANTILE}
_LAST: Final = re.compile(r"(sum|avg|min|max)\(last\)")


def parse_aggregation(text: str) -> Aggregate:
    """Return the aggregate of a word: ``avg``, ``p95``, ``p99.9``, ``sum(last)``.

    Raises ``ValueError`` with the words that there are.
    """
    word = text.strip().lower().replace(" ", "")
    if found := _LAST.fullmatch(word):
        return Aggregate(Aggregation.LAST, across=Across(found[1]))
    if word in _WORDS:
        return Aggregate(_WORDS[word])
    if (found := _PERCENTILE.fullmatch(word)) and float(found[1]) <= 100:
        return Aggregate(Aggregation.QUANTILE, round(float(found[1]) / 100, 12))
    raise ValueError(
        f"{text!r} is no aggregation: last, sum(last), avg(last), min(last), max(last), sum, avg, min, max, count, "
        "rate, increase, stddev, or a percentile such as p50, p95, p99.9"
    )
