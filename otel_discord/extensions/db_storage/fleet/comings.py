"""Who has come to a fleet and who is gone, in words for the log. Pure."""

import logging
from collections.abc import Collection
from typing import NamedTuple


class Said(NamedTuple):
    """A line of the log, and whom it is about; "" where that is nobody alone."""

    level: int
    words: str
    replica: str = ""


def comings_and_goings(
    had: Collection[str], has: Collection[str], silent: Collection[str], *, is_first_look: bool
) -> list[Said]:
    """Return what is to be said when those who lived, ``had``, are now ``has``; nothing where nobody came or went.

    Args:
        had: the names at the last look; at the first one, this replica's own.
        has: the names now.
        silent: those of the gone who have not said that they leave.
        is_first_look: who is there was there before.
    """
    work = f"{len(has)} replica{' works' if len(has) == 1 else 's work'} on the fleet"
    came, went = sorted({*has} - {*had}), sorted({*had} - {*has})
    if is_first_look:
        return [Said(logging.INFO, work)] if came else []
    return [
        *(Said(logging.INFO, f"the replica {name} has joined; {work}", name) for name in came),
        *(
            Said(logging.WARNING, f"the replica {name} is gone without a word: its shards are taken over; {work}", name)
            if name in silent
            else Said(logging.INFO, f"the replica {name} has left: its shards are taken over; {work}", name)
            for name in went
        ),
    ]
