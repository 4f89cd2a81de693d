"""Small ways to fill a stored queue, and a disk that refuses."""

import asyncio
from typing import Any

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.component.storage import NewCard, NewLetter, QueueLimits, Sizer, WorkQueue
from otel_discord.signals.batch import Batch, LogsBatch
from otel_discord.store.work import Work
from tests.store.sqlite_database import SqliteDatabase

ROOMY = QueueLimits(size=10_000, sizer=Sizer.REQUESTS, max_bytes=1 << 30)
ONE = QueueLimits(size=1, sizer=Sizer.REQUESTS, max_bytes=1 << 30)


def cards(count: int, lane: str = "ops") -> list[NewCard]:
    return [NewCard(lane, 9, b"%d" % number) for number in range(count)]


async def pause() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def refuse_once(database: SqliteDatabase, name: str) -> None:
    left = [name]

    def refuse(work: Work[Any]) -> bool:
        if work.name in left:
            left.remove(work.name)
            return True
        return False

    database.refuse = refuse


def body(batch: Batch) -> str:
    assert isinstance(batch, LogsBatch)
    return next(iter(batch.records()))[2].body.string_value


async def bury(queue: WorkQueue, *card_ids: int) -> None:
    await queue.bury([NewLetter(card_id, 1, "ops", "gone", b"") for card_id in card_ids])


async def outcome(awaited: Any) -> Any:
    try:
        return await awaited
    except (ShutdownError, RetryableError) as error:
        return type(error)
