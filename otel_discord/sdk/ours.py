"""Which threads are the sender's own: what is logged there is never sent, since sending would never end."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final


class _Mark(threading.local):
    is_ours: bool = False


_mark: Final = _Mark()


def is_ours() -> bool:
    """Return whether the current thread belongs to the sender."""
    return _mark.is_ours


@contextmanager
def working() -> Iterator[None]:
    """Mark the current thread as the sender's while the block runs."""
    before = _mark.is_ours
    _mark.is_ours = True
    try:
        yield
    finally:
        _mark.is_ours = before
