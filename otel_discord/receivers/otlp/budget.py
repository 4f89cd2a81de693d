"""Memory that decoding may take over all requests at once: a semaphore counted in bytes.

Eight hostile requests at once then cost no more than one. Small requests pass by large ones that wait, so nobody
stands still behind a bomb; a large one that never finds room ends with its deadline, and its client tries again.
"""

import asyncio
import contextlib
from collections import deque
from typing import Final

_SMALL_SHARE: Final = 16
"""What takes less than a 16th of the budget does not queue behind what takes more."""


class MemoryBudget:
    """Bytes to be had and given back. A request larger than the budget waits for all of it."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._free_bytes = max_bytes
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    @property
    def taken_bytes(self) -> int:
        """Bytes handed out and not given back."""
        return self._max_bytes - self._free_bytes

    def try_take(self, size_bytes: int) -> int | None:
        """Take bytes at once and return what to give back, or None where there is no room."""
        share = min(size_bytes, self._max_bytes)
        if share > self._free_bytes or (self._waiting and share * _SMALL_SHARE > self._max_bytes):
            return None
        self._free_bytes -= share
        return share

    async def take(self, size_bytes: int, *, timeout_s: float) -> int | None:
        """Wait for bytes and return what to give back, or None where there was no room in time."""
        share = self.try_take(size_bytes)
        if share is not None:
            return share
        share = min(size_bytes, self._max_bytes)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = (turn, share)
        self._waiting.append(place)
        try:
            async with asyncio.timeout(timeout_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.give_back(share)  # it was handed out in the moment that the wait ended
            else:
                with contextlib.suppress(ValueError):  # already passed over
                    self._waiting.remove(place)
                self._hand_out()
            if isinstance(error, TimeoutError):
                return None
            raise
        return share

    def give_back(self, share: int) -> None:
        """Return bytes and let those waiting have them, in order."""
        self._free_bytes += share
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and (self._waiting[0][0].done() or self._waiting[0][1] <= self._free_bytes):
            turn, share = self._waiting.popleft()
            if not turn.done():
                self._free_bytes -= share
                turn.set_result(None)
