"""When a mute holds: from an instant to an instant, or on days of the week by the clocks of a zone. Pure.

Instants are nanoseconds since the epoch; a period begins at its start and is over at its end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Protocol

SECOND_NS: Final = 10**9
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FOREVER_NS: Final = 2**63 - 1
_AHEAD_DAYS: Final = 9
"""So far are a week's periods looked for: one begins within eight days of any instant."""


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start_ns`` to before ``end_ns``."""

    start_ns: int
    end_ns: int

    def covers(self, now_ns: int) -> bool:
        """Return whether it holds at that instant."""
        return self.start_ns <= now_ns < self.end_ns


class When(Protocol):
    """When something holds."""

    def period_at(self, now_ns: int) -> Period | None:
        """Return the period that holds at that instant; None where none does."""
        ...

    def next_edge(self, now_ns: int) -> int:
        """Return the next instant after that one at which it may begin or end; far away where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Once:
    """One period."""

    period: Period

    def period_at(self, now_ns: int) -> Period | None:
        """Return the period while it holds."""
        return self.period if self.period.covers(now_ns) else None

    def next_edge(self, now_ns: int) -> int:
        """Return its start, then its end, then nothing."""
        return next((edge for edge in (self.period.start_ns, self.period.end_ns) if edge > now_ns), FOREVER_NS)


@dataclass(frozen=True, slots=True)
class Never:
    """Holds only where somebody says so."""

    def period_at(self, now_ns: int) -> Period | None:  # noqa: ARG002 - the protocol's
        """Return None."""
        return None

    def next_edge(self, now_ns: int) -> int:  # noqa: ARG002 - the protocol's
        """Return an instant that never comes."""
        return FOREVER_NS


@dataclass(frozen=True, slots=True)
class Weekly:
    """On days of the week (0 is Monday) from ``begin`` to ``end``, over midnight where the end is not later.

    It is the clocks of ``zone`` that count: a night in which they are changed is an hour shorter or longer. Of a time
    that a change leaves out, the instant of the change counts; of one that comes twice, a period begins with the first
    and ends with the second.
    """

    days: frozenset[int]
    begin: time
    end: time
    zone: tzinfo

    def period_at(self, now_ns: int) -> Period | None:
        """Return the period that holds, together with those that it touches in the days around."""
        return next((period for period in self._around(now_ns) if period.covers(now_ns)), None)

    def next_edge(self, now_ns: int) -> int:
        """Return the next start or end."""
        edges = (edge for period in self._around(now_ns) for edge in (period.start_ns, period.end_ns))
        return min((edge for edge in edges if edge > now_ns), default=FOREVER_NS)

    def _around(self, now_ns: int) -> list[Period]:
        merged: list[Period] = []
        for period in self._periods(now_ns):
            if merged and period.start_ns <= merged[-1].end_ns:
                merged[-1] = Period(merged[-1].start_ns, max(merged[-1].end_ns, period.end_ns))
            else:
                merged.append(period)
        return merged

    def _periods(self, now_ns: int) -> Iterator[Period]:
        today = datetime.fromtimestamp(now_ns / SECOND_NS, self.zone).date()
        over_midnight = self.end <= self.begin
        for offset in range(-2, _AHEAD_DAYS):
            day = today + timedelta(days=offset)
            if day.weekday() not in self.days:
                continue
            start_ns = _instant_ns(day, self.begin, self.zone, is_end=False)
            end_ns = _instant_ns(day + timedelta(days=over_midnight), self.end, self.zone, is_end=True)
            if start_ns < end_ns:
                yield Period(start_ns, end_ns)


def _instant_ns(day: date, clock: time, zone: tzinfo, *, is_end: bool) -> int:
    """Return when the clocks of a zone show a time; see :class:`Weekly` for times that come twice or not at all."""
    local = datetime.combine(day, clock, zone)
    first = int(local.replace(fold=0).timestamp())
    second = int(local.replace(fold=1).timestamp())
    if first > second:  # left out: the two are what the clocks would show if they were changed later or earlier
        return _change_s(second, first, zone) * SECOND_NS
    return (second if is_end else first) * SECOND_NS


def _change_s(before_s: int, after_s: int, zone: tzinfo) -> int:
    """Return the second between two instants at which the zone's clocks are put forward."""
    offset = datetime.fromtimestamp(before_s, UTC).astimezone(zone).utcoffset()
    while after_s - before_s > 1:
        middle_s = (before_s + after_s) // 2
        if datetime.fromtimestamp(middle_s, UTC).astimezone(zone).utcoffset() == offset:
            before_s = middle_s
        else:
            after_s = middle_s
    return after_s
