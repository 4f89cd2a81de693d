"""Notices in the loop that the thread does not answer: a disk that hangs gives no error."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

PATIENCE_S: Final = 10.0
"""A disk may take its time; a work that waits for longer says that it hangs."""
_EVERY_S: Final = 1.0


class StallWatch:
    """Looks at the oldest of those who wait. ``since`` has the loop time at which each began to wait, in order."""

    def __init__(self, since: Mapping[Any, float], on_change: Callable[[], None], patience_s: float) -> None:
        self._since = since
        self._on_change = on_change
        self._patience_s = patience_s
        self._timer: asyncio.TimerHandle | None = None
        self.stalled = False

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look about once a second until :meth:`stop`."""
        oldest = next(iter(self._since.values()), None)
        stalled = oldest is not None and loop.time() - oldest > self._patience_s
        if stalled is not self.stalled:
            self.stalled = stalled
            self._on_change()
        self._timer = loop.call_later(min(_EVERY_S, self._patience_s), self.start, loop)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
