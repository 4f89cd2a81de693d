"""What a rule may conclude while its window is not yet full after a start. Pure.

Counters go on over a restart, windows begin empty: a sum is too small at first, and an average is one of few points.
"""

from collections.abc import Sequence
from typing import Final

from otel_discord.connectors.threshold.levels import Standing
from otel_discord.connectors.threshold.rules import Rule
from otel_discord.connectors.threshold.state import Alert, Worse

_GROWING: Final = frozenset({"sum", "count", "increase", "rate"})
"""Aggregations that are too small as long as a part of the window is missing."""
_SOON_NS: Final = 300_000_000_000


def while_warming(rule: Rule, alert: Alert, standings: Sequence[Standing]) -> Sequence[Standing]:
    """Return the standings with which neither a half-full window ends what fires, nor what is too little begins."""
    if _grows(rule) and rule.policy.worse is Worse.SMALLER:
        standings = [Standing.HELD if each is Standing.MET else each for each in standings]
    if alert.is_active:
        return [Standing.HELD if each is Standing.CLEAR else each for each in standings]
    return standings


def warm_until_ns(rule: Rule, started_ns: int) -> int:
    """Return until when a rule's windows say too little: sums until they are full, others for five minutes at most."""
    if "last" in rule.config.aggregation_or_default and not rule.config.ratio:
        return 0
    return started_ns + (rule.window_ns if _grows(rule) else min(rule.window_ns, _SOON_NS))


def _grows(rule: Rule) -> bool:
    return rule.config.aggregation_or_default in _GROWING and not rule.config.ratio
