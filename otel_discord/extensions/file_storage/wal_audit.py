"""Whether a log ends as a crash leaves it, or lost commits that were already safe. Pure.

A crash tears at most the one transaction that was not yet synced. Frames of a *later* transaction are only written once
the one before it is safe, so a bad frame with a later transaction behind it is damage; SQLite would silently forget all
of these commits. So is a log that holds less than is noted beside it (``log_tail``).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from otel_discord.extensions.file_storage.log_tail import Committed
from otel_discord.extensions.file_storage.wal_file import FrameState, WalScan

_OURS: Final = (FrameState.VERIFIED, FrameState.DAMAGED)


class WalVerdict(StrEnum):
    """What the audit found."""

    GOOD = "good"
    """Every commit in it is readable; a torn tail after the last one is no loss."""
    DAMAGED = "damaged"
    """Commits behind a bad frame, which SQLite would drop."""
    HEADER_DAMAGED = "header_damaged"
    """SQLite would take the log for an empty one."""
    TRUNCATED = "truncated"
    """Fewer frames than were committed."""


def audit_wal(scan: WalScan | None, committed: Committed | None = None) -> WalVerdict:
    """Judge a log. ``committed`` is what was noted beside it; None where there is no note."""
    if scan is None:
        return WalVerdict.GOOD  # an empty log; one that was emptied by force is seen by nobody
    if not scan.header_sound:
        return WalVerdict.HEADER_DAMAGED
    if _later_transaction(scan):
        return WalVerdict.DAMAGED
    if committed is not None and committed.salts == scan.salts and committed.frames > scan.last_commit:
        return WalVerdict.DAMAGED if len(scan) >= committed.frames else WalVerdict.TRUNCATED
    return WalVerdict.GOOD


def _later_transaction(scan: WalScan) -> bool:
    """Return whether frames of a later transaction follow the one with the first bad frame."""
    ended = False
    for index in range(scan.sound_frames, len(scan)):
        state = scan.states[index]
        if ended and state == FrameState.VERIFIED:
            return True
        ended = ended or (state in _OURS and scan.commit_sizes[index] != 0)
    return False


@dataclass(frozen=True, slots=True)
class LatestPages:
    """Where a log has the newest versions of pages. Frames count from 1; 0 is the main file."""

    frames: dict[int, int]
    """The frame of each page; of a page in ``older`` that frame is damaged."""
    older: dict[int, int]
    """The version before the damaged one."""
    strays: tuple[int, ...]
    """Frames of which nobody knows what page they hold."""


NO_LOG: Final = LatestPages({}, {}, ())


def latest_pages(scan: WalScan, verdict: WalVerdict) -> LatestPages:
    """Return where to read from.

    Of a good log these are the frames that SQLite takes. Of a damaged one also those behind the damage, up to the last
    commit among them, damaged ones included: each row in them has a checksum of its own.
    """
    end = scan.last_commit
    if verdict is not WalVerdict.GOOD:
        for index in range(len(scan) - 1, end - 1, -1):
            if scan.commit_sizes[index] and scan.states[index] != FrameState.STALE:
                end = index + 1
                break
    frames: dict[int, int] = {}
    older: dict[int, int] = {}
    strays: list[int] = []
    for index in range(end):
        state, page_number, frame = scan.states[index], scan.page_numbers[index], index + 1
        if state == FrameState.STALE or (state == FrameState.DAMAGED and not page_number):
            strays.append(frame)
            continue
        if state == FrameState.DAMAGED:
            older.setdefault(page_number, frames.get(page_number, 0))
        else:
            older.pop(page_number, None)
        frames[page_number] = frame
    return LatestPages(frames, older, tuple(strays))
