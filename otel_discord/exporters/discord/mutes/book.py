"""The mutes of one exporter: those of the configuration, and those that somebody has added. Pure; time is an argument.

Between two edges the same mutes hold, so a record costs nothing where none does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from otel_discord.exporters.discord.mutes.mute import STRENGTH, Action, Mute, Which, from_json, to_json
from otel_discord.exporters.discord.mutes.periods import FOREVER_NS, Once, Period
from otel_discord.ottl import LogItem

MAX_MUTES: Final = 1_000
"""That somebody has added."""


class Verdict(NamedTuple):
    """What becomes of a record at one destination; ``mute`` says by whose word."""

    action: Action | None = None
    mute: Mute | None = None


PASS: Final = Verdict()
"""Nothing holds it up."""


@dataclass(slots=True)
class MuteBook:
    """``critical_from`` is the lowest critical severity."""

    configured: Sequence[Mute] = ()
    critical_from: int = 21
    which_of: Callable[[tuple[str, ...], tuple[str, ...]], Which] = Which.of
    """Compiles matchers and conditions that were stored."""
    _added: dict[str, Mute] = field(default_factory=dict)
    _ended: dict[str, int] = field(default_factory=dict)
    """Configured mutes that were ended early, until when."""
    _active: tuple[Mute, ...] = ()
    _known_from_ns: int = 0
    _known_until_ns: int = 0

    # ------------------------------------------------------------------------------------------------------ asking

    def verdict(self, item: LogItem, now_ns: int, *, severity: int, destination: str = "") -> Verdict:
        """Return what becomes of a record of that severity (1 to 24) at a destination."""
        return strongest(self.matching(item, now_ns, severity), severity, destination, self.critical_from)

    def matching(self, item: LogItem, now_ns: int, severity: int) -> list[Mute]:
        """Return the mutes that hold now and mean a record."""
        return [mute for mute in self.active(now_ns) if mute.which.holds(item, severity)]

    def active(self, now_ns: int) -> Sequence[Mute]:
        """Return the mutes that hold now."""
        if not self._known_from_ns <= now_ns < self._known_until_ns:
            self._active = tuple(mute for mute in self.all() if self.period_at(mute, now_ns) is not None)
            self._known_from_ns, self._known_until_ns = now_ns, self.next_edge(now_ns)
        return self._active

    def period_at(self, mute: Mute, now_ns: int) -> Period | None:
        """Return the period of a mute that holds now, as far as it was not ended early."""
        return None if now_ns < self._ended.get(mute.id, 0) else mute.when.period_at(now_ns)

    def next_edge(self, now_ns: int) -> int:
        """Return the next instant at which another set of mutes may hold."""
        edges = [mute.when.next_edge(now_ns) for mute in self.all()]
        edges += [until_ns for until_ns in self._ended.values() if until_ns > now_ns]
        return min(edges, default=FOREVER_NS)

    def all(self) -> list[Mute]:
        """Return every mute: an added one in place of a configured one of the same id."""
        return [*(mute for mute in self.configured if mute.id not in self._added), *self._added.values()]

    def get(self, mute_id: str) -> Mute | None:
        """Return a mute by its id."""
        return next((mute for mute in self.all() if mute.id == mute_id), None)

    def is_added(self, mute_id: str) -> bool:
        """Return whether somebody has added it."""
        return mute_id in self._added

    # ---------------------------------------------------------------------------------------------------- changing

    def add(self, mute: Mute, now_ns: int) -> None:
        """Add a mute with one period, in place of an added one of the same id.

        Raises:
            ValueError: there are too many, or it would be over already.
        """
        if not isinstance(mute.when, Once) or mute.when.period.end_ns <= now_ns:
            raise ValueError("a mute needs a period that is not over")
        if mute.id not in self._added and sum(not is_over(each, now_ns) for each in self._added.values()) >= MAX_MUTES:
            raise ValueError(f"there are {MAX_MUTES:,} mutes already")
        self._added[mute.id] = mute
        self._ended.pop(mute.id, None)
        self._changed()

    def end(self, mute_id: str, now_ns: int) -> bool:
        """End a mute now: an added one for good, a configured one until its next period. False: it does not hold."""
        mute = self.get(mute_id)
        period = self.period_at(mute, now_ns) if mute is not None else None
        is_known = self._added.pop(mute_id, None) is not None
        self._changed()
        if mute is None or (period is None and not is_known):
            return False
        configured = next((each for each in self.configured if each.id == mute_id), None)
        its_period = configured.when.period_at(now_ns) if configured is not None else None
        if its_period is not None:
            self._ended[mute_id] = its_period.end_ns
        return True

    def clean(self, now_ns: int) -> list[Mute]:
        """Forget added mutes that are over; return them."""
        over = [mute for mute in self._added.values() if is_over(mute, now_ns)]
        for mute in over:
            del self._added[mute.id]
        self._ended = {mute_id: until_ns for mute_id, until_ns in self._ended.items() if until_ns > now_ns}
        if over:
            self._changed()
        return over

    # ----------------------------------------------------------------------------------------------------- storing

    def to_json(self) -> dict[str, Any]:
        """Return what was added and ended, as JSON can say it."""
        return {"added": [to_json(mute) for mute in self._added.values()], "ended": dict(self._ended)}

    def restore(self, stored: Mapping[str, Any]) -> int:
        """Know what an earlier run has stored; return how many mutes could not be read."""
        unreadable = 0
        for each in stored.get("added", ()):
            try:
                mute = from_json(each, self.which_of)
            except (ValueError, KeyError, TypeError):
                unreadable += 1
            else:
                self._added[mute.id] = mute
        known = {mute.id for mute in self.configured}
        self._ended = {
            str(mute_id): int(until_ns) for mute_id, until_ns in stored.get("ended", {}).items() if mute_id in known
        }
        self._changed()
        return unreadable

    def _changed(self) -> None:
        self._known_from_ns = self._known_until_ns = 0


def is_over(mute: Mute, now_ns: int) -> bool:
    """Return whether a mute has had its one period."""
    return isinstance(mute.when, Once) and mute.when.period.end_ns <= now_ns


def strongest(mutes: Iterable[Mute], severity: int, destination: str, critical_from: int) -> Verdict:
    """Return the word of the mute that counts at a destination; of equal ones the first."""
    is_critical = severity >= critical_from
    found = PASS
    for mute in mutes:
        if not mute.concerns(destination):
            continue
        action = mute.action_for(is_critical=is_critical, critical_from=critical_from)
        if found.action is None or STRENGTH.index(action) < STRENGTH.index(found.action):
            found = Verdict(action, mute)
    return found


def read_stored(value: bytes) -> Mapping[str, Any]:
    """Return stored JSON; empty where it cannot be read."""
    try:
        read = orjson.loads(value)
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}
