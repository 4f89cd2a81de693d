"""Drawing away from the loop: in turn, within a deadline, and an alert never fails for its chart."""

import asyncio
import builtins
import logging
import sys
import threading
from typing import Any

import pytest

from otel_discord.exporters.discord.charts import Charting, ChartPlan, NoCharts
from otel_discord.exporters.discord.charts.shapes import Spot

PLAN = ChartPlan(lines=[[Spot(0, 0), Spot(1, 1)]])


async def test_a_chart_is_drawn_in_a_thread() -> None:
    async with Charting(deadline_s=30) as charts:
        png = await charts.draw(PLAN)
    assert png is not None
    assert png.startswith(b"\x89PNG")


async def test_one_at_a_time_and_not_on_the_loop() -> None:
    threads: list[threading.Thread] = []
    under_way, most = 0, 0
    lock = threading.Lock()

    def draw(plan: ChartPlan) -> bytes:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        threads.append(threading.current_thread())
        threading.Event().wait(0.01)
        with lock:
            under_way -= 1
        return b"png"

    async with Charting(draw=draw) as charts:
        assert await asyncio.gather(*(charts.draw(PLAN) for _ in range(5))) == [b"png"] * 5
    assert most == 1
    assert threading.main_thread() not in threads


async def test_without_matplotlib_there_is_none_and_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = 0
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        nonlocal tries
        if name.split(".", maxsplit=1)[0] == "matplotlib":
            tries += 1
            raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")
        return real(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.endswith("charts.drawing")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    async with Charting() as charts:
        assert [await charts.draw(PLAN) for _ in range(3)] == [None] * 3
    assert tries == 1
    assert len(caplog.records) == 1
    assert "pip install 'otel-discord[charts]' (No module named 'matplotlib'); alerts show a line" in caplog.text


async def test_a_failure_is_said_once_and_the_next_is_tried(caplog: pytest.LogCaptureFixture) -> None:
    outcomes: list[BaseException | bytes] = [ValueError("odd"), ValueError("odd"), MemoryError(), b"png"]

    def draw(plan: ChartPlan) -> bytes:
        outcome = outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    async with Charting(draw=draw) as charts:
        assert [await charts.draw(PLAN) for _ in range(4)] == [None, None, None, b"png"]
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert "ValueError('odd')" in caplog.text


async def test_what_takes_too_long_is_left_and_the_next_waits_for_it(caplog: pytest.LogCaptureFixture) -> None:
    gate, begun = threading.Event(), 0

    def draw(plan: ChartPlan) -> bytes:
        nonlocal begun
        begun += 1
        gate.wait(10)
        return b"png"

    async with Charting(draw=draw, deadline_s=0.05) as charts:
        assert await asyncio.gather(*(charts.draw(PLAN) for _ in range(4))) == [None] * 4
        assert begun == 1
        gate.set()
        async with asyncio.timeout(5):
            while await charts.draw(PLAN) is None:
                await asyncio.sleep(0.01)
    assert len(caplog.records) == 1
    assert "not drawn within 0.05 s" in caplog.text


async def test_cancelled_is_cancelled() -> None:
    gate = threading.Event()

    def draw(plan: ChartPlan) -> bytes:
        gate.wait(10)
        return b"png"

    async with Charting(draw=draw) as charts:
        task = asyncio.ensure_future(charts.draw(PLAN))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gate.set()


async def test_the_end_waits_for_what_is_under_way_and_draws_no_more() -> None:
    ended = threading.Event()

    def draw(plan: ChartPlan) -> bytes:
        threading.Event().wait(0.05)
        ended.set()
        return b"png"

    charting = Charting(draw=draw)
    assert await charting.draw(PLAN) is None
    async with charting as charts:
        task = asyncio.ensure_future(charts.draw(PLAN))
        await asyncio.sleep(0.01)
    assert ended.is_set()
    assert await task == b"png"
    assert await charting.draw(PLAN) is None


async def test_no_charts_draws_nothing() -> None:
    assert await NoCharts().draw(PLAN) is None


async def test_warmed_up_it_is_loaded_once_and_not_where_it_is_closed() -> None:
    charting = Charting(deadline_s=30)
    charting.warm_up()
    async with charting as charts:
        charts.warm_up()
        charts.warm_up()
        assert await charts.draw(PLAN) is not None
    charting.warm_up()
    NoCharts().warm_up()


async def test_while_a_drawing_hangs_nothing_waits_for_it() -> None:
    gate = threading.Event()

    def draw(plan: ChartPlan) -> bytes:
        gate.wait(10)
        return b"png"

    async with Charting(draw=draw, deadline_s=0.2) as charts:
        loop = asyncio.get_running_loop()
        assert await charts.draw(PLAN) is None
        began_s = loop.time()
        assert [await charts.draw(PLAN) for _ in range(20)] == [None] * 20
        assert loop.time() - began_s < 0.2
        gate.set()
