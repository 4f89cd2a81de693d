"""What an exporter offers whose messages can be held back for maintenance.

The front desk and the control socket know this and no exporter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from otel_discord.component.dead_letters import time_text


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceRequest:
    """Maintenance that begins now. What is empty is taken of a configured window of that name, where there is one."""

    name: str
    for_s: float
    matchers: tuple[str, ...] = ()
    """Which records, all of these: ``service.name=shop``, ``severity<ERROR``."""
    conditions: tuple[str, ...] = ()
    """The same in OTTL, one of these."""
    action: str = ""
    """hold, drop or no_ping."""
    destinations: tuple[str, ...] = ()
    critical: bool = False
    """What is critical is held or dropped as well."""
    comment: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceWindow:
    """One window as a person sees it. Times are nanoseconds of wall time, 0 where there is none."""

    name: str
    active: bool
    action: str
    records: str
    """Which records, in the user's words."""
    destinations: tuple[str, ...] = ()
    """Empty: all."""
    configured: bool = False
    """False: somebody has started it."""
    since_ns: int = 0
    until_ns: int = 0
    next_ns: int = 0
    """When it begins next."""
    held_problems: int = 0
    held_records: int = 0
    dropped_records: int = 0
    unpinged_records: int = 0
    comment: str = ""
    author: str = ""
    remark: str = ""
    """Where it does not hold as a person would expect, in words."""

    def to_json(self) -> dict[str, Any]:
        """Return it for JSON; what says nothing is left out."""
        fields: dict[str, Any] = {
            "name": self.name,
            "active": self.active,
            "action": self.action,
            "records": self.records,
            "destinations": list(self.destinations),
            "configured": self.configured,
        }
        times = {"since": self.since_ns, "until": self.until_ns, "next": self.next_ns}
        fields |= {name: time_text(time_ns) for name, time_ns in times.items() if 0 < time_ns < _FAR_NS}
        fields |= {
            "held_problems": self.held_problems,
            "held_records": self.held_records,
            "dropped_records": self.dropped_records,
            "unpinged_records": self.unpinged_records,
        }
        words = {"comment": self.comment, "author": self.author, "remark": self.remark}
        return fields | {name: text for name, text in words.items() if text}


_FAR_NS = 2**63 - 1


@runtime_checkable
class KeepsMaintenance(Protocol):
    """A component with maintenance windows; each method raises RetryableError while it is not running."""

    async def start_maintenance(self, request: MaintenanceRequest) -> MaintenanceWindow:
        """Begin maintenance now.

        Raises:
            PermanentError: the request cannot be carried out.
        """
        ...

    async def end_maintenance(self, name: str) -> MaintenanceWindow:
        """End maintenance now; return what it was, with what was held.

        Raises:
            PermanentError: none of that name is active.
        """
        ...

    async def maintenance_windows(self) -> Sequence[MaintenanceWindow]:
        """Return what is configured and what was started."""
        ...
