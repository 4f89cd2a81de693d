"""Which accepted batches were not looked at yet. Pure but for the waiting.

A batch may be routed before its ``put`` returns to who accepted it: both orders come to the same.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

_REMEMBERED: Final = 4096


@dataclass(slots=True)
class Unrouted:
    """Of one exporter, by the ids of batches; what an earlier run has accepted is not among them."""

    is_idle: bool = False
    """Whether routing waits for a batch, so that it has looked at all that has come."""
    _ids: set[int] = field(default_factory=set)
    _early: dict[int, None] = field(default_factory=dict)
    """Routed, but not known as accepted yet; or accepted by an earlier run."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._ids)

    def __contains__(self, batch_id: int) -> bool:
        """Return whether a batch that has come was not looked at yet."""
        return batch_id in self._ids

    def accepted(self, batch_id: int) -> None:
        """A batch has come."""
        if batch_id in self._early:
            del self._early[batch_id]
        else:
            self._ids.add(batch_id)

    def routed(self, batch_ids: Iterable[int]) -> None:
        """Batches were looked at."""
        for batch_id in batch_ids:
            if batch_id in self._ids:
                self._ids.discard(batch_id)
            else:
                self._early[batch_id] = None
        while len(self._early) > _REMEMBERED:
            del self._early[next(iter(self._early))]
        self._news.set()

    async def fewer(self) -> None:
        """Return when batches were looked at; call it only where there are some left."""
        self._news.clear()
        await self._news.wait()
