"""What goes on behind an open desk: the bot is found, then what an earlier run left, then what is due is done."""

import asyncio
from dataclasses import dataclass, field

from otel_discord.component.errors import StartError
from otel_discord.extensions.run_channels.bench import Bench
from otel_discord.extensions.run_channels.opening import FIRST_TRY_S
from otel_discord.extensions.run_channels.workshop import Workshop


@dataclass(slots=True)
class Work:
    """Of one lifetime of the extension. ``group`` owns all tasks; :meth:`run` enters it."""

    bench: Bench
    shop: Workshop
    group: asyncio.TaskGroup
    is_ready: bool = False
    """Whether it is known what Discord has, so that runs can be created."""
    _first_look: asyncio.Event = field(default_factory=asyncio.Event)

    async def found_in_time(self) -> bool:
        """Ask who the bot is; return whether Discord has said so within a start's patience.

        Raises:
            StartError: the token belongs to nobody.
        """
        try:
            async with asyncio.timeout(FIRST_TRY_S):
                return await self.shop.opening.find_bot()
        except TimeoutError:
            self.bench.logger.warning("Discord does not answer; runs can be created when it does")
            return False

    async def looked(self) -> None:
        """Return when what an earlier run left is known, or a start's patience is over."""
        try:
            async with asyncio.timeout(FIRST_TRY_S):
                await self._first_look.wait()
        except TimeoutError:
            self.bench.logger.warning("not all that an earlier run left is known yet; runs can be created when it is")

    async def run(self, *, is_found: bool) -> None:
        """Hold all tasks: cancelled, it ends them."""
        try:
            async with self.group:
                await self._live(is_found)
        except Exception:
            self.bench.logger.exception("the work on runs has ended; no run goes on before the next start")
            raise
        finally:
            self.is_ready = False

    async def _live(self, is_found: bool) -> None:
        backoff_s = 1.0
        while not is_found:
            await asyncio.sleep(backoff_s * (0.5 + 0.5 * self.bench.dice()))
            backoff_s = min(60.0, backoff_s * 2)
            try:
                is_found = await self.shop.opening.find_bot()
            except StartError as error:
                self.bench.tell_once("token", str(error))
        if self.bench.is_well("bot"):
            self.bench.logger.info("Discord has said who the bot is")
        left = await self.shop.opening.first_pass()
        while "" in left:  # not even the guilds are known
            await asyncio.sleep(backoff_s)
            left = await self.shop.opening.first_pass()
        self.is_ready = True
        self._first_look.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.shop.opening.go_on(left), name="guilds of runs")
            group.create_task(self.shop.sweeper.run(), name="what is due of runs")
            group.create_task(self.shop.rounds.run(), name="what runs still have")
            if self.shop.threads is not None:
                group.create_task(self.shop.threads.tidy(self.shop.book), name="threads of no run")
