"""Files are worked on away from the loop, in order, with a deadline."""

import asyncio
import threading
import time

import pytest

from otel_discord.exporters.discord.dead_letters.off_loop import OffLoop


async def test_results_and_errors_come_back() -> None:
    off_loop = OffLoop("test")
    assert await off_loop.run(lambda: threading.current_thread().name) == "test"

    def fail() -> None:
        raise FileNotFoundError("gone")

    with pytest.raises(FileNotFoundError, match="gone"):
        await off_loop.run(fail)


async def test_one_after_the_other() -> None:
    off_loop = OffLoop("test")
    done: list[int] = []

    def work(number: int) -> None:
        time.sleep(0.01 * (3 - number))
        done.append(number)

    await asyncio.gather(*(off_loop.run(lambda number=number: work(number)) for number in range(3)))  # type: ignore[misc]
    assert done == [0, 1, 2]


async def test_who_hangs_holds_up_nobody_for_long() -> None:
    off_loop = OffLoop("test", deadline_s=0.05)
    release = threading.Event()
    with pytest.raises(TimeoutError, match="did not answer within"):
        await off_loop.run(lambda: release.wait(10))
    started_s = time.monotonic()
    for _ in range(100):
        with pytest.raises(TimeoutError):
            await off_loop.run(lambda: 1)
    assert time.monotonic() - started_s < 2
    release.set()
    await asyncio.sleep(0.05)
    assert await off_loop.run(lambda: 2) == 2


async def test_cancelled_work_comes_to_its_end_before_the_next_begins() -> None:
    off_loop = OffLoop("test")
    release = threading.Event()
    order: list[str] = []

    def first() -> None:
        release.wait(10)
        order.append("first")

    task = asyncio.create_task(off_loop.run(first))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    second = asyncio.create_task(off_loop.run(lambda: order.append("second")))
    await asyncio.sleep(0.01)
    release.set()
    await second
    assert order == ["first", "second"]


async def test_where_no_thread_can_be_started_it_is_done_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", start)
    off_loop = OffLoop("test")
    assert await off_loop.run(threading.current_thread) is threading.current_thread()

    def fail() -> None:
        raise FileNotFoundError("gone")

    with pytest.raises(FileNotFoundError, match="gone"):
        await off_loop.run(fail)
    assert await off_loop.run(lambda: 7) == 7
