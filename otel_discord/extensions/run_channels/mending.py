"""Mends running runs of which somebody has deleted the webhook by hand; one without its channel is over."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from otel_discord.discord_api.bot.answers import Done, Failure, NotThere
from otel_discord.extensions.run_channels import life
from otel_discord.extensions.run_channels.bench import Bench, audit_reason
from otel_discord.extensions.run_channels.carrier import Act
from otel_discord.extensions.run_channels.keyed_locks import KeyedLocks
from otel_discord.extensions.run_channels.ledger import Ledger
from otel_discord.extensions.run_channels.outcome import UNKNOWN_CHANNEL, Refused, Waits
from otel_discord.extensions.run_channels.problems import RunProblem
from otel_discord.extensions.run_channels.runs import Placement, Run, State

LOOK_S: Final = 5.0
"""A Discord that says nothing for so long does not hold up who asks: the run is taken to be as it was."""


@dataclass(slots=True, kw_only=True)
class Mender:
    """Of one extension."""

    bench: Bench
    ledger: Ledger
    make_webhook: Act
    """Looks for another webhook of the bot's, and makes one."""
    over: Callable[[Run], None]
    """Is told of runs that have ended."""
    _locks: KeyedLocks = field(default_factory=KeyedLocks)

    async def look(self, run_id: str) -> RunProblem | None:
        """Look at a run once, if it runs, and mend it; return why it cannot be, None also where Discord does not say.

        Raises:
            RetryableError: the storage cannot store it now.
        """
        async with self._locks.hold(run_id):
            run = self.ledger.get(run_id)
            if run is None or run.state is not State.RUNNING:
                return None
            found = await self._has_webhook(run)
            if isinstance(found, NotThere) and found.code == UNKNOWN_CHANNEL:
                await self._end(run)
            elif isinstance(found, Done) and not found.value:
                return await self._mend(run)
            elif isinstance(found, Done):
                self.bench.is_well(_subject(run))
            return None

    async def _has_webhook(self, run: Run) -> Done[bool] | Failure | None:
        """Return whether the run's webhook is there, or that its channel is not; None where Discord does not answer."""
        try:
            async with asyncio.timeout(LOOK_S):
                if run.placement is not Placement.CHANNEL:
                    thread = await self.bench.api.channel(run.channel_id)
                    if not isinstance(thread, Done):
                        return thread
                of_threads = run.placement is not Placement.CHANNEL
                listed = await self.bench.api.webhooks(run.category_id if of_threads else run.channel_id)
        except TimeoutError:
            return None
        if not isinstance(listed, Done):
            return listed
        return Done(any(webhook.id == run.webhook_id for webhook in listed.value))

    async def _mend(self, run: Run) -> RunProblem | None:
        made = await self.make_webhook(run)
        if isinstance(made, Waits | Refused):
            self.bench.tell_once(
                _subject(run),
                "a run's webhook is gone and cannot be made anew now",
                run=run.run_id,
                why=str(made.problem),
            )
            return made.problem
        new = made(run)
        now = await self.ledger.change(
            run.run_id,
            lambda now: made(now) if now.state is State.RUNNING and now.webhook_id == run.webhook_id else now,
        )
        if now is None or now.webhook_id != new.webhook_id:  # it has ended meanwhile
            if run.placement is Placement.CHANNEL:
                await self.bench.api.delete_webhook(new.webhook_id, reason=audit_reason(run))
            return None
        self.bench.is_well(_subject(run))
        self.bench.numbers.mended("webhook")
        self.bench.logger.warning(
            "a run's webhook was deleted by somebody else; it has a new one",
            extra={"run": run.run_id, "channel": run.channel_id},
        )
        return None

    async def _end(self, run: Run) -> None:
        now_ms = self.bench.now_ms()
        ended = await self.ledger.change(run.run_id, lambda now: life.cleaned(now, now_ms))
        if ended is not None:
            self.over(ended)
        self.bench.is_well(_subject(run))
        self.bench.numbers.mended("channel")
        self.bench.logger.warning(
            "a run's channel was deleted by somebody else; the run is over",
            extra={"run": run.run_id, "channel": run.channel_id},
        )


def _subject(run: Run) -> str:
    return f"webhook of {run.run_id}"
