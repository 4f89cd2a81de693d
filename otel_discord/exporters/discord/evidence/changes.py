"""Sees versions change in what resources say of themselves: a deploy that no one had to announce. Pure.

A value is a change where another was known before, so that our own start is none. While old and new are seen side by
side, that is one change. A value that was away for a while and comes back is one again: a rollback.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from otel_discord.exporters.discord.evidence.origin import Origin, rank

AWAY_NS: Final = 300 * 10**9
"""A value that was not seen for so long, while another was, has gone."""
ONE_ROLLOUT_NS: Final = 120 * 10**9
"""Attributes of one service that change within that are one deploy."""
MOST_SERVICES: Final = 500
_MOST_VALUES: Final = 16
_MOST_CHANGES: Final = 200


@dataclass(frozen=True, slots=True)
class Change:
    """A new value of one attribute; ``at_ns`` is when it was first seen, by our clock. Not masked."""

    origin: Origin
    what: str
    before: str
    after: str
    at_ns: int


@dataclass(slots=True)
class ChangeWatch:
    """What was seen of the services last seen, and the last changes."""

    _seen: OrderedDict[tuple[str, ...], dict[str, dict[str, int]]] = field(default_factory=OrderedDict)
    _changes: deque[Change] = field(default_factory=lambda: deque(maxlen=_MOST_CHANGES))

    def seen(self, origin: Origin, now_ns: int) -> None:
        """Note that something came of an origin."""
        if not origin.versions or not origin.label:
            return
        key = origin.watch_key
        known = self._seen.get(key)
        if known is None:
            known = self._seen[key] = {}
            if len(self._seen) > MOST_SERVICES:
                self._seen.popitem(last=False)
        else:
            self._seen.move_to_end(key)
        for what, value in origin.versions:
            values = known.setdefault(what, {})
            last_ns = values.get(value)
            if last_ns is None or now_ns - last_ns > AWAY_NS:
                others = {other: at_ns for other, at_ns in values.items() if other != value}
                before = max(others, key=others.__getitem__, default="")
                if before and (last_ns is None or others[before] > last_ns):
                    self._changes.append(Change(origin, what, before, value, now_ns))
                if last_ns is None and len(values) >= _MOST_VALUES:
                    del values[min(values, key=values.__getitem__)]
            values[value] = now_ns

    def between(self, since_ns: int, until_ns: int, is_wanted: Callable[[Origin], bool]) -> list[Change]:
        """Return the deploys in that time, the newest first; of each the most telling attribute."""
        found = [each for each in self._changes if since_ns <= each.at_ns <= until_ns and is_wanted(each.origin)]
        return _deploys(found)


def _deploys(changes: Iterable[Change]) -> list[Change]:
    told: dict[tuple[str, ...], Change] = {}
    deploys: list[Change] = []
    for each in sorted(changes, key=lambda change: change.at_ns):
        key = each.origin.watch_key
        known = told.get(key)
        if known is None or each.at_ns - known.at_ns > ONE_ROLLOUT_NS or each.what == known.what:
            told[key] = each
            deploys.append(each)
        elif rank(each.what) < rank(known.what):
            deploys[deploys.index(known)] = told[key] = each
    return deploys[::-1]
