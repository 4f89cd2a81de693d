"""Looks at the service, each kept for a moment: many readers cost no more than one."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

MOST_KEPT: Final = 32
T = TypeVar("T")


@dataclass(slots=True)
class Looks:
    """What was seen, by key. While one reader waits for a look, the others wait for the same."""

    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[float, Any]] = field(default_factory=dict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def get(self, key: str, look: Callable[[], Awaitable[T]], max_age_s: float = 1.0) -> T:
        """Return what is known under a key, not older than that; else look."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            if (known := self._fresh(key, max_age_s)) is not None:
                return cast("T", known[1])
            value = await look()
            self._seen.pop(key, None)
            self._seen[key] = (self.clock(), value)
            self._make_room()
            return value

    def forget(self) -> None:
        """Look anew from now on, as after something was changed."""
        self._seen.clear()

    def _fresh(self, key: str, max_age_s: float) -> tuple[float, Any] | None:
        known = self._seen.get(key)
        return known if known is not None and self.clock() - known[0] < max_age_s else None

    def _make_room(self) -> None:
        while len(self._seen) > MOST_KEPT:
            self._seen.pop(next(iter(self._seen)))
        for key in [key for key, lock in self._locks.items() if key not in self._seen and not lock.locked()]:
            del self._locks[key]
