"""The desk of one replica among several: carries requests out itself while it leads, and has them carried out by who
leads otherwise; tells from what it knows of the table where telemetry goes and which runs there are.

When who leads dies, the next one does what a restart does. What was asked for and not answered is asked of it: asking
twice for the same is no harm.
"""

import asyncio
from collections.abc import Collection, Coroutine
from contextlib import suppress
from typing import Final, TypeVar

from otel_discord.component.errors import ComponentError, ShutdownError
from otel_discord.extensions.run_channels.created import created
from otel_discord.extensions.run_channels.fleet.replica import ReplicaOfRuns
from otel_discord.extensions.run_channels.fleet.rows import CreateWish, FinalizeWish
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import Created, Finalized, NewRun, Page, Run
from otel_discord.extensions.run_channels.strangers import cleaned_stranger

_AGAIN_S: Final = 5.0
_BEHIND_S: Final = 3.0
"""Who asks through the table waits longer than who leads does."""

T = TypeVar("T")


class FleetDesk(ReplicaOfRuns):
    """A :class:`~otel_discord.extensions.run_channels.desk.RunDesk`; open it with ``async with``."""

    async def create(self, wanted: NewRun, *, by: str) -> Created:
        """Return the run's channel and webhook, made now or earlier, by whichever replica leads."""
        worker = self._worker
        if worker is not None and worker.is_ready:
            with suppress(ShutdownError):  # it leads no more
                return await self._while_it_leads(worker.create(wanted, by=by))
        await self._require_ready()
        answer = await self._asking.ask(CreateWish(wanted=wanted, by=by), self._config.request_timeout + _BEHIND_S)
        return created(self.book.get(answer.run_id), self._endpoint, is_new=answer.is_new)

    async def finalize(self, channel_id: str, *, outcome: str, by: str, guilds: Collection[str] = ()) -> Finalized:
        """End the run that has this channel."""
        worker = self._worker
        if worker is not None and worker.is_ready:
            with suppress(ShutdownError):
                return await self._while_it_leads(worker.finalize(channel_id, outcome=outcome, by=by, guilds=guilds))
        await self._require_ready()
        wish = FinalizeWish(channel_id=channel_id, outcome=outcome, by=by, guilds=tuple(guilds))
        answer = await self._asking.ask(wish, self._config.request_timeout + _BEHIND_S)
        run = self.book.get(answer.run_id)
        return Finalized(run=run or cleaned_stranger(channel_id), is_cleaned=run is None or answer.is_cleaned)

    def find(self, channel_id: str) -> Run:
        """Return one run, as it is known here.

        Raises:
            RunProblem: NOT_FOUND.
        """
        return self.book.find(channel_id)

    def page(self, *, guild_id: str = "", state: str = "", size: int = 50, token: str = "") -> Page:
        """Return runs, newest first, as they are known here."""
        return self.book.page(guild_id=guild_id, state=state, size=size, token=token)

    async def _while_it_leads(self, answering: Coroutine[None, None, T]) -> T:
        """Return the answer of this replica's worker.

        Raises:
            ShutdownError: it leads no more; whoever does is to be asked.
        """
        answer, over = asyncio.ensure_future(answering), asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait({answer, over}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise ShutdownError("this replica leads no more", reason="late")
            return answer.result()
        except RunProblem:
            if self._lead is not None and self._lead.certain_s > 0:
                raise
            raise ShutdownError("it is not certain that this replica leads", reason="late") from None
        finally:
            answer.cancel()
            over.cancel()
            await asyncio.wait({answer, over})

    async def _require_ready(self) -> None:
        if not self.is_ready:
            with suppress(ComponentError):
                await self._look()
        if not self.is_ready:
            raise RunProblem(
                Code.NOT_READY,
                "no replica works on runs now: the one that did has gone or is starting; another one does in a moment",
                retry_after_s=_AGAIN_S,
            )
