"""An event loop whose clock jumps over waits, and that has no network: hours of pacing and folding in an instant."""

import asyncio
import selectors
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final, TypeVarTuple

Ts = TypeVarTuple("Ts")

_REAL_WAIT_S: Final = 0.02
_PATIENCE_S: Final = 10.0
"""Real time that the clock waits for a thread before it goes on without it."""
_THREAD_PREFIX: Final = "otel-discord-"


class NoNetworkError(OSError):
    """Somebody asked for a connection."""


class _Jumping(selectors.DefaultSelector):
    """Waits only while a thread is at work; else the time that would pass is said to have passed."""

    busy: Callable[[], bool] = staticmethod(lambda: False)
    passed: Callable[[float], None] = staticmethod(lambda _: None)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if found or (timeout is not None and timeout <= 0):
            return found
        if timeout is None or self.busy():
            return super().select(_REAL_WAIT_S if timeout is None else min(timeout, _REAL_WAIT_S))
        self.passed(timeout)
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """``time()`` begins at 0. Work in threads takes its real time, in which the clock stands still."""

    def __init__(self) -> None:
        selector = _Jumping()
        self._now_s = 0.0
        self._in_threads = 0
        self._waits_since_s: float | None = None
        selector.busy = self._is_busy
        selector.passed = self._pass
        super().__init__(selector)

    def time(self) -> float:
        """Return the seconds that have passed here."""
        return self._now_s

    def _pass(self, seconds: float) -> None:
        self._now_s += seconds
        self._waits_since_s = None

    def _is_busy(self) -> bool:
        """Return whether threads of components are at work; one that hangs is waited for no longer than patience."""
        own = any(each.name.startswith(_THREAD_PREFIX) and each.daemon for each in threading.enumerate())
        if not self._in_threads and not own:
            return False
        now_s = time.monotonic()
        if self._waits_since_s is None:
            self._waits_since_s = now_s
        return now_s - self._waits_since_s < _PATIENCE_S

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], Any], *args: *Ts) -> asyncio.Future[Any]:
        """Run in a thread; the clock waits for it."""
        future: asyncio.Future[Any] = super().run_in_executor(executor, func, *args)
        self._in_threads += 1
        future.add_done_callback(self._thread_ended)
        return future

    def _thread_ended(self, _: asyncio.Future[Any]) -> None:
        self._in_threads -= 1

    async def create_connection(self, *_: Any, **__: Any) -> Any:
        """Refuse."""
        raise NoNetworkError("a preview opens no connection")

    async def create_server(self, *_: Any, **__: Any) -> Any:
        """Refuse."""
        raise NoNetworkError("a preview listens on nothing")

    async def create_datagram_endpoint(self, *_: Any, **__: Any) -> Any:
        """Refuse."""
        raise NoNetworkError("a preview opens no connection")

    async def create_unix_connection(self, *_: Any, **__: Any) -> Any:
        """Refuse."""
        raise NoNetworkError("a preview opens no connection")

    async def create_unix_server(self, *_: Any, **__: Any) -> Any:
        """Refuse."""
        raise NoNetworkError("a preview listens on nothing")

    async def sock_connect(self, *_: Any, **__: Any) -> None:
        """Refuse."""
        raise NoNetworkError("a preview opens no connection")

    async def getaddrinfo(self, *_: Any, **__: Any) -> Any:
        """Refuse."""
        raise NoNetworkError("a preview resolves no name")
