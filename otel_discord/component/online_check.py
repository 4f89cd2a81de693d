"""What a component offers that ``validate --online`` can ask: do the addresses in its configuration answer?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from otel_discord.component.host import Host


@dataclass(frozen=True, slots=True)
class OnlineResult:
    """One address. ``name`` is the user's word for it; ``text`` is for a person and never holds a token."""

    name: str
    ok: bool
    text: str
    fingerprint: str = ""
    """Tells one address from another and gives none away; "" where the component has none."""


@runtime_checkable
class OnlineCheck(Protocol):
    """Can look at the far side without sending anything."""

    async def check_online(
        self, host: Host | None = None, *, known: Collection[OnlineResult] = ()
    ) -> Sequence[OnlineResult]:
        """Return a result for each address; what goes wrong is a result too, not an exception.

        On a component whose lifespan is entered it also takes note of what it finds: an address that was given up and
        is there again is used again. With a ``host`` a component that is not open does the same in its storage, if
        the host has it.

        ``known`` is what a running component has just found. Where name and fingerprint are the same, it stands for a
        look of our own. It is passed only to a component whose results have fingerprints.
        """
        ...
