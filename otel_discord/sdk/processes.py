"""Forks and the ends of child processes.

A forked child has a copy of what waits and none of the threads: it begins anew, and what waits stays its parent's to
send. While the process forks, the sender stands still, so that the child inherits nothing that is half done. A child
of ``multiprocessing`` ends without ``atexit``, so there the end is announced in multiprocessing's own way.
"""

import gc
import os
import sys
import threading
import weakref
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from otel_discord.sdk.half_imported import forget_half_imported
from otel_discord.sdk.ours import forget_parent, is_ours
from otel_discord.sdk.sender import begin_anew, the_sender

if TYPE_CHECKING:
    from otel_discord.sdk.outlet import Outlet
    from otel_discord.sdk.sender import Sender

_IMPORT_S: Final = 5.0
"""Longest time that a fork waits for the sender's first import: half a second, more on a busy machine."""
_STANDSTILL_S: Final = 2.0
"""Longest time that it waits for a routing step, which takes milliseconds."""

_outlets: "Final[weakref.WeakSet[Outlet]]" = weakref.WeakSet()
_batching: "Final[weakref.WeakSet[object]]" = weakref.WeakSet()
_ENDS_EARLY: Final = 100
"""Among multiprocessing's finalizers: before its own (queues, managers), which have at most 10."""


def watch(outlet: "Outlet") -> None:
    """Have an outlet begin anew in children, and shut down at the end of those that end without ``atexit``."""
    _outlets.add(outlet)
    _hook_multiprocessing()
    _hook_celery()


def watch_batching(exporter: object) -> None:
    """Have the SDK's processors flushed before this exporter at the end of children that end without ``atexit``."""
    _batching.add(exporter)


def outlets() -> "list[Outlet]":
    """Return the outlets of this process."""
    return list(_outlets)


# ------------------------------------------------------------------------------------------------------------ forks


class _Fork:
    """One fork: the sender waits in the middle of nothing until it is over."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.holds_import = False
        self.sender: Sender | None = None

    def begin(self) -> None:
        sender = self.sender = the_sender()
        self.holds_import = sender.importing.acquire(timeout=_IMPORT_S)
        stands = threading.Event()
        go_on = self.go_on = threading.Event()

        def stand_still() -> None:
            stands.set()
            go_on.wait(_STANDSTILL_S)

        if sender.call(stand_still):
            stands.wait(_STANDSTILL_S)

    def end(self) -> None:
        self.go_on.set()
        if self.holds_import and self.sender is not None:
            self.sender.importing.release()
        self.holds_import, self.sender = False, None


class _Forks(threading.local):
    """Those of one thread: several where a signal's handler forks while the thread does."""

    def __init__(self) -> None:
        self.under_way: list[_Fork] = []


_forks: Final = _Forks()


def _before_fork() -> None:
    with suppress(Exception):
        fork, is_first = _Fork(), not _forks.under_way
        _forks.under_way.append(fork)
        if is_first and not is_ours():
            fork.begin()


def _after_in_parent() -> None:
    with suppress(Exception):
        _forks.under_way.pop().end()


def begin_in_child() -> None:
    """Leave to the parent what is its own. Called after each fork of Python's; servers written in C, as uWSGI, fork
    without telling it, so whoever finds itself in another process than it was made in calls this too."""
    forget_half_imported()
    forget_parent()
    _forks.under_way.clear()
    with suppress(Exception):
        _keep_for_ever(begin_anew())
    for outlet in outlets():
        with suppress(Exception):
            outlet.forget_parent()
    with suppress(Exception):
        _hook_multiprocessing()
    with suppress(Exception):
        _hook_celery()


def _keep_for_ever(inherited: "Sender") -> None:
    """Never let the parent's loop be collected here: closing it would change the parent's epoll, which is shared."""
    if inherited.has_thread:
        import ctypes

        ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))


os.register_at_fork(before=_before_fork, after_in_parent=_after_in_parent, after_in_child=begin_in_child)

# -------------------------------------------------------------------------------------------------- multiprocessing


class _Anchor:
    """What multiprocessing wants to hang a call on."""


_anchor: Final = _Anchor()
_hooked: Final[list[bool]] = []


def _hook_multiprocessing() -> None:
    """Have every child of multiprocessing announce its end; nothing is imported for it."""
    util: Any = sys.modules.get("multiprocessing.util")
    if util is not None and not _hooked:
        _hooked.append(True)
        util.register_after_fork(_anchor, _announce_end)


def _announce_end(_: _Anchor) -> None:
    util: Any = sys.modules["multiprocessing.util"]
    util.Finalize(None, _end_of_child, exitpriority=_ENDS_EARLY)


def _hook_celery() -> None:
    """Hear when a worker of Celery's pool ends: it does so without finalizers, too. Nothing is imported for it."""
    signals: Any = sys.modules.get("celery.signals")
    ends: Any = getattr(signals, "worker_process_shutdown", None)
    if ends is not None:
        with suppress(Exception):
            ends.connect(_end_of_worker, weak=False, dispatch_uid="otel_discord")


def _end_of_worker(**_: object) -> None:
    _end_of_child()


def _end_of_child() -> None:
    for processor in _processors_of(list(_batching)):
        with suppress(Exception):
            processor.force_flush()
    for outlet in outlets():
        with suppress(Exception):
            outlet.shutdown()


def _processors_of(exporters: Sequence[object]) -> list[Any]:
    """Return what the SDK has put before our exporters. It keeps no list of them that could be asked."""
    if not exporters:
        return []
    return [
        each
        for each in gc.get_objects()
        if str(type(each).__module__).startswith("opentelemetry.")
        and hasattr(type(each), "force_flush")
        and any(value is exporter for value in getattr(each, "__dict__", {}).values() for exporter in exporters)
    ]
