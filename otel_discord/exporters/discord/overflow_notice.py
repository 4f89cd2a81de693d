"""Telling people in Discord what was not shown for want of room: whom, when, and in which words. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from otel_discord.discord_api.models import Embed, EmbedFooter, Message
from otel_discord.exporters.discord.render_severity import AMBER, severity_emoji
from otel_discord.signals import severity_range
from otel_discord.templating.wording import NANOSECONDS_PER_SECOND, timestamp

INTERVAL_S: Final = 600.0
"""At most one notice for each destination; numbers gather meanwhile."""
QUIET_S: Final = 2.0
"""So long nothing more was lost before it is told: a burst is told once, whole."""
LONGEST_S: Final = INTERVAL_S
"""Where there is no room again for so long it is told all the same."""
_SAME_MINUTE_NS: Final = 60 * NANOSECONDS_PER_SECOND
_SAME_DAY_NS: Final = 20 * 3_600 * NANOSECONDS_PER_SECOND


@dataclass(slots=True)
class Loss:
    """What one destination did not show. ``begun_s`` and ``latest_s`` are monotonic, the other times wall time."""

    begun_s: float
    latest_s: float
    since_ns: int
    until_ns: int
    records: Counter[int] = field(default_factory=Counter)
    """By the lowest number of the range of severity."""

    @property
    def count(self) -> int:
        """How many records."""
        return self.records.total()


@dataclass(slots=True)
class LossBook:
    """Who is to be told what."""

    _losses: dict[str, Loss] = field(default_factory=dict)
    _told_s: dict[str, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Return whether there is something to tell."""
        return bool(self._losses)

    def note(self, destination: str, records: Mapping[int, int], since_ns: int, until_ns: int, *, now_s: float) -> None:
        """Count records that were not shown, by severity."""
        loss = self._losses.setdefault(destination, Loss(now_s, now_s, since_ns, until_ns))
        loss.latest_s = now_s
        loss.since_ns = min(loss.since_ns, since_ns)
        loss.until_ns = max(loss.until_ns, until_ns)
        for severity, count in records.items():
            loss.records[int(severity_range(severity))] += count

    def due(self, now_s: float, *, has_room: bool) -> Mapping[str, Loss]:
        """Return what is to be told now, by destination, and begin anew.

        Args:
            now_s: monotonic.
            has_room: whether the queue is full no more.
        """
        return self._take(
            [name for name, loss in self._losses.items() if self._is_due(name, loss, now_s, has_room=has_room)], now_s
        )

    def rest(self, now_s: float) -> Mapping[str, Loss]:
        """Return all that was not told yet: it is the end."""
        return self._take(list(self._losses), now_s)

    def _take(self, names: list[str], now_s: float) -> Mapping[str, Loss]:
        self._told_s.update(dict.fromkeys(names, now_s))
        return {name: self._losses.pop(name) for name in names}

    def _is_due(self, name: str, loss: Loss, now_s: float, *, has_room: bool) -> bool:
        told_s = self._told_s.get(name)
        if told_s is not None and now_s < told_s + INTERVAL_S:
            return False
        return now_s >= loss.begun_s + LONGEST_S or (has_room and now_s >= loss.latest_s + QUIET_S)


def title_of(loss: Loss) -> str:
    """Return ``12 records were not shown: queue full``."""
    return f"{'1 record was' if loss.count == 1 else f'{loss.count:,} records were'} not shown: queue full"


def notice(loss: Loss) -> Message:
    """Return the message. Nobody is pinged, and nothing of the records is repeated: they are gone."""
    parts = [
        f"{severity_emoji(severity)} {records:,} {severity_range(severity).name}"
        for severity, records in sorted(loss.records.items(), reverse=True)
    ]
    lines = [
        " · ".join(parts),
        _when(loss),
        "Send less (`min_severity`, a filter) or give the queue more room (`queue_size`).",
    ]
    return Message(
        embeds=(
            Embed(
                title=f"⚠️ {title_of(loss)}",
                description="\n".join(line for line in lines if line),
                color=AMBER,
                footer=EmbedFooter("otel-discord · at most one such notice in 10 minutes"),
            ),
        )
    )


def _when(loss: Loss) -> str:
    took_ns = loss.until_ns - loss.since_ns
    style = "t" if took_ns < _SAME_DAY_NS else "f"
    first, last = timestamp(loss.since_ns, style), timestamp(loss.until_ns, style)
    if not first or not last:
        return ""
    return f"at {last}" if took_ns < _SAME_MINUTE_NS else f"from {first} to {last}"
