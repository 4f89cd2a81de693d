"""Whether a span is slow: over the first fixed limit for it, else over what is usual for its operation. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from otel_discord.connectors.slow_spans.config import SlowSpansConfig
from otel_discord.connectors.slow_spans.operations import Operation, Operations, Usual
from otel_discord.ottl import SpanItem

Matches: TypeAlias = Callable[[SpanItem], bool]


class Slow(NamedTuple):
    """Why a span is slow. ``usual`` has 0 spans where nothing is known of the operation yet."""

    limit_s: float
    is_learned: bool
    usual: Usual
    severity: int


@dataclass(slots=True)
class Judge:
    """Learns from each span after it was judged. ``where`` and those of the limits are compiled conditions."""

    config: SlowSpansConfig
    operations: Operations
    where: Matches
    limits: Sequence[Matches]

    def judge(self, item: SpanItem, operation: Operation, duration_s: float, now_s: float) -> Slow | None:
        """Return why a span is slow, None where it is not."""
        if not self.where(item):
            return None
        usual = self.operations.usual(operation)
        found = self._judge(item, duration_s, usual)
        if self.config.learned.enabled:
            self.operations.learn(operation, duration_s, now_s)
        return found

    def _judge(self, item: SpanItem, duration_s: float, usual: Usual) -> Slow | None:
        for limit, matches in zip(self.config.limits, self.limits, strict=True):
            if matches(item):
                if duration_s <= limit.over:
                    return None
                return Slow(limit.over, False, usual, limit.severity or self._severity(duration_s / limit.over))
        learned = self.config.learned
        if not learned.enabled or not usual.spans:
            return None
        limit_s = max(learned.floor, learned.factor * usual.duration_s)
        if duration_s <= limit_s:
            return None
        return Slow(limit_s, True, usual, self._severity(duration_s / limit_s))

    def _severity(self, times: float) -> int:
        reached = [step for step in self.config.escalate if times >= step.times]
        return max(reached, key=lambda step: step.times).severity if reached else self.config.severity
