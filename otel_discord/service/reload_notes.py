"""What became of the last reloads, for those who look at the service."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from otel_discord.component.service_view import ReloadNote
from otel_discord.service.reload_result import ReloadResult

MAX_NOTES: Final = 20
MAX_REMARKS: Final = 20
MAX_REMARK_CHARS: Final = 1000


class ReloadNotes:
    """Keeps the last reloads that were tried, good and bad ones, newest first."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self._notes: deque[ReloadNote] = deque(maxlen=MAX_NOTES)

    def add(self, result: ReloadResult, reason: str, now_unix_s: float) -> None:
        """Note a reload that is over, and who asked for it."""
        remarks = tuple(_cut(self._redact(line)) for line in _lines(result, reason))
        self._notes.appendleft(ReloadNote(now_unix_s, result.ok, remarks))

    def newest_first(self) -> Sequence[ReloadNote]:
        """Return what there is."""
        return tuple(self._notes)


def _lines(result: ReloadResult, reason: str) -> Iterator[str]:
    lines = [*result.problems[:MAX_REMARKS], *([f"reason: {reason}"] if reason else [])]
    if len(result.problems) > MAX_REMARKS:
        lines.insert(MAX_REMARKS, f"and {len(result.problems) - MAX_REMARKS} more")
    yield from (result.text, *lines)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_REMARK_CHARS else f"{text[: MAX_REMARK_CHARS - 1]}…"
