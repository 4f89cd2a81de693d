"""Alerts that are one message: which events it takes, what it says of each alert, when it is over. Pure.

Times are nanoseconds since the epoch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from google.protobuf.message import DecodeError

from otel_discord._proto import queue_pb2
from otel_discord.exporters.discord.alerts.member import Member
from otel_discord.exporters.discord.alerts.series import Series
from otel_discord.signals.alert_event import AlertEvent, AlertState

MAX_MEMBERS: Final = 300
"""Of one message; more alerts of the same kind open another one."""
MAX_SERIES: Final = 5
"""Of so many alerts the values are kept: of the one that leads the message, and of those that come after it."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as it comes to a message: of which priority it is, and by which routes it came (their marks)."""

    event: AlertEvent
    priority: int = 0
    routes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertGroup:
    """What one message says. It is never changed; :meth:`after` returns what comes of it."""

    members: Mapping[str, Member]
    """By the identities of their alerts, in the order in which they came."""
    opened_ns: int
    told_severity: int
    """Severity number that the message told when it was new."""
    priority: int = 0
    routes: tuple[str, ...] = ()
    origin_url: str = ""
    """The message that told them before they got worse, where its address is known."""
    origin_ns: int = 0
    went_on: bool = False
    """They go on in another message, or their end was told there: this one has to say so still."""
    retold: bool = False
    """A message that is not there any more has told them before."""
    evidence: bytes = b""
    """A serialised ``Evidence``: what was there before the first of them began; empty until it was looked for."""
    end_told: bool = False
    """That all of them are over was told by a new message, so that no other has to follow."""
    is_over: bool = field(init=False)
    """Whether every alert of it is resolved."""
    severity: int = field(init=False)
    """The worst severity number of those that fire, or of all where it is over."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_over", all(member.is_over for member in self.members.values()))
        shown = [each.event.severity_number for each in self.members.values() if self.is_over or not each.is_over]
        object.__setattr__(self, "severity", max(shown, default=self.told_severity))

    @classmethod
    def opened_by(cls, arrival: Arrival, now_ns: int) -> "AlertGroup":
        """Return the group of a first event."""
        event = arrival.event
        if not event.started_ns:
            event = replace(event, started_ns=event.at_ns // 1000 * 1000)
        return cls(
            members={event.identity: Member.of(event)},
            opened_ns=now_ns,
            told_severity=event.severity_number,
            priority=arrival.priority,
            routes=arrival.routes,
        )

    @property
    def firing(self) -> list[AlertEvent]:
        """Return the alerts that fire, the worst first, then those that began first."""
        return sorted(
            (member.event for member in self.members.values() if not member.is_over),
            key=lambda event: (-event.severity_number, event.started_ns),
        )

    @property
    def resolved(self) -> list[AlertEvent]:
        """Return the alerts that are over, those that ended last first."""
        return sorted(
            (member.event for member in self.members.values() if member.is_over),
            key=lambda event: -(event.ended_ns or event.at_ns),
        )

    @property
    def lead(self) -> AlertEvent:
        """Return the alert that the message names first, with its series."""
        event = (self.firing or self.resolved)[0]
        return replace(event, series=self.members[event.identity].series.points())

    @property
    def is_worse(self) -> bool:
        """Whether it is worse than its message told: an edit notifies nobody, so that a new message is due."""
        return not self.is_over and self.severity > self.told_severity

    def is_news_to(self, shown: "AlertGroup | None") -> bool:
        """Return whether it is over, or has an alert that fires, and a message does not say so.

        Args:
            shown: what the message says; None where that is not known.
        """
        if self.is_over:
            return shown is None or not shown.is_over
        if shown is None:
            return len(self.members) > 1
        return not {event.identity for event in self.firing} <= {event.identity for event in shown.firing}

    def takes(self, event: AlertEvent, *, is_told: bool) -> bool:
        """Return whether an event belongs here: it tells of an alert that is shown here, or of one that may join.

        Args:
            event: as ``slim`` makes it.
            is_told: a message shows the group, so that what begins after its end is another one.
        """
        known = self.members.get(event.identity)
        if known is not None and not known.begins_anew(event):
            return True
        if self.is_over and (is_told or event.state is AlertState.RESOLVED):
            return False
        return known is not None or (event.state is not AlertState.RESOLVED and len(self.members) < MAX_MEMBERS)

    def after(self, arrival: Arrival, *, is_told: bool) -> "AlertGroup":
        """Return the group with an event that it takes; itself where that is nothing new."""
        event = arrival.event
        known = self.members.get(event.identity)
        if known is None and not event.started_ns:
            event = replace(event, started_ns=event.at_ns // 1000 * 1000)
        member = Member.of(event) if known is None else known.after(event)
        if member is known:
            return self
        grown = replace(
            self,
            members=self._with_few_series({**self.members, event.identity: member}),
            priority=max(self.priority, arrival.priority),
            routes=tuple(dict.fromkeys((*self.routes, *arrival.routes))),
        )
        if grown.end_told and not grown.is_over:
            grown = replace(grown, end_told=False)
        return grown if is_told else replace(grown, told_severity=max(grown.severity, grown.told_severity))

    @staticmethod
    def _with_few_series(members: dict[str, Member]) -> dict[str, Member]:
        """Return members of which no more have a series than may come to lead the message."""
        charted = [member for member in members.values() if member.series]
        if len(charted) > MAX_SERIES:
            charted.sort(key=lambda each: (each.is_over, -each.event.severity_number, each.event.started_ns))
            for member in charted[MAX_SERIES:]:
                members[member.event.identity] = replace(member, series=Series())
        return members

    def worse(self, *, url: str, told_ns: int) -> "AlertGroup":
        """Return the group as it goes on in a new message; ``url`` and ``told_ns`` are of the one that told it."""
        return replace(
            self,
            told_severity=self.severity,
            origin_url=self.origin_url or url,
            origin_ns=self.origin_ns or told_ns,
            went_on=False,
            retold=False,
        )

    def to_bytes(self) -> bytes:
        """Return the group as it is stored."""
        return queue_pb2.AlertGroup(
            members=[_stored_member(member) for member in self.members.values()],
            opened_unix_nano=self.opened_ns,
            told_severity=self.told_severity,
            priority=self.priority,
            routes=self.routes,
            origin_url=self.origin_url,
            origin_unix_nano=self.origin_ns,
            went_on=self.went_on,
            retold=self.retold,
            evidence=self.evidence,
            end_told=self.end_told,
        ).SerializeToString()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "AlertGroup | None":
        """Return the group that was stored; None where there is none, or none that can be read."""
        if not stored:
            return None
        try:
            group = queue_pb2.AlertGroup.FromString(stored)
            members = [member for each in group.members if (member := _member(each)) is not None]
        except DecodeError:
            return None
        if not members:
            return None
        return cls(
            members={member.event.identity: member for member in members},
            opened_ns=group.opened_unix_nano,
            told_severity=group.told_severity,
            priority=group.priority,
            routes=tuple(group.routes),
            origin_url=group.origin_url,
            origin_ns=group.origin_unix_nano,
            went_on=group.went_on,
            retold=group.retold,
            evidence=group.evidence,
            end_told=group.end_told,
        )


def _stored_member(member: Member) -> queue_pb2.AlertGroup.Member:
    points = member.series.points()
    return queue_pb2.AlertGroup.Member(
        record=member.record,
        series_unix_nano=[at_ns for at_ns, _ in points],
        series_values=[value for _, value in points],
    )


def _member(stored: queue_pb2.AlertGroup.Member) -> Member | None:
    return Member.stored(stored.record, Series.stored(stored.series_unix_nano, stored.series_values))
