"""How many connections there may be so that storing, sending and gRPC never want for a file."""

import resource
from pathlib import Path
from typing import Final

_UNLIMITED: Final = 65_536
_BACKLOG: Final = 100
_OPEN_FILES: Final = Path("/dev/fd")


def room_for_connections(limit: int, open_now: int) -> int:
    """Return half of the files that the process may open, and not more than half of those that are left."""
    return max(1, min(limit, limit - open_now) // 2)


def accepted_at_once(room: int) -> int:
    """Return how many connections may be taken in one go: with the others they are fewer than the files left.

    The event loop takes as many as the listener's backlog before any that is one too many can be closed.
    """
    return max(1, min(_BACKLOG, room // 2))


def files_limit_and_open() -> tuple[int, int]:
    """Return how many files the process may open, and how many it has open now (0 where that cannot be told)."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = _UNLIMITED if soft == resource.RLIM_INFINITY else soft
    try:
        return limit, sum(1 for _ in _OPEN_FILES.iterdir())
    except OSError:
        return limit, 0
