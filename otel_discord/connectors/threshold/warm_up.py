"""What a rule may conclude while its window is not yet full, after a start that found no measures of before. Pure."""

from collections.abc import Sequence
from typing import Final

from otel_discord.connectors.threshold.levels import Standing
from otel_discord.connectors.threshold.rules import Rule
from otel_discord.connectors.threshold.state import Alert, Worse

_GROWING: Final = frozenset({"sum", "count", "increase"})
"""Aggregations that are too small as long as a part of the window is missing."""


def while_warming(rule: Rule, alert: Alert, standings: Sequence[Standing]) -> Sequence[Standing]:
    """Return the standings with which neither a half-full window ends what fires, nor what is too little begins."""
    aggregation = rule.config.aggregation_or_default
    if aggregation == "last":
        return standings
    if aggregation in _GROWING and rule.policy.worse is Worse.SMALLER:
        standings = [Standing.HELD if each is Standing.MET else each for each in standings]
    if alert.is_active:
        return [Standing.HELD if each is Standing.CLEAR else each for each in standings]
    return standings


def warm_until_ns(rule: Rule, started_ns: int, measured_ns: int) -> int:
    """Return until when the windows of a rule are not full; its measures were stored at ``measured_ns``, 0 if never."""
    gap_ns = started_ns - measured_ns
    return started_ns + rule.window_ns if gap_ns * 20 > rule.window_ns else 0
