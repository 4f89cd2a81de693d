"""Whether earlier lives of an exporter ended as they should: what it keeps in its state for that.

While it works the state says when its last lives began that followed an end in no order, and in which process it works;
an end in good order takes that away, and so does a life of some length. What began twice in one process has not ended
it: its storage was away. Where the storage refuses, nothing waits for that: an end is not counted.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from otel_discord.component import RetryableError, ShutdownError, WorkQueue

KEY: Final = "ends"
TOO_OFTEN: Final = 3
"""What was there at the beginning of so many lives in a row, each of which ended in no order, is tried first."""
CALM_S: Final = 600.0
"""A life as long as that has outlived whatever was there when it began."""
_STORED_S: Final = 5.0


class Past(NamedTuple):
    """What led to a life. Times are wall time in nanoseconds."""

    in_a_row: int = 0
    """How many processes have ended in no order."""
    began_ns: tuple[int, ...] = ()
    """When the last lives began that followed such an end, this one among them; ``TOO_OFTEN`` at most."""

    @property
    def suspects_until_ns(self) -> int | None:
        """Return until when what has been there at each of these ends was accepted; None where there were too few."""
        return self.began_ns[0] if len(self.began_ns) >= TOO_OFTEN else None


NOTHING: Final = Past()


def after(stored: bytes | None, process: str, now_ns: int) -> Past:
    """Return what led to a life that begins now, by what the last one has left. Pure."""
    if stored is None:
        return NOTHING
    try:
        read: Any = orjson.loads(stored)
        past = Past(int(read["in_a_row"]), tuple(int(each) for each in read["began_ns"]))
        is_same = read["process"] == process
    except (ValueError, KeyError, TypeError):
        past, is_same = NOTHING, False
    if is_same:
        return past
    return Past(past.in_a_row + 1, (*past.began_ns, now_ns)[-TOO_OFTEN:])


@dataclass(slots=True)
class Ends:
    """Of one exporter and its queue, which has its state; ``process`` is no other one's name."""

    queue: WorkQueue
    process: str
    past: Past = NOTHING

    async def begin(self, now_ns: int) -> None:
        """Read how the last life has ended, and note that one begins."""
        with suppress(RetryableError, ShutdownError):
            self.past = after(await self.queue.get_state(KEY), self.process, now_ns)
        await self._note()

    async def calm(self) -> None:
        """Note that all is well."""
        self.past = NOTHING
        await self._note()

    async def end(self) -> None:
        """Note an end in good order."""
        await self._store(None)

    async def _note(self) -> None:
        said = {"in_a_row": self.past.in_a_row, "began_ns": self.past.began_ns, "process": self.process}
        await self._store(orjson.dumps(said))

    async def _store(self, value: bytes | None) -> None:
        with suppress(RetryableError, ShutdownError, TimeoutError):
            async with asyncio.timeout(_STORED_S):
                await self.queue.set_state(KEY, value)
