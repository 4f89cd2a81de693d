"""What several shards were asked to do and one has not been reached for: it is asked on in the background."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from otel_discord.component import PermanentError, RetryableError
from otel_discord.exporters.discord.fleet.asked_fleet_inquiry import Inquiry
from otel_discord.exporters.discord.fleet.questions import Method

OWED_S: Final = 600.0
"""So long is a shard asked that was not reached."""
OWED_EVERY_S: Final = 20.0
Later: TypeAlias = Callable[[Any, float], Any]
"""What is to be asked so many seconds later; None: nothing any more."""


def the_same(argument: Any, _: float) -> Any:
    """Return what was to be asked, however late it is."""
    return argument


@dataclass(frozen=True, slots=True)
class Owed:
    """``tasks`` run as long as the fleet is joined."""

    inquiry: Inquiry
    tasks: asyncio.TaskGroup
    _by_subject: dict[str, list[asyncio.Task[None]]] = field(default_factory=dict)

    def ask_on(
        self, subject: str, method: Method[Any, Any], arguments: Mapping[int, Any], later: Later = the_same
    ) -> None:
        """Ask shards on, each with its own argument; whatever else was owed of the same subject is no more."""
        self._forget(subject)
        if arguments:
            self._by_subject[subject] = [
                self.tasks.create_task(
                    self._ask_on(shard, method, argument, later), name=f"{method.name} is owed to shard {shard}"
                )
                for shard, argument in arguments.items()
            ]

    def let_be(self) -> None:
        """Ask for nothing any more."""
        for subject in list(self._by_subject):
            self._forget(subject)

    def _forget(self, subject: str) -> None:
        for task in self._by_subject.pop(subject, ()):
            task.cancel()

    async def _ask_on(self, shard: int, method: Method[Any, Any], argument: Any, later: Later) -> None:
        loop = asyncio.get_running_loop()
        first_s = loop.time()
        while (spent_s := loop.time() - first_s) < OWED_S:
            now = later(argument, spent_s)
            if now is None:
                return
            with suppress(RetryableError):
                with suppress(PermanentError):  # it has been done before, or cannot be
                    await self.inquiry.one(shard, method, now, OWED_EVERY_S)
                return
            await asyncio.sleep(max(0.0, first_s + spent_s + OWED_EVERY_S - loop.time()))
