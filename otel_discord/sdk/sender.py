"""The background thread of a process: one, with one event loop, for all its exporters and handlers.

It starts with the first record and ends with the last outlet. Everything heavy is imported there.
"""

import logging
import threading
from collections.abc import Callable
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


class Sender:
    """Starts its thread when it is woken, and ends it when all outlets have ended."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._bell = threading.Event()
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: SenderLoop | None = None
        self._to_open: list[Outlet] = []
        self._known: list[Outlet] = []
        self.importing = threading.Lock()
        """Held while modules are imported: a child forked meanwhile would find them half there, for ever."""

    # ------------------------------------------------------------------------------------------------- any thread

    def get_ready(self) -> None:
        """Start the thread, which sleeps until it is woken; where that is too late, :meth:`wake` does without it."""
        with self._lock:
            self._start()

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
            if all(outlet is not each for each in self._known):
                self._known.append(outlet)
                self._to_open.append(outlet)
            is_started = self._start()
            loop = self._loop
            if loop is not None:
                loop.call_soon_threadsafe(loop.look)
        if hurry:
            self._hurry.set()
        self._bell.set()
        if not is_started and hurry:
            self._run_here()
        return is_started

    # -------------------------------------------------------------------------------------------------- its thread

    @property
    def loop(self) -> "SenderLoop | None":
        """The loop while it runs."""
        return self._loop

    def take_new(self) -> "list[Outlet]":
        """Return outlets that are to be opened."""
        with self._lock:
            new, self._to_open = self._to_open, []
            return new

    def forget(self, outlet: "Outlet") -> bool:
        """Let go of an outlet that has ended; return whether the thread has nothing more to do."""
        with self._lock:
            self._known = [each for each in self._known if each is not outlet]
            return not self._known

    def _start(self) -> bool:
        if self._thread is not None:
            return True
        hands = _hands()
        thread = self._thread = threading.Thread(target=self._run, args=hands, name="otel-discord", daemon=True)
        for hand in hands:  # now: by the time that they are needed the interpreter may let no thread start any more
            hand.start()
        try:
            thread.start()
        except RuntimeError:  # the interpreter ends, or there are too many threads
            for hand in hands:
                hand.stop()
            self._thread = None
            return False
        return True

    def _run(self, *hands: Hand) -> None:
        with working():
            while True:
                self._bell.wait()
                self._hurry.wait(GATHER_S)
                self._serve(*hands)
                with self._lock:
                    if not self._known:
                        self._thread = None
                        self._bell.clear()
                        self._hurry.clear()
                        break
            for hand in hands:
                hand.stop()

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
