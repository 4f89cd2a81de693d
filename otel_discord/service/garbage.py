"""When Python looks for garbage: not while starting, and afterwards never again in what the start has made.

A start makes some 300,000 objects that stay. Looking through them takes a tenth of the start, and later, whenever a
backlog grows, stops everything for 30 ms and more.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_postponed() -> Iterator[None]:
    """Collect nothing in the block until :func:`begin_collecting`; from the block's end on, collect in any case."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def begin_collecting() -> None:
    """Collect once, take what is left for permanent, and collect from now on."""
    gc.collect()
    gc.freeze()
    gc.enable()
