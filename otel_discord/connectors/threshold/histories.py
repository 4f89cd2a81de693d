"""The values over time of groups whose values are made of several measures: ratios, burns. Bounded. Pure."""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final

from otel_discord.connectors.threshold.measures.measure import MANY_GROUPS, POINTS, POINTS_OF_MANY, slot_ns
from otel_discord.connectors.threshold.measures.reading import History

_FORGET_AFTER: Final = 2
"""Groups that are gone are looked for when there are so many times as many histories as groups."""


@dataclass(slots=True)
class Histories:
    """Of one rule, as fine and as long as those of a measure with this window."""

    window_ns: int
    _by_group: dict[Hashable, History] = field(default_factory=dict)

    def add(self, group: Hashable, now_ns: int, value: float | None) -> Sequence[tuple[int, float]]:
        """Note a group's value, None for none now; return its history, which goes on growing."""
        history = self._by_group.get(group)
        if history is None:
            if value is None:
                return ()
            history = self._by_group[group] = History(slot_ns(self.window_ns))
        if value is not None:
            history.add(now_ns, value, POINTS_OF_MANY if len(self._by_group) > MANY_GROUPS else POINTS)
        return history

    def keep_only(self, groups: Collection[Hashable]) -> None:
        """Forget groups that are no more, once they are as many as those that are."""
        if len(self._by_group) > _FORGET_AFTER * len(groups):
            self._by_group = {group: self._by_group[group] for group in groups if group in self._by_group}
