"""The end of the interpreter: seen early enough that a thread can still be started.

Python first waits for threads, then runs ``atexit`` functions, where loggers and providers shut down; from 3.12 on no
thread starts any more by then. A script that logs one error and ends would have no sender. So at the first moment of
the end each sender that may be needed gets its thread, which costs nothing until it is woken.
"""

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

THREADS_START_NO_LONGER: Final = (3, 12) <= sys.version_info < (3, 12, 2)
"""Whether not even the first moment of the end is early enough (python/cpython#113964): be ready before."""

_on_end: Final[list[Callable[[], None]]] = []
_state = {"is_ending": False, "is_watched": False}


def interpreter_is_ending() -> bool:
    """Return whether the main thread is done and the interpreter shuts down."""
    return _state["is_ending"]


def at_end(call: Callable[[], None]) -> None:
    """Call when the interpreter begins to end, before it waits for threads; each function once."""
    _watch()
    if call not in _on_end:
        _on_end.append(call)


def _watch() -> None:
    if _state["is_watched"]:
        return
    _state["is_watched"] = True
    register = getattr(threading, "_register_atexit", None)  # what concurrent.futures uses; there is no public way
    if register is not None:
        with suppress(RuntimeError):  # the end has begun already
            register(_end)


def _end() -> None:
    _state["is_ending"] = True
    for call in _on_end:
        with suppress(Exception):
            call()
