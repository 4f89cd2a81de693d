"""Looking at a service again and again: what is shown when it answers, and when it has gone away."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from rich.text import Text

from otel_discord.cli.top_frame import frame
from otel_discord.cli.top_grid import Note, note_lines
from otel_discord.cli.top_keys import Wait
from otel_discord.cli.top_rates import Overview, elapsed_s
from otel_discord.cli.top_styles import BAD
from otel_discord.cli.top_words import clock, span
from otel_discord.service.control.client import ControlError, NotRunningError

HISTORY: Final = 5
"""Rates are those over so many intervals, so that they can be read."""


class Watch:
    """Keeps the last overviews; makes a picture at each look."""

    def __init__(self, ask: Callable[[], Overview], monotonic_s: Callable[[], float]) -> None:
        """``ask`` raises NotRunningError or ControlError while nobody answers."""
        self._ask = ask
        self._monotonic_s = monotonic_s
        self._seen: deque[Overview] = deque(maxlen=HISTORY)
        self._gone_since_s: float | None = None

    def look(self, width: int) -> list[Text]:
        """Ask, and return the lines to show; of a service that has gone away, what it showed last."""
        try:
            now = self._ask()
        except (NotRunningError, ControlError) as error:
            return self._gone(str(error), width)
        self._gone_since_s = None
        if self._seen and elapsed_s(self._seen[-1], now) is None:  # another run of the service
            self._seen.clear()
        before = self._seen[0] if self._seen else None
        self._seen.append(now)
        return frame(now, before, width)

    def _gone(self, why: str, width: int) -> list[Text]:
        now_s = self._monotonic_s()
        self._gone_since_s = now_s if self._gone_since_s is None else self._gone_since_s
        waited = span(now_s - self._gone_since_s)
        seen = f" Seen last at {clock(self._seen[-1].get('at'))}:" if self._seen else ""
        lines = note_lines(Note(f"The service does not answer, waiting for it ({waited}): {why}.{seen}", BAD), width)
        if self._seen:
            lines.append(Text())
            for line in frame(self._seen[-1], None, width):
                line.stylize("dim")
                lines.append(line)
        return lines


def watch(
    look: Callable[[], Sequence[Text]], show: Callable[[Sequence[Text]], None], wait: Wait, every_s: float
) -> None:
    """Look and show every so many seconds until ``wait`` says that it is enough."""
    going_on = True
    while going_on:
        show(look())
        going_on = wait(every_s)
