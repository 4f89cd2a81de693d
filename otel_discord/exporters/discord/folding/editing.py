"""Which message is edited next, and when. Pure; times are of the loop.

An edit notifies nobody and takes of the same budget as new messages, so it goes when nothing new waits; only what has
been wrong for long goes in between.
"""

from dataclasses import dataclass
from typing import Final

from otel_discord.exporters.discord.folding.book import LaneBook
from otel_discord.exporters.discord.folding.entry import Posted

PATIENCE: Final = 3
"""So many edit intervals late, an edit goes although new cards wait; not twice in a row."""


@dataclass(frozen=True, slots=True)
class Due:
    """A message to edit, from ``at_s`` on."""

    message: Posted
    at_s: float


def next_edit(book: LaneBook, interval_s: float, *, at_once: bool = False) -> Due | None:
    """Return the edit that comes first: of what is critical before others, else what is due first.

    Args:
        book: the lane's problems.
        interval_s: the least time between a message and its edit, and between two edits of it.
        at_once: it is time to end, so nothing waits for its time.
    """
    if not book.stale:
        return None
    return min(
        (Due(message, _due_s(message, interval_s, at_once=at_once)) for message in book.stale.values()),
        key=lambda due: (due.at_s, -max(entry.priority for entry in due.message.entries)),
    )


def _due_s(message: Posted, interval_s: float, *, at_once: bool) -> float:
    if message.put_off_until_s and not message.has_news:
        return message.put_off_until_s
    return 0.0 if at_once or message.is_urgent else message.changed_s + message.wait_s(interval_s)


def may_go(due: Due, now_s: float, interval_s: float, *, others_wait: bool, was_last: bool) -> bool:
    """Return whether an edit goes now. One that stands before a new message of its own, which is worse, does.

    Args:
        due: the edit that comes first.
        now_s: the time.
        interval_s: the least time between two edits of a message.
        others_wait: new cards wait for the same budget.
        was_last: what went last was an edit.
    """
    if due.message.is_urgent:
        return now_s >= due.at_s
    if not others_wait:
        return now_s >= due.at_s
    return not was_last and now_s >= due.at_s + PATIENCE * interval_s
