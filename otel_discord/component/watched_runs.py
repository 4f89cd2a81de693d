"""What an extension that makes channels for runs offers to those who show the running service."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRun:
    """A run for the eye: no address, nothing that lets anybody do anything. Times are Unix nanoseconds, 0 for none."""

    name: str
    """Of its channel; its title where there is one."""
    state: str
    """``creating``, ``running``, ``finishing``, ``archived``, ``cleaning``."""
    outcome: str = ""
    """As the caller gave it."""
    steps: int = 0
    errors: int = 0
    last_step: str = ""
    started_ns: int = 0
    ended_ns: int = 0
    expires_ns: int = 0
    """When its channel goes."""


@runtime_checkable
class ShowsRuns(Protocol):
    """Has runs to show. Synchronous and quick."""

    def shown_runs(self, limit: int = 50) -> Sequence[ShownRun]:
        """Return those of which something is in Discord: first those that run, the newest first."""
        ...
