"""What a component offers that ``validate --online`` can ask: do the addresses in its configuration answer?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class OnlineResult:
    """One address. ``name`` is the user's word for it; ``text`` is for a person and never holds a token."""

    name: str
    ok: bool
    text: str


@runtime_checkable
class OnlineCheck(Protocol):
    """Can look at the far side without sending anything. Called on a component whose lifespan is not entered."""

    async def check_online(self) -> Sequence[OnlineResult]:
        """Return a result for each address; what goes wrong is a result too, not an exception."""
        ...
