"""Who has sent, when last, and who has fallen silent. Pure: time comes in.

Time is twofold. Silence is measured in *listening* seconds, which stand still while nobody listened (``listening``);
what is told has wall times in nanoseconds.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, TypeAlias

from otel_discord.signals.alert_event import AlertState

Labels: TypeAlias = tuple[tuple[str, str], ...]
RECOVERED: Final = "recovered"
FORGOTTEN: Final = "forgotten"
EVICTED: Final = "evicted"
RULE_REMOVED: Final = "rule removed"
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Now:
    """One moment, in both times."""

    listening_s: float
    wall_ns: int


@dataclass(slots=True)
class Group:
    """``seen_s`` and ``seen_ns`` are of its latest telemetry, or of the start where there was none."""

    seen_s: float
    seen_ns: int
    is_known: bool = True
    """Whether anything ever came."""
    is_silent: bool = False
    """Whether its alert fires."""
    back_s: float | None = None
    """Since when telemetry is back while the alert fires."""
    back_ns: int = 0
    told_s: float = 0.0
    since_ns: int = 0
    """Since when it is silent, while its alert fires."""
    extra: Labels = ()
    """Further labels of its alert, as they were when it fired: its fingerprint stays for a whole life."""
    unheard_s: float = 0.0
    """How much longer it was silent before this run; only for forgetting."""

    def silence_s(self, now: Now) -> float:
        """Return how long it is silent, as people see it."""
        return max(0.0, now.listening_s - self.seen_s, (now.wall_ns - (self.since_ns or self.seen_ns)) / _NS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Something to be told of a group."""

    labels: Labels
    state: AlertState
    started_ns: int
    ended_ns: int = 0
    silence_s: float = 0.0
    is_known: bool = True
    extra: Labels = ()
    resolution: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long is too long, in seconds; ``repeat_s`` and ``forget_s`` may be 0 for never."""

    after_s: float
    resolve_after_s: float
    repeat_s: float
    forget_s: float
    max_groups: int


@dataclass(slots=True)
class Groups:
    """Of one watch. ``expected`` are never let go; ``others`` have the one first that was silent for longest."""

    limits: Limits
    extra: Labels = ()
    expected: dict[Labels, Group] = field(default_factory=dict)
    others: "OrderedDict[Labels, Group]" = field(default_factory=OrderedDict)
    let_go: dict[str, int] = field(default_factory=lambda: {FORGOTTEN: 0, EVICTED: 0})
    _ended: list[Turn] = field(default_factory=list)
    """Alerts that ended because their group made room."""

    def expect(self, labels: Labels, now: Now) -> None:
        """Begin to wait for a group."""
        self.expected.setdefault(labels, Group(now.listening_s, now.wall_ns, is_known=False))

    def see(self, labels: Labels, now: Now) -> None:
        """Note a sign of life."""
        group = self.expected.get(labels)
        if group is None:
            group = self.others.get(labels)
            if group is None:
                group = self._begin(labels, now)
            else:
                self.others.move_to_end(labels)
        if group.is_silent and (group.back_s is None or now.listening_s - group.seen_s > self.limits.after_s):
            group.back_s, group.back_ns = now.listening_s, now.wall_ns
        group.seen_s, group.seen_ns, group.is_known, group.unheard_s = now.listening_s, now.wall_ns, True, 0.0

    def turns(self, now: Now) -> list[Turn]:
        """Bring everything to the present; return what is to be told."""
        told, self._ended = self._ended, []
        for labels, group in chain(self.expected.items(), list(self._others_to_look_at(now))):
            if self._is_back(group):
                told.append(self._end(labels, group, group.back_ns, RECOVERED))
                continue
            silent_s = now.listening_s - group.seen_s
            if silent_s < self.limits.after_s:
                continue
            if self._is_gone(labels, group, silent_s):
                if group.is_silent:
                    told.append(self._end(labels, group, now.wall_ns, FORGOTTEN))
                del self.others[labels]
                self.let_go[FORGOTTEN] += 1
            elif not group.is_silent:
                group.is_silent, group.back_s, group.since_ns = True, None, group.seen_ns
                group.extra = self.extra
                told.append(self._go_on(labels, group, AlertState.FIRING, now))
            elif self.limits.repeat_s and now.listening_s - group.told_s >= self.limits.repeat_s:
                told.append(self._go_on(labels, group, AlertState.UPDATED, now))
        return told

    def all(self) -> Iterator[tuple[Labels, Group]]:
        """Yield every group."""
        yield from self.expected.items()
        yield from self.others.items()

    def silent(self) -> Iterator[tuple[Labels, Group]]:
        """Yield those whose alert fires."""
        return ((labels, group) for labels, group in self.all() if group.is_silent)

    def adopt(self, stored: Mapping[Labels, Group]) -> None:
        """Go on with the groups of an earlier run, those that are as :meth:`expect` says among them."""
        for labels, group in sorted(stored.items(), key=lambda pair: (pair[1].seen_s, pair[1].seen_ns)):
            if labels in self.expected:
                self.expected[labels] = group
            elif group.is_known:
                self.others[labels] = group
            elif group.is_silent:
                self._ended.append(self._end(labels, group, group.seen_ns, RULE_REMOVED))
        while len(self.others) > self.limits.max_groups:
            self._evict(max((group.seen_ns for group in self.others.values()), default=0))

    def _begin(self, labels: Labels, now: Now) -> Group:
        while len(self.others) >= self.limits.max_groups:
            self._evict(now.wall_ns)
        group = self.others[labels] = Group(now.listening_s, now.wall_ns)
        return group

    def _evict(self, now_ns: int) -> None:
        labels, group = self.others.popitem(last=False)
        self.let_go[EVICTED] += 1
        if group.is_silent:
            self._ended.append(self._end(labels, group, now_ns, EVICTED))

    def _others_to_look_at(self, now: Now) -> Iterator[tuple[Labels, Group]]:
        """Yield those that are silent, and those that were and came back; the rest has just sent."""
        for labels, group in self.others.items():
            if group.is_silent or now.listening_s - group.seen_s >= self.limits.after_s:
                yield labels, group

    def _is_back(self, group: Group) -> bool:
        if not group.is_silent or group.back_s is None:
            return False
        return group.seen_s - group.back_s >= self.limits.resolve_after_s

    def _is_gone(self, labels: Labels, group: Group, silent_s: float) -> bool:
        if not self.limits.forget_s or labels in self.expected:
            return False
        return silent_s + group.unheard_s >= self.limits.forget_s

    @staticmethod
    def _go_on(labels: Labels, group: Group, state: AlertState, now: Now) -> Turn:
        group.told_s = now.listening_s
        return Turn(
            labels=labels,
            state=state,
            started_ns=group.since_ns,
            silence_s=group.silence_s(now),
            is_known=group.is_known,
            extra=group.extra,
        )

    @staticmethod
    def _end(labels: Labels, group: Group, ended_ns: int, resolution: str) -> Turn:
        turn = Turn(
            labels=labels,
            state=AlertState.RESOLVED,
            started_ns=group.since_ns,
            ended_ns=ended_ns,
            silence_s=max(0.0, (ended_ns - group.since_ns) / _NS),
            is_known=group.is_known,
            extra=group.extra,
            resolution=resolution,
        )
        group.is_silent, group.back_s, group.since_ns = False, None, 0
        return turn

    def end_all(self, now_ns: int) -> Iterator[Turn]:
        """Yield the end of every alert, where the watch is not there any more."""
        for labels, group in list(self.silent()):
            yield self._end(labels, group, now_ns, RULE_REMOVED)
