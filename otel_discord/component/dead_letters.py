"""What an exporter offers that keeps records which it could not deliver: look at them, send them again, remove them.

The front desk and the control socket know this and no exporter.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, runtime_checkable

from otel_discord.component.host import Host
from otel_discord.component.storage import EVERY_LETTER, LetterFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One dead letter as a person reads it: texts are bounded and hold no token. ``time_ns`` is wall time."""

    id: int
    time_ns: int
    destination: str
    reason: str
    """The same word as the label ``reason`` of the metric of failed messages."""
    status: int = 0
    """HTTP status of the last answer; 0 where there was none."""
    code: int = 0
    """The far side's own code, 0 where it gave none."""
    words: str = ""
    """The far side's own words."""
    errors: tuple[str, ...] = ()
    """What it named in the message: ``embeds[0].title: Must be 256 or fewer in length.``"""
    attempts: int = 0
    severity: str = ""
    service: str = ""
    text: str = ""
    """The record's first words, on one line."""
    count: int = 1
    """How many records it stands for."""
    lost_attachments: tuple[str, ...] = ()
    """Files that were held in memory and are not kept."""

    def to_json(self) -> dict[str, Any]:
        """Return it for JSON: what a person wants to know first comes first; what says nothing is left out."""
        fields = {
            "time": time_text(self.time_ns),
            "destination": self.destination,
            "reason": self.reason,
            "status": self.status,
            "code": self.code,
            "discord": self.words,
            "errors": list(self.errors),
            "attempts": self.attempts,
            "severity": self.severity,
            "service": self.service,
            "text": self.text,
            "attachments_not_kept": list(self.lost_attachments),
        }
        return {name: value for name, value in fields.items() if value} | {"count": self.count, "id": self.id}


def time_text(time_ns: int) -> str:
    """Return wall time as ``2026-01-31T12:00:03.123456Z``; 1970 where the calendar ends."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    try:
        moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
    except (OverflowError, ValueError, OSError):
        moment = datetime.fromtimestamp(0, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRequest:
    """Which letters to send again, and where to."""

    chosen: LetterFilter = EVERY_LETTER
    to: str = ""
    """Another destination; empty: the letter's own."""
    dry_run: bool = False
    """Only count what would be sent."""
    wait_s: float = 60.0
    """How long without any news the end of those under way is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayState:
    """How far a replay has come. ``chosen`` = ``revived`` + ``left`` once all were looked at."""

    chosen: int = 0
    revived: int = 0
    """Letters that are cards again."""
    delivered: int = 0
    dead_again: int = 0
    left: int = 0
    """Letters that stay as they are; ``remarks`` say why."""
    remarks: tuple[str, ...] = ()
    by_destination: Mapping[str, int]
    """Letters by the destination that they go to."""
    done: bool = False

    @property
    def waiting(self) -> int:
        """Letters that are under way."""
        return self.revived - self.delivered - self.dead_again


class DeadLetters(Protocol):
    """The dead letters of one exporter."""

    def letters(
        self, chosen: LetterFilter = EVERY_LETTER, *, limit: int = 0, newest: bool = True
    ) -> AsyncIterator[Letter]:
        """Yield letters, oldest first: the ``limit`` newest (or oldest) of them, all with 0."""
        ...

    async def letter(self, letter_id: int) -> Mapping[str, Any] | None:
        """Return everything readable of one letter, as JSON can say it; None where there is none."""
        ...

    def replay(self, request: ReplayRequest) -> AsyncIterator[ReplayState]:
        """Send letters again; yield how far it has come, at last with ``done``.

        Who stops listening stops the replay: what is under way stays so, the rest stays a letter.

        Raises:
            RetryableError: another process is replaying these letters, or nothing here sends.
        """
        ...

    async def purge(self, chosen: LetterFilter) -> int:
        """Remove letters for good; return how many."""
        ...

    async def bury_lane(self, destination: str) -> int:
        """Make dead letters of what waits for a destination that is not configured any more; return how many.

        Raises:
            PermanentError: the destination is configured.
        """
        ...

    async def orphaned_lanes(self) -> Sequence[str]:
        """Return the destinations that records wait for, but that are not configured."""
        ...


@runtime_checkable
class KeepsDeadLetters(Protocol):
    """A component with dead letters."""

    def dead_letters(self) -> DeadLetters:
        """Return them, of a component whose lifespan is entered.

        Raises:
            RetryableError: it is not.
        """
        ...

    def dead_letters_at_rest(self, host: Host) -> AbstractAsyncContextManager[DeadLetters]:
        """Open them alone, of a component whose lifespan is not entered: nothing is sent, so nothing is replayed.

        Raises:
            StartError: on entering; somebody else has them open.
        """
        ...
