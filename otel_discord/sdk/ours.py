"""Which threads are the sender's own: what is logged there is never sent, since sending would never end."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_ours: Final[set[int]] = set()
"""Identifiers and not a ``threading.local``: one that was made before gevent patched is shared by all greenlets."""


def forget_parent() -> None:
    """Begin anew in a forked child, whose threads may get the identifiers of the parent's."""
    _ours.clear()


def is_ours() -> bool:
    """Return whether the current thread belongs to the sender."""
    return threading.get_ident() in _ours


@contextmanager
def working() -> Iterator[None]:
    """Mark the current thread as the sender's while the block runs."""
    me = threading.get_ident()
    was_ours = me in _ours
    _ours.add(me)
    try:
        yield
    finally:
        if not was_ours:
            _ours.discard(me)
