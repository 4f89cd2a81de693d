"""What a storage promises to processes that reach Discord from one address: they share what Discord allows it.

Discord counts requests, and bans, by address. Each process uses a *share* of the rate, which it renews about every
second; what all of them may use together never exceeds the whole, also when one is paused, dies or is cut off: a share
that was not renewed in time is void, and whoever holds it stops before others may have it.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Claim:
    """What a process says when it renews its share."""

    using_per_s: float
    """The rate that it keeps to at this moment, 0 where it has no share that is valid."""
    wanted_per_s: float
    """The rate that it could make use of."""
    invalid: int
    """Answers of the last 10 minutes that Discord counts towards a ban of the address."""
    valid_s: float
    """For how long the share is to be valid."""


@dataclass(frozen=True, slots=True)
class Share:
    """What a process may use from now on."""

    granted_per_s: float
    """Where it is less than what is used now, the rest is others' only once a renewal says that it is not used."""
    invalid_elsewhere: int
    """Answers of the last 10 minutes, of the other processes."""
    ban_left_s: float | None
    """How long Discord's ban of the address holds still, as far as any process knows; 0 where its time is over and
    nobody has been answered since, None without a ban."""


class EgressAccount(Protocol):
    """One process' part of an address."""

    async def renew(self, claim: Claim) -> Share:
        """Claim a share; it is valid for ``claim.valid_s`` from the moment of this call on, if this returns.

        Raises:
            RetryableError: the storage is away; what was granted before stays valid as long as it was.
        """
        ...

    async def ban_left_s(self) -> float | None:
        """Return how long the address stays banned, as :attr:`Share.ban_left_s`; cheaper than to renew.

        Raises:
            RetryableError: the storage is away.
        """
        ...

    async def tell_ban(self, left_s: float | None) -> None:
        """Tell all processes of a ban, or of its end (None).

        Raises:
            RetryableError: the storage is away.
        """
        ...


@runtime_checkable
class SharesEgress(Protocol):
    """A storage extension through which processes share an address."""

    @property
    def is_shared(self) -> bool:
        """Whether several processes use it; if not, there is nothing to share."""
        ...

    def open_egress(self, endpoint: str, whole_per_s: float) -> AbstractAsyncContextManager[EgressAccount]:
        """Take part in the use of this process' address towards one endpoint.

        ``whole_per_s`` is what all may send together. Leaving frees the share at once.

        Raises:
            StartError: the storage is not open.
        """
        ...
