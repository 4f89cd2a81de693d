"""A bot's requests that fail at chosen places: before Discord has done it, after, or never back, as in a crash."""

import asyncio
from collections.abc import Callable
from typing import Any

from otel_discord.discord_api.bot.answers import Failed

CHANGES = (
    "create_channel",
    "edit_channel",
    "delete_channel",
    "create_webhook",
    "delete_webhook",
    "post",
    "edit_message",
    "start_thread",
)


class FaultyBot:
    """Passes requests on. ``plan(index, name)`` says what becomes of each one: ``before``, ``after`` (a failure that
    may have been done all the same), ``hang_before``, ``hang_after``, or an answer to give instead; None: all is well.
    """

    def __init__(self, api: Any, plan: Callable[[int, str], Any]) -> None:
        self._api = api
        self._plan = plan
        self.asked: list[str] = []
        self.hangs = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        async def request(*args: Any, **kwargs: Any) -> Any:
            self.asked.append(name)
            fault = self._plan(len(self.asked) - 1, name)
            if fault is None:
                return await getattr(self._api, name)(*args, **kwargs)
            if not isinstance(fault, str):
                return fault
            if fault in ("after", "hang_after"):
                await getattr(self._api, name)(*args, **kwargs)
            if fault.startswith("hang"):
                self.hangs.set()
                await asyncio.Event().wait()
            return Failed(ambiguous=True, detail="a fault of the test")

        return request
