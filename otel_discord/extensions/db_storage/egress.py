"""An address that several processes share, in the database: rows that each renews, under the address' name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from otel_discord.component.egress import Claim, Share
from otel_discord.component.errors import RetryableError
from otel_discord.extensions.db_storage import egress_works
from otel_discord.extensions.db_storage.failures import component_error
from otel_discord.extensions.db_storage.transactor import FailedError, LateError, Transactor
from otel_discord.store.work import T, Work


class DbEgressAccount:
    """An :class:`~otel_discord.component.egress.EgressAccount` in PostgreSQL."""

    def __init__(self, transactor: Transactor, label: str, replica: str, whole_per_s: float) -> None:
        self._transactor = transactor
        self._label = label
        self._replica = replica
        self._whole_per_s = whole_per_s

    async def renew(self, claim: Claim) -> Share:
        """Claim a share.

        Raises:
            RetryableError: the database is away.
        """
        return await self._run(egress_works.renew_share(self._label, self._replica, claim, self._whole_per_s))

    async def ban_left_s(self) -> float | None:
        """Return how long the address stays banned.

        Raises:
            RetryableError: the database is away.
        """
        return await self._run(egress_works.ban_left_s(self._label))

    async def tell_ban(self, left_s: float | None) -> None:
        """Tell all of a ban, or of its end.

        Raises:
            RetryableError: the database is away.
        """
        await self._run(egress_works.tell_ban(self._label, left_s))

    async def free(self) -> None:
        """Give the share back, if the database is there; else it runs out."""
        with suppress(RetryableError):
            await self._run(egress_works.free_share(self._label, self._replica))

    async def _run(self, work: Work[T]) -> T:
        try:
            return await self._transactor.run(work)
        except FailedError as error:
            raise component_error(error.failure, error.why, work.name) from error
        except LateError:  # these works have no lease
            raise RetryableError(f"storage refused {work.name}") from None


@asynccontextmanager
async def open_db_egress(
    transactor: Transactor, label: str, replica: str, whole_per_s: float
) -> AsyncIterator[DbEgressAccount]:
    """Take part in an address as long as the block runs."""
    account = DbEgressAccount(transactor, label, replica, whole_per_s)
    try:
        yield account
    finally:
        await account.free()
