"""Keeps what was learned of operations in a storage: read at the start, written now and then and at the end.

A crash loses what was learned since the last writing; nothing is told twice or not at all for it.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component import WorkQueue
from otel_discord.connectors.slow_spans.operations import Operation, Operations
from otel_discord.connectors.slow_spans.sketch import Sketch
from otel_discord.connectors.slow_spans.stored import PARTS, from_bytes, part_of, to_bytes
from otel_discord.exporterhelper.kept_state import KeptState

BETWEEN_WRITES_S: Final = 300.0


@dataclass(slots=True, kw_only=True)
class LearnedKeeper:
    """Of one connector."""

    queue: WorkQueue
    operations: Operations
    logger: logging.Logger
    wall_clock_ns: Callable[[], int]
    _written: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By part: how many operations and spans were written."""
    _state: KeptState = field(init=False)

    def __post_init__(self) -> None:
        self._state = KeptState(
            queue=self.queue,
            logger=self.logger,
            failing="what is usual for operations cannot be stored now; after a restart it is older than it was",
            again="what is usual for operations is stored again",
        )

    async def restore(self) -> None:
        """Go on from what is stored.

        Raises:
            RetryableError: the storage cannot be read now.
        """
        now_s, now_ns = asyncio.get_running_loop().time(), self.wall_clock_ns()
        learned: list[tuple[Operation, Sketch]] = []
        for part in range(PARTS):
            stored = await self.queue.get_state(_key(part))
            try:
                learned += from_bytes(stored, now_s, now_ns) if stored else []
            except ValueError as error:
                self.logger.warning("a part of what was learned cannot be read and is learned anew: %s", error)
        self.operations.take_in(learned)

    async def write(self) -> None:
        """Store what has changed since the last time. What the storage refuses is stored next time."""
        parts: dict[int, list[tuple[Operation, Sketch]]] = {part: [] for part in range(PARTS)}
        for operation, sketch in self.operations.learned():
            parts[part_of(operation)].append((operation, sketch))
        for part, learned in parts.items():
            extent = len(learned), sum(sketch.seen for _, sketch in learned)
            if extent == self._written.get(part, (0, 0)):
                continue
            value = to_bytes(learned, asyncio.get_running_loop().time(), self.wall_clock_ns())
            if not await self._state.store(_key(part), value):
                return
            self._written[part] = extent
            await asyncio.sleep(0)


def _key(part: int) -> str:
    return f"learned/{part:02d}"
