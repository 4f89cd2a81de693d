"""When Python looks for garbage: not while starting, and afterwards seldom in what has stayed for long.

A start makes some 300,000 objects that stay. Looking through them takes a tenth of the start, and later, whenever a
backlog grows, stops everything for 30 ms and more. A hundred thousand series are a million objects, and looking through
them takes half a second, every few seconds. So what a complete look leaves is taken for permanent if it took long:
what is no longer used is freed all the same, by its count of references; only what refers to itself in a circle stays
until it is all looked through, every ten minutes, or when memory is short (processors/memory_limiter).
"""

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

_COMPLETE: Final = 2
"""The generation that is all there is, but for what is permanent."""
_LONG_S: Final = 0.02
_ALL_EVERY_S: Final = 600.0


@dataclass(slots=True)
class Looks:
    """Hears of each look for garbage (``gc.callbacks``)."""

    clock_s: Callable[[], float] = time.monotonic
    _begun_s: float = 0.0
    _all_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._all_s = self.clock_s()

    def __call__(self, phase: str, info: Mapping[str, Any]) -> None:
        """Hear of the begin or the end of a collection, as ``gc.callbacks`` tells it."""
        if info["generation"] != _COMPLETE:
            return
        if phase == "start":
            self._begun_s = self.clock_s()
            if self._begun_s - self._all_s >= _ALL_EVERY_S:
                gc.unfreeze()
                self._all_s = self._begun_s
        elif self.clock_s() - self._begun_s >= _LONG_S:
            gc.freeze()


@contextmanager
def collection_postponed() -> Iterator[None]:
    """Collect nothing in the block until :func:`begin_collecting`; from the block's end on, collect in any case."""
    looks = Looks()
    gc.callbacks.append(looks)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.callbacks.remove(looks)


def begin_collecting() -> None:
    """Collect once, take what is left for permanent, and collect from now on."""
    gc.collect()
    gc.freeze()
    gc.enable()
