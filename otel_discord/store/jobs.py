"""A work on its way through a database: handed in with a future of the loop, handed back with its ending."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from otel_discord.store.work import Work


@dataclass(frozen=True, slots=True)
class Job:
    """A work and who waits for it."""

    work: Work[Any]
    future: "asyncio.Future[Any]"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a work ended: a result, or an error with nothing of it stored."""

    job: Job
    result: Any = None
    error: Exception | None = None


def hand_back(endings: Iterable[Ending]) -> None:
    """Tell those who wait, in order; to be called in their loop. Who no longer waits is passed over."""
    for ending in endings:
        future = ending.job.future
        if future.done():
            continue
        if ending.error is None:
            future.set_result(ending.result)
        else:
            future.set_exception(ending.error)
