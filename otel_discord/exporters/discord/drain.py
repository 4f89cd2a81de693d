"""The end of an exporter: what is sent by when, and who is left to finish."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from otel_discord.component import WorkQueue
from otel_discord.exporters.discord.outbox import Outbox

LAST_LOOK_S: Final = 1.0
"""After the deadline: for cancelled outboxes to end."""
_LAST_SHARE: Final = 0.25
"""Of the time that there is: in it no message begins, so that the last one is not cut off and sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The tasks of a running exporter. ``senders`` run the outboxes of the same names."""

    queue: WorkQueue
    outboxes: Mapping[str, Outbox]
    routing: "asyncio.Task[None]"
    senders: Mapping[str, "asyncio.Task[None]"]
    others: Sequence["asyncio.Task[None]"] = ()

    async def drain(self, deadline_s: float, request_timeout_s: float) -> bool:
        """Take nothing in any more, send what can be sent, and end; return whether everything was routed.

        Args:
            deadline_s: loop time by which it should be over.
            request_timeout_s: the longest that a message in flight takes.
        """
        loop = asyncio.get_running_loop()
        left_s = max(0.0, deadline_s - loop.time())
        last_begin_s = deadline_s - min(request_timeout_s, left_s * _LAST_SHARE)
        self.queue.close()
        await asyncio.wait([self.routing], timeout=max(0.0, last_begin_s - loop.time()))
        for outbox in self.outboxes.values():
            outbox.drain()
        if self.senders:
            await asyncio.wait(self.senders.values(), timeout=max(0.0, last_begin_s - loop.time()))
        is_routed = self.routing.done()
        await self._stop(deadline_s)
        return is_routed

    async def hand_over(self, deadline_s: float) -> None:
        """Finish the messages in flight and end; everything else stays where the successor finds it."""
        await self._stop(deadline_s)

    async def abandon(self) -> None:
        """End at once, also in the middle of a message: somebody else does all of this already."""
        tasks = [task for task in (self.routing, *self.senders.values(), *self.others) if not task.done()]
        for task in tasks:
            task.cancel()
        await _ended(tasks, LAST_LOOK_S)

    async def _stop(self, deadline_s: float) -> None:
        loop = asyncio.get_running_loop()
        idle = [self.routing]
        for name, task in self.senders.items():
            self.outboxes[name].stop()
            if not self.outboxes[name].is_busy:
                idle.append(task)
        for task in idle:
            task.cancel()
        await _ended([self.routing, *self.senders.values()], max(0.0, deadline_s - loop.time()))
        unfinished = [task for task in (self.routing, *self.senders.values(), *self.others) if not task.done()]
        for task in unfinished:
            task.cancel()
        await _ended(unfinished, LAST_LOOK_S)


async def _ended(tasks: Sequence["asyncio.Task[None]"], timeout_s: float) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=timeout_s)
