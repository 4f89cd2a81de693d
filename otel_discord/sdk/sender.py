"""The background thread of a process: one, with one event loop, for all its exporters and handlers.

It starts with the first record and ends with the last outlet. Everything heavy is imported there.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from otel_discord.sdk.hands import Hand
from otel_discord.sdk.ours import working
from otel_discord.sdk.own_logging import guard_loggers, show_own_logs

if TYPE_CHECKING:
    from otel_discord.sdk.outlet import Outlet
    from otel_discord.sdk.sender_loop import SenderLoop

_log: Final = logging.getLogger("otel_discord.sdk")

GATHER_S: Final = 0.1
"""After the first record of a burst the sender sleeps so long: what it does takes turns with the application's threads
(there is one interpreter lock), which it should not while they are busy with an error."""

_READY_S: Final = 1.0
"""Longest wait at the end, or for whoever wants to be ready, until the threads beside the sender's stand."""


class Sender:
    """Starts its thread when it is woken, and ends it when all outlets have ended."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._bell: queue.SimpleQueue[bool] = queue.SimpleQueue()
        """Rung while there is no loop, with True where somebody waits. Not an Event: a signal's handler may ring while
        its own thread does."""
        self._is_ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: SenderLoop | None = None
        self._known: list[Outlet] = []
        self.importing = threading.RLock()
        """Held while modules are imported: a child forked meanwhile would find them half there, for ever."""

    # ------------------------------------------------------------------------------------------------- any thread

    def get_ready(self) -> None:
        """Start the threads, which sleep until there is work; where that is too late, :meth:`wake` does without."""
        with self._lock:
            is_started = self._start()
        if is_started:
            self._is_ready.wait(_READY_S)

    def call(self, function: Callable[[], None]) -> bool:
        """Have the loop call a function between two steps; return False where there is no loop."""
        with self._lock:
            if self._loop is None:
                return False
            self._loop.call_soon_threadsafe(function)
            return True

    @property
    def has_thread(self) -> bool:
        """Whether the thread was started and has not ended."""
        return self._thread is not None

    def wake(self, outlet: "Outlet", *, hurry: bool = False) -> bool:
        """Have an outlet looked at; ``hurry`` where somebody waits for it. False where no thread can be started now."""
        with self._lock:
            if outlet not in self._known:
                self._known.append(outlet)
            is_started = self._start()
            loop = self._loop
            if loop is not None:
                loop.call_soon_threadsafe(loop.look)
            else:
                self._bell.put(hurry)
        if not is_started and hurry:
            self._run_here()
        return is_started

    # -------------------------------------------------------------------------------------------------- its thread

    @property
    def loop(self) -> "SenderLoop | None":
        """The loop while it runs."""
        return self._loop

    def known(self) -> "list[Outlet]":
        """Return the outlets that have something to send and have not ended."""
        with self._lock:
            return list(self._known)

    def know(self, outlet: "Outlet") -> None:
        """Let an outlet that has nothing yet be looked at with the others; on the sender's thread."""
        with self._lock:
            if outlet not in self._known:
                self._known.append(outlet)

    def forget(self, outlet: "Outlet") -> bool:
        """Let go of an outlet that has ended; return whether the thread has nothing more to do."""
        with self._lock:
            self._known = [each for each in self._known if each is not outlet]
            return not self._known

    def _start(self) -> bool:
        if self._thread is not None:
            return True
        thread = threading.Thread(target=lambda: self._run(thread), name="otel-discord", daemon=True)
        try:
            self._thread = thread  # before it starts: meanwhile a signal's handler may come here again
            thread.start()
        except BaseException as error:
            self._thread = None
            if isinstance(error, RuntimeError):  # the interpreter ends, or there are too many threads
                return False
            raise  # a signal's handler has raised it, for the application
        return True

    def _run(self, me: threading.Thread) -> None:
        with self._lock:
            if self._thread is not me:  # its start was interrupted, and another one takes its place
                return
        with working():
            hands = _hands()
            for hand in hands:  # now: by the time that they are needed the interpreter may let no thread start any more
                hand.start()
            self._is_ready.set()
            while True:
                self._gather()
                self._serve(*hands)
                with self._lock:
                    if not self._known:
                        self._thread = None
                        self._is_ready.clear()
                        break
                    self._bell.put(True)
            for hand in hands:
                hand.stop()

    def _gather(self) -> None:
        """Wait for the first record, and then for more, unless somebody waits."""
        with suppress(queue.Empty):
            if self._bell.get():
                return
            until_s = time.monotonic() + GATHER_S
            while not self._bell.get(timeout=max(0.0, until_s - time.monotonic())):
                pass

    def _run_here(self) -> None:
        """No thread can be started any more: whoever waits for the end does the work."""
        with working():
            self._serve(*_hands())

    def _serve(self, resolver: Hand, worker: Hand) -> None:
        try:
            show_own_logs()
            guard_loggers()
            with self.importing:
                import asyncio

                from otel_discord.sdk.sender_loop import SenderLoop
                from otel_discord.sdk.serving import serve

            def loop_factory() -> SenderLoop:
                return SenderLoop(resolver=resolver, worker=worker)

            with asyncio.Runner(loop_factory=loop_factory) as runner:
                loop = runner.get_loop()
                assert isinstance(loop, SenderLoop)  # noqa: S101 - of the factory above
                with self._lock:
                    self._loop = loop
                try:
                    runner.run(serve(self, loop))
                finally:
                    with self._lock:
                        self._loop = None
        except Exception as error:  # noqa: BLE001 - as in a broken installation
            _log.exception("the sender failed")
            for outlet in list(self._known):
                outlet.give_up(f"the sender failed: {type(error).__name__}")
                outlet.ended()
                self.forget(outlet)


def _hands() -> tuple[Hand, Hand]:
    return Hand("otel-discord names"), Hand("otel-discord files")


_current: list[Sender] = [Sender()]


def the_sender() -> Sender:
    """Return the sender of this process."""
    return _current[0]


def begin_anew() -> Sender:
    """Have another sender from now on (in a forked child, where the thread does not exist); return the one before."""
    before, _current[0] = _current[0], Sender()
    return before
