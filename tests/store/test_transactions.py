"""Works are repeated while the disk fails, and what they change is booked whoever waits for them."""

import asyncio
import logging
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

import pytest

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.store.transactions import Transactions, book_nothing, unbook_nothing
from otel_discord.store.work import Access, Steps, Work

T = TypeVar("T")
pytestmark = pytest.mark.looptime
FULL = RetryableError("no space left", reason="disk_full")


def nothing() -> Steps[int]:
    return 7
    yield


WORK = Work("settle", Access.SETTLE, nothing)


class SlowDatabase:
    """Takes a second for each work, then does what ``answers`` say: an error, or the work."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.began: list[float] = []

    async def run(self, work: Work[T]) -> T:
        self.began.append(asyncio.get_running_loop().time())
        await asyncio.sleep(1)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        try:
            next(work.steps())
        except StopIteration as stop:
            return stop.value
        raise AssertionError


def transactions(database: SlowDatabase) -> Transactions:
    return Transactions(database, logging.getLogger("test.store"))


def gaps(times: Sequence[float]) -> list[float]:
    return [round(later - earlier - 1, 3) for earlier, later in pairwise(times)]


@pytest.mark.parametrize("how", ["read", "insist"])
async def test_it_is_tried_again_until_it_works(caplog: pytest.LogCaptureFixture, how: str) -> None:
    database = SlowDatabase(*[FULL] * 7, None, FULL)
    booked: list[int] = []
    works = transactions(database)
    with caplog.at_level(logging.INFO, "test.store"):
        for _ in range(2):
            assert await (works.read(WORK) if how == "read" else works.insist(WORK, booked.append)) == 7
    assert gaps(database.began) == [0.05, 0.1, 0.2, 0.4, 0.8, 1, 1, 0, 0.05]
    assert booked == ([] if how == "read" else [7, 7])
    once = [("the stored queue cannot be used now and is tried again until it can: no space left", "disk_full")]
    said = [(record.message, getattr(record, "reason", "")) for record in caplog.records]
    assert said == [*once, ("the stored queue can be used again", "")] * 2


@pytest.mark.parametrize("how", ["read", "insist", "write"])
@pytest.mark.parametrize("error", [ShutdownError("closed"), KeyError(3)])
async def test_what_does_not_pass_by_itself_is_not_tried_again(how: str, error: Exception) -> None:
    database = SlowDatabase(error)
    works = transactions(database)
    with pytest.raises(type(error)):
        await {
            "read": lambda: works.read(WORK),
            "insist": lambda: works.insist(WORK, book_nothing),
            "write": lambda: works.write(WORK, book_nothing, unbook_nothing),
        }[how]()
    assert len(database.began) == 1


async def test_a_write_is_tried_once() -> None:
    taken_back: list[bool] = []
    with pytest.raises(RetryableError, match="no space left"):
        await transactions(SlowDatabase(FULL)).write(WORK, book_nothing, lambda: taken_back.append(True))
    assert taken_back == [True]


@pytest.mark.parametrize("answer", [None, FULL])
async def test_what_was_cancelled_is_booked_all_the_same(answer: Exception | None) -> None:
    works = transactions(SlowDatabase(answer))
    heard: list[object] = []
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(works.write(WORK, heard.append, lambda: heard.append("not stored")), 0.5)
    assert heard == []
    await works.finish(10)
    assert heard == ["not stored" if answer else 7]
    await works.finish(10)


async def test_who_is_cancelled_tries_no_more() -> None:
    database = SlowDatabase(*[FULL] * 100)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(transactions(database).insist(WORK, book_nothing), 5)
    began = len(database.began)
    await asyncio.sleep(20)
    assert len(database.began) == began


async def test_the_end_does_not_wait_for_ever() -> None:
    works = transactions(SlowDatabase())
    task = asyncio.ensure_future(works.write(WORK, book_nothing, unbook_nothing))
    await asyncio.sleep(0)
    before = asyncio.get_running_loop().time()
    await works.finish(0.25)
    assert asyncio.get_running_loop().time() - before == pytest.approx(0.25)
    assert await task == 7
