"""Charts drawn away from the event loop: one at a time, each with a deadline, and an alert never waits for more.

matplotlib is an extra (``charts``) and is loaded in the thread that draws, when it is first known that there will be
something to draw. Without it, or where a
drawing fails, there is no picture; the message has its sparkline then, and the log says so once for each reason.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol, Self

from otel_discord.exporters.discord.charts.shapes import ChartPlan
from otel_discord.exporters.discord.dead_letters.off_loop import OffLoop

DEADLINE_S: Final = 2.0
"""For a chart and its turn. One takes about 0.1 s, the first a second or two."""

Draw = Callable[[ChartPlan], bytes]


class Charts(Protocol):
    """Who draws charts."""

    async def draw(self, plan: ChartPlan) -> bytes | None:
        """Return a PNG, None where there is none to be had."""
        ...

    def warm_up(self) -> None:
        """Say that there will be something to draw; may be called often."""
        ...


class NoCharts:
    """Draws nothing: every alert has its sparkline."""

    async def draw(self, plan: ChartPlan) -> bytes | None:  # noqa: ARG002 - as Charts says
        """Return None."""
        return None

    def warm_up(self) -> None:
        """Do nothing."""


class Charting:
    """Draws charts in a thread. ``async with Charting() as charts: png = await charts.draw(plan)``."""

    def __init__(
        self, logger: logging.Logger | None = None, *, deadline_s: float = DEADLINE_S, draw: Draw | None = None
    ) -> None:
        """Args: ``draw`` instead of matplotlib's; it is called in a thread."""
        self._logger = logger or logging.getLogger(__name__)
        self._deadline_s = deadline_s
        self._draw = draw or _draw
        self._off_loop = OffLoop("otel-discord-charts", deadline_s)
        self._said: set[str] = set()
        self._is_open = False
        self._warming: asyncio.Task[None] | None = None
        self._is_late = self._is_drawing = False

    async def __aenter__(self) -> Self:
        self._is_open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        """Wait until a drawing under way has ended, as long as the deadline at most."""
        self._is_open = False
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._deadline_s):
                await self._off_loop.run(_nothing)
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait([self._warming])

    def warm_up(self) -> None:
        """Load matplotlib, off the loop and once: that takes longer than an alert should wait for its first chart."""
        if self._warming is None and self._is_open and self._draw is _draw:
            self._warming = asyncio.get_running_loop().create_task(self._load(), name="matplotlib for charts")

    async def _load(self) -> None:
        with suppress(Exception):  # the first drawing meets it again, and says so
            await self._off_loop.run(_import)

    async def draw(self, plan: ChartPlan) -> bytes | None:
        """Return a PNG, None where there is none to be had; why is logged, once for each reason.

        A drawing that takes too long goes on in its thread; until it has ended there are no others, nor does anything
        wait for it.
        """
        if not self._is_open or "ImportError" in self._said or (self._is_late and self._is_drawing):
            return None
        self._is_late = False
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._off_loop.run(lambda: self._drawn(plan))
        except ImportError as error:
            self._say("ImportError", f"charts need matplotlib: pip install 'otel-discord[charts]' ({error})")
        except TimeoutError:  # also what the thread says of a drawing that it cannot end
            self._is_late = True
            self._say("TimeoutError", f"a chart was not drawn within {self._deadline_s:g} s")
        except Exception as error:  # noqa: BLE001 - an alert without its chart is better than none
            self._say(type(error).__name__, f"a chart could not be drawn: {error!r}")
        return None

    def _drawn(self, plan: ChartPlan) -> bytes:
        self._is_drawing = True
        try:
            return self._draw(plan)
        finally:
            self._is_drawing = False

    def _say(self, reason: str, text: str) -> None:
        if reason not in self._said:
            self._said.add(reason)
            self._logger.warning("%s; alerts show a line of text instead", text)


def _draw(plan: ChartPlan) -> bytes:
    from otel_discord.exporters.discord.charts.drawing import draw

    return draw(plan)


def _import() -> None:
    import otel_discord.exporters.discord.charts.drawing  # noqa: F401 - that is all there is to do


def _nothing() -> None:
    pass
