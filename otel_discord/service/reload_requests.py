"""Who asks for a reload, and when one begins: never two at once, and a storm of requests is few reloads."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from otel_discord.service.reload_result import ReloadResult

STORM_S: Final = 1.0
"""A request so soon after a reload may be one of many: the next reload waits until they have ended."""
QUIET_S: Final = 0.2
LONGEST_STORM_S: Final = 2.0

STOPPED: Final = ReloadResult(ok=False, text="the service is shutting down")


class ReloadRequests:
    """Collects requests while a reload runs, and begins the next one for all of them."""

    def __init__(self, reload: Callable[[str], Awaitable[ReloadResult]]) -> None:
        """``reload`` takes the reasons as one text."""
        self._reload = reload
        self._asked = asyncio.Event()
        self._reasons: list[str] = []
        self._waiting: list[asyncio.Future[ReloadResult]] = []
        self._is_over = False
        self._last_asked_s = 0.0

    def request(self, reason: str) -> None:
        """Ask for a reload and do not wait for it."""
        if reason not in self._reasons:
            self._reasons.append(reason)
        self._last_asked_s = asyncio.get_running_loop().time()
        self._asked.set()

    async def result(self, reason: str) -> ReloadResult:
        """Ask for a reload, and return what came of one that began after this call."""
        if self._is_over:
            return STOPPED
        waiting: asyncio.Future[ReloadResult] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self.request(reason)
        return await waiting

    async def run(self) -> None:
        """Reload whenever asked, until :meth:`stop`."""
        loop = asyncio.get_running_loop()
        ended_s = float("-inf")
        try:
            while not self._is_over:
                await self._asked.wait()
                if not self._waiting and loop.time() - ended_s < STORM_S:
                    await self._storm_over()
                if self._is_over:
                    break
                self._asked.clear()
                reasons, self._reasons = self._reasons, []
                waiting, self._waiting = self._waiting, []
                try:
                    result = await self._reload(", ".join(reasons))
                finally:
                    self._waiting = waiting + self._waiting
                self._answer(waiting, result)
                ended_s = loop.time()
        finally:
            self._is_over = True
            self._answer(list(self._waiting), STOPPED)

    def stop(self) -> None:
        """Begin no further reload; the one that runs ends by itself."""
        self._is_over = True
        self._asked.set()

    async def _storm_over(self) -> None:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + LONGEST_STORM_S
        while not self._is_over and not self._waiting:
            left_s = min(self._last_asked_s + QUIET_S, until_s) - loop.time()
            if left_s <= 0:
                return
            await asyncio.sleep(left_s)

    def _answer(self, waiting: list[asyncio.Future[ReloadResult]], result: ReloadResult) -> None:
        for each in waiting:
            self._waiting.remove(each)
            if not each.done():
                each.set_result(result)
