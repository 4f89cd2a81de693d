"""What an exporter offers that can be told not to show some records for a while.

The front desk and the control socket know this and no exporter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from otel_discord.component.dead_letters import time_text


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRequest:
    """A silence to be. Times are nanoseconds of wall time."""

    id: str
    matchers: tuple[str, ...]
    """All have to hold; each text is one or several: ``service.name=shop, severity=~"warn.*"``."""
    ends_ns: int
    starts_ns: int = 0
    """0: now."""
    comment: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A silence as a person sees it. Times are nanoseconds of wall time."""

    id: str
    active: bool
    """False: it has not begun."""
    matchers: tuple[str, ...]
    starts_ns: int
    ends_ns: int
    silenced_records: int = 0
    """So far; a record that several silences mean is counted on the first."""
    comment: str = ""
    author: str = ""
    remark: str = ""
    """Where it does not hold as a person would expect, in words."""

    def to_json(self) -> dict[str, Any]:
        """Return it for JSON; what says nothing is left out."""
        fields: dict[str, Any] = {
            "id": self.id,
            "active": self.active,
            "matchers": list(self.matchers),
            "starts": time_text(self.starts_ns),
            "until": time_text(self.ends_ns),
            "silenced_records": self.silenced_records,
        }
        words = {"comment": self.comment, "author": self.author, "remark": self.remark}
        return fields | {name: text for name, text in words.items() if text}


@runtime_checkable
class KeepsSilences(Protocol):
    """A component with silences; each method raises RetryableError while it is not running."""

    async def add_silence(self, request: SilenceRequest) -> Silence:
        """Show nothing of what matches, from now or from its start until its end.

        Raises:
            PermanentError: the request cannot be carried out.
        """
        ...

    async def expire_silence(self, silence_id: str) -> Silence:
        """End a silence now, or forget one that has not begun; return what it was.

        Raises:
            PermanentError: there is none of that id.
        """
        ...

    async def silences(self) -> Sequence[Silence]:
        """Return the silences that hold or will."""
        ...
