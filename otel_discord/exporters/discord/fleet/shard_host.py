"""The house as one shard's engine sees it: what it keeps is gone with the seat, its status is one among others."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar, cast

from otel_discord.component import Host, Status

T = TypeVar("T")

_OF_THE_PROCESS: Final = frozenset({"evidence", "process"})
"""What is kept that belongs to nobody's seat: what this process has seen go by, and which one it is."""
_SEVERE: Final = (Status.OK, Status.RECOVERABLE, Status.PERMANENT)
"""From the best to the worst."""


@dataclass(slots=True)
class StatusOfAll:
    """Of one exporter: what is reported of it is the worst that one of its shards says."""

    host: Host
    _told: dict[int, tuple[Status, str]] = field(default_factory=dict)
    _last: tuple[Status, str] | None = None

    def report(self, shard: int, status: Status, error: str) -> None:
        """Hear of one shard. What is none of well and ill (the end of the service) is passed on."""
        if status not in _SEVERE:
            self.host.report_status(status, error=error)
            return
        self._told[shard] = status, error
        self._tell()

    def forget(self, shard: int) -> None:
        """Another process works on it."""
        if self._told.pop(shard, None) is not None:
            self._tell()

    def _tell(self) -> None:
        worst = max((status for status, _ in self._told.values()), key=_SEVERE.index, default=Status.OK)
        words = [error for _, (status, error) in sorted(self._told.items()) if status is worst and error]
        said = worst, "; ".join(dict.fromkeys(words))
        if said != self._last:
            self._last = said
            self.host.report_status(worst, error=said[1])


@dataclass(slots=True)
class ShardHost:
    """Of one seat, a :class:`~otel_discord.component.host.Host`."""

    host: Host
    shard: int
    statuses: StatusOfAll
    deadline_s: float | None = None
    """Loop time by which its engine should have ended; None while it works."""
    hands_over: bool = False
    """Whether somebody follows at once, here or elsewhere."""
    _kept: dict[str, object] = field(default_factory=dict)

    @property
    def drain_deadline_s(self) -> float | None:
        """Its own, or the service's where that is earlier."""
        return min((each for each in (self.deadline_s, self.host.drain_deadline_s) if each is not None), default=None)

    def kept(self, key: str, make: Callable[[], T]) -> T:
        """Return what is kept as long as the seat is."""
        if key in _OF_THE_PROCESS:
            return self.host.kept(key, make)
        if key not in self._kept:
            self._kept[key] = make()
        return cast("T", self._kept[key])

    def extension(self, component_id: str, protocol: type[T]) -> T:
        """As the service's; raises StartError."""
        return self.host.extension(component_id, protocol)

    def report_status(self, status: Status, component: str = "", error: str = "") -> None:
        """Note how the shard fares; a component that is named is another one."""
        if component:
            self.host.report_status(status, component, error)
            return
        self.statuses.report(self.shard, status, error)
