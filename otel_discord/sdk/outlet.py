"""What an exporter or a handler of an application holds: takes records from any thread and returns at once.

Nothing here waits for Discord, and nothing raises into the application: what goes wrong is one line of the log.
"""

import logging
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from otel_discord.sdk import exits, processes
from otel_discord.sdk.buffer import Buffer
from otel_discord.sdk.ours import is_ours
from otel_discord.sdk.own_logging import show_own_logs
from otel_discord.sdk.sender import the_sender
from otel_discord.sdk.spool import has_left
from otel_discord.sdk.turns import shorter_turns

if TYPE_CHECKING:
    from otel_discord.sdk.pending import Pending
    from otel_discord.sdk.settings import SdkSettings
    from otel_discord.sdk.snapshot import Snapshot

_log: Final = logging.getLogger("otel_discord.sdk")

_MOST_ASIDE: Final = 1_000
_LAST_LOOK_S: Final = 0.25
"""After the deadline of an end, for the sender to say that it is done."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What the sender has to do next for an outlet."""

    items: list[Any]
    """Snapshots; or whatever else the outlet takes, see :class:`~otel_discord.sdk.pending.Pending`."""
    losses: Any
    flushes: tuple[threading.Event, ...]
    """To be set when everything taken so far is in Discord; only given where nothing waits any more."""
    is_last: bool
    """Nothing comes any more."""


class Outlet:
    """A bounded buffer, and the sender that empties it.

    Args:
        settings: where to, and how much may wait.
        name: of the exporter, for the log: ``discord`` or ``discord/<name>``.
        pending: makes what items wait in, if they are no records (:meth:`put`).
        connectors: those that such items go through, type → section of the configuration.
    """

    _buffer: "Pending"
    _flushes: list[threading.Event]
    _ended: threading.Event
    _is_awake: bool
    """Whether the sender knows that there is something to do."""
    _is_inside: bool
    """Whether the buffer is being changed, or was when an exception came in between; then records are put aside."""
    _has_begun: bool
    """Whether the sender has ever looked."""

    def __init__(
        self,
        settings: "SdkSettings",
        *,
        name: str = "discord",
        pending: "Callable[[], Pending] | None" = None,
        connectors: Mapping[str, Any] | None = None,
    ) -> None:
        self.settings = settings
        self.name = name
        self.connectors: Mapping[str, Any] = connectors or {}
        self._new_buffer = pending or (lambda: Buffer(settings.max_records, settings.max_bytes))
        self.floor = settings.min_severity or 0
        """Records below this severity number are shown nowhere; 0 while that is not known."""
        self._is_inert = False
        self._is_closed = False
        self._is_abandoned = False
        self._ends_with_interpreter = False
        self._close_at_s: float | None = None
        self._forget()
        show_own_logs()
        processes.watch(self)
        exits.at_end(_get_ready)
        if exits.THREADS_START_NO_LONGER and settings.section:
            the_sender().get_ready()
        self._look_for_spool()

    @classmethod
    def inert(cls, reason: str, *, name: str = "discord") -> "Outlet":
        """Say why nothing will be sent, once, and return an outlet that takes and forgets."""
        from otel_discord.sdk.settings import SdkSettings

        outlet = cls(SdkSettings(section={}, spool_directory=""), name=name)
        outlet.give_up(reason)
        return outlet

    # ------------------------------------------------------------------------------------- the application's threads

    @staticmethod
    def is_ours() -> bool:
        """Return whether the current thread is the sender's: what is logged there is not to be sent."""
        return is_ours()

    @property
    def is_inert(self) -> bool:
        """Whether records are forgotten, since something is wrong with the settings."""
        return self._is_inert

    @property
    def is_closed(self) -> bool:
        """Whether it has been shut down."""
        return self._is_closed

    def offer(self, snapshot: "Snapshot") -> None:
        """Take a record. Returns at once; where there is no room, the least important one goes, counted."""
        if snapshot.severity >= self.floor:
            self.put(snapshot)

    def put(self, item: Any) -> None:
        """Take what there is to take. Returns at once."""
        if self._is_closed or self._is_inert:
            return
        if os.getpid() != self._process:
            processes.begin_in_child()
        if is_ours():
            return
        try:
            with self._lock:
                if self._is_inside:
                    self._aside.append(item)
                else:
                    self._is_inside = True
                    self._buffer.put(item)
                    self._is_inside = False
                wakes, self._is_awake = not self._is_awake, True
            if wakes and not the_sender().wake(self):
                self._is_awake = False  # no thread could be started: the next record tries again, or the end does
        except BaseException as error:
            self._mend()
            self._is_awake = False  # perhaps it is not: the next record wakes it again
            if not isinstance(error, Exception):  # a signal's handler has raised it, for the application
                raise
            _log.error("a record was not taken: %s", type(error).__name__)

    def _mend(self) -> None:
        with self._lock:
            if self._is_inside:  # nobody is any more: an exception of a signal's handler came in between
                self._buffer = self._buffer.mended()
                self._is_inside = False

    def _look_for_spool(self) -> None:
        """Wake the sender if an earlier run has left something: it need not wait for the next error."""
        directory = self.settings.spool_directory
        if self._is_inert or not directory:
            return
        if has_left(directory):
            with self._lock:
                self._is_awake = True
            the_sender().wake(self)

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything taken so far is in Discord, or has ended; return whether it is.

        On the sender's own thread, where waiting would never end, and once closed it returns at once.
        """
        if self._is_closed or self._is_inert:
            return True
        if os.getpid() != self._process:
            processes.begin_in_child()
        with self._lock:
            if not self._has_begun and not len(self._buffer):
                return True
            done = threading.Event()
            self._flushes.append(done)
            self._is_awake = True
        if is_ours():
            return False
        the_sender().wake(self, hurry=True)
        return done.wait(max(0.0, timeout_s))

    def shutdown(self, timeout_s: float | None = None) -> bool:
        """Send what is left until the deadline, keep the rest in the spool, and end; return whether it ended in time.

        ``timeout_s``: the settings' own if it is shorter, or not given. A second call returns at once.
        """
        if os.getpid() != self._process:
            processes.begin_in_child()
        with self._lock:
            if self._is_closed:
                return self._ended.is_set()
            self._is_closed = True
            if self._is_inert or not (self._has_begun or self._is_awake or len(self._buffer)):
                self._ended.set()
                return True
            most_s = self.settings.shutdown_timeout_s
            budget_s = most_s if timeout_s is None else min(most_s, max(0.0, timeout_s))
            self._close_at_s = min(time.monotonic() + budget_s, self._end_of_others_s())
            self._is_awake = True
        if is_ours():
            return False
        with shorter_turns():
            the_sender().wake(self, hurry=True)
            try:
                self._wait_for_the_end(self._close_at_s + _LAST_LOOK_S)
            finally:
                self._is_abandoned = not self._ended.is_set()
        if self._is_abandoned:
            _log.error("the sender did not end within %g s; what it still had is lost", budget_s)
            return False
        return True

    def _end_of_others_s(self) -> float:
        """Return by when those that send to the same place end with the interpreter: all of them have one time."""
        self._ends_with_interpreter = exits.interpreter_is_ending()
        if not self._ends_with_interpreter:
            return math.inf
        others = [each for each in processes.outlets() if each.settings.section == self.settings.section]
        ends_s = [each.close_at_s for each in others if each._ends_with_interpreter]  # noqa: SLF001 - of its own class
        return min((each for each in ends_s if each is not None), default=math.inf)

    def _wait_for_the_end(self, until_s: float) -> None:
        """Wait; one interruption (Ctrl-C again, SIGTERM with ``sys.exit``) is heard when the time is over, the next
        one at once: half sent and nowhere written down is the worst of all ends."""
        try:
            self._ended.wait(max(0.0, until_s - time.monotonic()))
        except BaseException:
            self._ended.wait(max(0.0, until_s - time.monotonic()))
            raise

    # ---------------------------------------------------------------------------------------------- the sender's side

    @property
    def is_abandoned(self) -> bool:
        """Whether the interpreter ends and nobody waits any more: who writes to stderr now may abort the process."""
        return self._is_abandoned and exits.interpreter_is_ending()

    @property
    def close_at_s(self) -> float | None:
        """``time.monotonic()`` by which it should be over; None while it goes on."""
        return self._close_at_s

    @property
    def is_hurried(self) -> bool:
        """Whether somebody waits for it to be empty."""
        return bool(self._flushes) or self._close_at_s is not None

    def take(self, most: int) -> Taken:
        """Return what comes next; where nothing does, the next record wakes the sender again."""
        with self._lock:
            self._has_begun = True
            self._mend()
            while self._aside:
                self._buffer.put(self._aside.popleft())
            items = self._buffer.take(most)
            losses = self._buffer.take_losses()
            flushes: tuple[threading.Event, ...] = ()
            if not items:
                flushes = tuple(self._flushes)
                self._flushes.clear()
                self._is_awake = False
            return Taken(items, losses, flushes, is_last=self._is_closed and not items)

    def give_up(self, reason: str) -> None:
        """Say why nothing can be sent, and forget what waits and what comes."""
        with self._lock:
            lost = self._buffer.let_go()
            self._is_inert = True
            flushes = list(self._flushes)
        lost_words = f" ({lost} {self._buffer.unit} so far)" if lost else ""
        _log.error("nothing is sent to Discord: %s%s", reason, lost_words)
        for each in flushes:
            each.set()

    def ended(self) -> None:
        """Say that the sender has done what it could."""
        for each in self._flushes:
            each.set()
        self._ended.set()

    def forget_parent(self) -> None:
        """Begin anew in a forked child: what waits is the parent's to send, and so is its sender."""
        self._abandoned = (self._buffer, self._flushes, self._ended)
        self._forget()

    def _forget(self) -> None:
        self._process = os.getpid()
        # Reentrant, since a signal's handler or a finaliser may log on a thread that is just in here, or raise: records
        # are put aside then until the buffer is in order again.
        self._lock = threading.RLock()
        self._is_inside = False
        self._aside: deque[Any] = deque(maxlen=_MOST_ASIDE)
        self._buffer = self._new_buffer()
        self._flushes = []
        self._ended = threading.Event()
        self._is_awake = False
        self._has_begun = False


def _get_ready() -> None:
    """At the first moment of the interpreter's end: have a thread where a record may still come."""
    if any(not (outlet.is_closed or outlet.is_inert) for outlet in processes.outlets()):
        the_sender().get_ready()
