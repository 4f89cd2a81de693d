"""Wakes when something is due, and sees to it that runs go on: in order of time, also those that nobody finalized."""

import asyncio
from collections.abc import Callable
from typing import Final

from otel_discord.extensions.run_channels import life
from otel_discord.extensions.run_channels.bench import Bench
from otel_discord.extensions.run_channels.book import Book
from otel_discord.extensions.run_channels.carrier import Carrier
from otel_discord.extensions.run_channels.life import Policy
from otel_discord.extensions.run_channels.runs import Run, State

LONGEST_SLEEP_S: Final = 60.0
"""The wall clock may be set meanwhile."""
_PAUSE_S: Final = 0.2


class Sweeper:
    """Of one extension. ``may_carry`` says of which runs it is known what Discord has of them."""

    def __init__(
        self, bench: Bench, book: Book, carrier: Carrier, policy: Policy, may_carry: Callable[[Run], bool]
    ) -> None:
        self._bench = bench
        self._book = book
        self._carrier = carrier
        self._policy = policy
        self._may_carry = may_carry
        self._news = asyncio.Event()

    def look(self) -> None:
        """Something has changed: there may be something due earlier."""
        self._news.set()

    async def run(self) -> None:
        """Do what is due, until cancelled."""
        while True:
            self._news.clear()
            sleep_s = self.sweep()
            try:
                async with asyncio.timeout(sleep_s):
                    await self._news.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(_PAUSE_S)  # a hundred changes are one look

    def sweep(self) -> float:
        """Start what is due; return the seconds until the next look."""
        now_ms = self._bench.now_ms()
        next_ms = now_ms + int(LONGEST_SLEEP_S * 1000)
        due: list[tuple[int, int, str]] = []
        overdue = 0
        for run in self._book:
            overdue += life.is_overdue(run, now_ms, self._policy)
            if self._carrier.is_carried(run.run_id) or not self._may_carry(run):
                continue
            at_ms = life.due_at_ms(run, self._policy)
            if at_ms <= now_ms:
                due.append((run.expires_ms if run.state is not State.CLEANED else at_ms, run.created_ms, run.run_id))
            else:
                next_ms = min(next_ms, at_ms)
        self._bench.numbers.overdue = overdue
        for _, _, run_id in sorted(due):
            self._carrier.carry(run_id)
        return max(0.001, (next_ms - now_ms) / 1000)
