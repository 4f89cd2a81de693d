"""Shorter turns on the interpreter's lock while the end is waited for.

A thread that calculates keeps the lock for 5 ms once another asks for it, and the sender asks thousands of times while
it imports and sends: beside three such threads that alone took longer than the time that an end has.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_TURN_S: Final = 0.0005

_lock: Final = threading.Lock()
_before_s: Final[list[float]] = []


@contextmanager
def shorter_turns() -> Iterator[None]:
    """Let threads that calculate give way sooner as long as the block runs; with the last one it is as before."""
    with _lock:
        now_s = sys.getswitchinterval()
        _before_s.append(now_s if not _before_s else _before_s[0])
        sys.setswitchinterval(min(now_s, _TURN_S))
    try:
        yield
    finally:
        with _lock:
            before_s = _before_s.pop()
            if not _before_s:
                sys.setswitchinterval(before_s)
