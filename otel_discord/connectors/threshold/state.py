"""The life of one alert: inactive, pending, firing, resolved. Pure: what was found and the present time come in.

There are two halves. :func:`advance` moves the alert to the present: which severities are pending or active.
:func:`announce` compares that with what has been told and says what is to be told now, one thing at most; a mute
holds back a beginning and news, never an end. So between two tellings of *firing* there is always one of *resolved*.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from otel_discord.connectors.threshold.levels import Level, Standing, monotone
from otel_discord.signals.alert_event import AlertState

RECOVERED: Final = "recovered"
NO_DATA: Final = "no data"
DATA_IS_BACK: Final = "data is back"
RULE_REMOVED: Final = "rule removed"
_MOVED: Final = 0.25


class Silence(Enum):
    """What it means that a group has no data for long."""

    ALERT = "alert"
    RESOLVE = "resolve"
    KEEP = "keep"


class Worse(Enum):
    """Which of two values is the worse one."""

    GREATER = 1
    SMALLER = -1
    FARTHER_FROM_ZERO = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a rule's alerts live. Severities are ordered from the least to the worst; times are nanoseconds."""

    severities: tuple[str, ...]
    for_ns: int = 0
    keep_ns: int = 0
    silent_after_ns: int = 300_000_000_000
    silence: Silence = Silence.RESOLVE
    silence_level: int = 0
    """Index of the severity that silence has."""
    repeat_ns: int = 0
    """How often an alert that goes on says how it stands; 0: never."""
    update_ns: int = 0
    """How soon it says so where its value or peak has moved; 0: not for that."""
    worse: Worse = Worse.GREATER


@dataclass(frozen=True, slots=True)
class Finding:
    """What an evaluation finds for a group that has data: a standing for each severity, and what it was found in."""

    standings: Sequence[Standing]
    value: float | None
    points: Sequence[tuple[int, float]] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """What is to be told of an alert now."""

    state: AlertState
    severity: str
    level: int
    is_silent: bool
    """Of silence, not of a value."""
    started_ns: int
    ended_ns: int
    value: float | None
    peak: float | None
    resolution: str
    points: Sequence[tuple[int, float]]


@dataclass(slots=True)
class Alert:
    """One alert of a rule. Times are nanoseconds of wall time, 0 where there is none."""

    severities: tuple[str, ...]
    levels: list[Level]
    """One for each severity."""
    seen_ns: int
    """When it last had data."""
    started_ns: int = 0
    value: float | None = None
    peak: float | None = None
    is_silent: bool = False
    """It fires because there is no data."""
    told: str = ""
    """The severity that has been told; "" while nothing is."""
    told_level: int = 0
    told_silent: bool = False
    told_ns: int = 0
    told_value: float | None = field(default=None, compare=False)
    told_peak: float | None = field(default=None, compare=False)
    """As they were told last; not stored."""
    ending: str = ""
    """Why it is not active any more."""
    points: Sequence[tuple[int, float]] = field(default=(), compare=False)

    @property
    def is_active(self) -> bool:
        """Whether it fires, told or not."""
        return self.is_silent or any(level.is_active for level in self.levels)

    @property
    def is_pending(self) -> bool:
        """Whether a condition holds, but not yet for long enough."""
        return not self.is_active and any(level.since_ns for level in self.levels)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to know of it."""
        return not self.told and not self.is_silent and all(level.is_idle for level in self.levels)

    def present_level(self, policy: Policy) -> int | None:
        """Return the index of the worst active severity, None where it does not fire."""
        active = [place for place, level in enumerate(self.levels) if level.is_active]
        if self.is_silent:
            active.append(policy.silence_level)
        return max(active, default=None)

    def stage(self) -> tuple[object, ...]:
        """Return what is worth keeping at once when it changes; values and peaks are not."""
        lived = tuple((level.since_ns, level.clear_ns, level.is_active) for level in self.levels)
        return (lived, self.started_ns, self.is_silent, self.told, self.told_level, self.told_silent, self.told_ns)


def new_alert(policy: Policy, seen_ns: int) -> Alert:
    """Return an alert about which nothing is known yet."""
    return Alert(policy.severities, [Level() for _ in policy.severities], seen_ns)


def fit(alert: Alert, policy: Policy) -> None:
    """Let an alert of an earlier run go on under a rule whose severities may have changed since."""
    if alert.severities == policy.severities:
        return
    known = dict(zip(alert.severities, alert.levels, strict=False))
    alert.levels = [known.get(severity) or Level() for severity in policy.severities]
    alert.severities = policy.severities
    alert.told_level = policy.severities.index(alert.told) if alert.told in policy.severities else 0


def advance(alert: Alert, found: Finding | None, now_ns: int, policy: Policy) -> None:
    """Bring the alert to the present; ``found`` is None where its group has no data now.

    For a while without data nothing changes: a gap neither fires nor resolves.
    """
    if found is not None:
        _see(alert, found, now_ns, policy)
    elif now_ns - alert.seen_ns >= policy.silent_after_ns:
        _fall_silent(alert, policy)
    if alert.is_active or alert.is_pending:
        alert.started_ns = alert.started_ns or min(
            (level.since_ns for level in alert.levels if level.since_ns), default=now_ns
        )
    elif not alert.told:
        alert.started_ns, alert.peak = 0, None


def announce(
    alert: Alert, now_ns: int, policy: Policy, *, is_muted: bool = False, also_how_it_stands: bool = True
) -> Telling | None:
    """Return what is to be told now, and remember that it is told.

    ``also_how_it_stands``: not only turns of its life, but also values where that is due.
    """
    level = alert.present_level(policy)
    if not alert.told:
        if level is None or is_muted:
            return None
        return _tell(alert, AlertState.FIRING, level, now_ns, policy)
    if level is None:
        return _tell_end(alert, now_ns)
    if is_muted:
        return None
    is_news = policy.severities[level] != alert.told or alert.is_silent != alert.told_silent
    if not is_news and not (also_how_it_stands and is_due(alert, now_ns, policy)):
        return None
    return _tell(alert, AlertState.UPDATED, level, now_ns, policy)


def is_due(alert: Alert, now_ns: int, policy: Policy) -> bool:
    """Return whether it is time to say how an alert that is told stands: for long not said, or not true any more."""
    if not policy.repeat_ns or not alert.told or not alert.is_active:
        return False
    since_ns = now_ns - alert.told_ns
    if since_ns >= policy.repeat_ns:
        return True
    if not policy.update_ns or since_ns < policy.update_ns:
        return False
    return _has_moved(alert.told_value, alert.value) or _has_moved(alert.told_peak, alert.peak)


def _has_moved(told: float | None, present: float | None) -> bool:
    """Return whether a quarter or more is between two values; what was not told (by this run) is not compared."""
    if told is None or present is None:
        return False
    apart = abs(present - told)
    return apart > 0 and not apart < _MOVED * abs(told)  # so that infinity to a number is a move, too


def worse_of(one: float | None, other: float | None, worse: Worse) -> float | None:
    """Return the worse of two values; what is no number is not."""
    if other is None or math.isnan(other):
        return one
    if one is None:
        return other
    if worse is Worse.FARTHER_FROM_ZERO:
        return max(one, other, key=abs)
    return max(one, other) if worse is Worse.GREATER else min(one, other)


def _see(alert: Alert, found: Finding, now_ns: int, policy: Policy) -> None:
    alert.seen_ns = now_ns
    alert.value = found.value
    alert.points = found.points
    was_active, was_silent = alert.is_active, alert.is_silent
    alert.is_silent = False
    for level, standing in zip(alert.levels, monotone(list(found.standings)), strict=True):
        level.step(standing, now_ns, policy.for_ns, policy.keep_ns)
    if was_active and not alert.is_active:
        alert.ending = DATA_IS_BACK if was_silent else RECOVERED
    if alert.is_active or alert.is_pending:
        alert.peak = worse_of(alert.peak, found.value, policy.worse)


def _fall_silent(alert: Alert, policy: Policy) -> None:
    for level in alert.levels:
        if not level.is_active or policy.silence is Silence.RESOLVE:
            level.reset()
    if policy.silence is Silence.RESOLVE:
        alert.is_silent = False
        alert.ending = NO_DATA
    elif policy.silence is Silence.ALERT:
        alert.is_silent = True
        alert.value = None


def _tell(alert: Alert, state: AlertState, level: int, now_ns: int, policy: Policy) -> Telling:
    alert.told, alert.told_level = policy.severities[level], level
    alert.told_silent, alert.told_ns = alert.is_silent, now_ns
    alert.told_value, alert.told_peak = alert.value, alert.peak
    alert.ending = ""
    return _telling(alert, state, 0)


def _tell_end(alert: Alert, now_ns: int) -> Telling:
    telling = _telling(alert, AlertState.RESOLVED, now_ns)
    alert.told, alert.told_level, alert.told_silent, alert.told_ns = "", 0, False, 0
    alert.ending = ""
    is_pending = any(level.since_ns for level in alert.levels)
    alert.started_ns = min((level.since_ns for level in alert.levels if level.since_ns), default=0)
    alert.peak = alert.value if is_pending else None
    return telling


def _telling(alert: Alert, state: AlertState, ended_ns: int) -> Telling:
    return Telling(
        state=state,
        severity=alert.told,
        level=alert.told_level,
        is_silent=alert.told_silent,
        started_ns=alert.started_ns,
        ended_ns=ended_ns,
        value=alert.value,
        peak=alert.peak,
        resolution=(alert.ending or RECOVERED) if ended_ns else "",
        points=alert.points,
    )
