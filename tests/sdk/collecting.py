"""An outlet that only collects, and loggers that nobody else has."""

import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from otel_discord.sdk.handler import DiscordHandler
from otel_discord.sdk.snapshot import Snapshot

_numbers = itertools.count()


class CollectingOutlet:
    def __init__(self, floor: int = 0) -> None:
        self.floor = floor
        self.snapshots: list[Snapshot] = []
        self.flushes: list[float] = []
        self.shutdowns: list[float | None] = []

    def offer(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)

    def flush(self, timeout_s: float) -> bool:
        self.flushes.append(timeout_s)
        return True

    def shutdown(self, timeout_s: float | None = None) -> bool:
        self.shutdowns.append(timeout_s)
        return True

    @property
    def only(self) -> Snapshot:
        (snapshot,) = self.snapshots
        return snapshot


@contextmanager
def logger_with(*handlers: logging.Handler, level: int = 1) -> Iterator[logging.Logger]:
    logger = logging.getLogger(f"shop.{next(_numbers)}")
    logger.propagate = False
    logger.setLevel(level)
    for handler in handlers:
        logger.addHandler(handler)
    try:
        yield logger
    finally:
        for handler in handlers:
            logger.removeHandler(handler)


@contextmanager
def collecting(floor: int = 0, **settings: object) -> Iterator[tuple[logging.Logger, CollectingOutlet]]:
    outlet = CollectingOutlet(floor)
    handler = DiscordHandler(outlet=outlet, **settings)  # type: ignore[arg-type]
    with logger_with(handler) as logger:
        yield logger, outlet
    handler.close()
