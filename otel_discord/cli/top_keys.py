"""Waiting for the next picture, or for the key that ends it."""

import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias

LEAVE: Final = frozenset({b"q", b"Q", b"\x04", b""})
"""q, Ctrl-D, and the end of the input."""
Wait: TypeAlias = Callable[[float], bool]
"""Waits for so many seconds; returns whether to go on."""


@contextmanager
def waiting(descriptor: int | None = None) -> Iterator[Wait]:
    """Yield what waits and listens to the keyboard meanwhile; without one it only waits.

    Keys come at once and are not shown as long as the block runs; Ctrl-C is what it always is.
    """
    try:
        import termios
        import tty

        keyboard = sys.stdin.fileno() if descriptor is None else descriptor
        before = termios.tcgetattr(keyboard)
    except (ImportError, OSError, ValueError, AttributeError):
        yield _sleep
        return
    except termios.error:  # it is no terminal
        yield _sleep
        return
    try:
        tty.setcbreak(keyboard)
        yield lambda timeout_s: _no_key_ends(keyboard, timeout_s)
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


def _sleep(timeout_s: float) -> bool:
    time.sleep(timeout_s)
    return True


def _no_key_ends(keyboard: int, timeout_s: float) -> bool:
    until_s = time.monotonic() + timeout_s
    while (left_s := until_s - time.monotonic()) > 0:
        ready, _, _ = select.select([keyboard], [], [], left_s)
        if ready and os.read(keyboard, 1) in LEAVE:
            return False
    return True
