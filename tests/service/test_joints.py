"""What is behind a joint is exchanged while data passes: nothing is lost, doubled or kept waiting for long."""

import asyncio
from typing import Any

import pytest

from otel_discord.component import ACCEPTED, Receipt, RetryableError, ShutdownError
from otel_discord.service.joints import PATIENCE_S, Gate, Outlet
from otel_discord.signals import Batch


class Place:
    def __init__(self, takes_s: float = 0, error: Exception | None = None) -> None:
        self.received: list[Batch] = []
        self.takes_s = takes_s
        self.error = error

    async def consume(self, batch: Batch) -> Receipt:
        await asyncio.sleep(self.takes_s)
        if self.error is not None:
            raise self.error
        self.received.append(batch)
        return ACCEPTED


@pytest.mark.looptime
async def test_an_outlet_points_elsewhere_in_one_step(make_batch: Any) -> None:
    first, second = Place(takes_s=3), Place()
    outlet = Outlet(first)
    under_way = asyncio.create_task(outlet.consume(make_batch(1)))
    await asyncio.sleep(1)
    outlet.point(second)
    await outlet.consume(make_batch(1))
    assert len(second.received) == 1
    assert await under_way == ACCEPTED
    assert len(first.received) == 1


async def test_without_a_component_a_gate_refuses(make_batch: Any) -> None:
    with pytest.raises(ShutdownError, match="exporter:a is not running"):
        await Gate("exporter:a", asks_again=True).consume(make_batch(1))


@pytest.mark.looptime
@pytest.mark.parametrize("asks_again", [True, False])
async def test_what_comes_to_a_shut_gate_waits_for_the_successor(make_batch: Any, asks_again: bool) -> None:
    gate, successor = Gate("exporter:a", asks_again=asks_again), Place()
    gate.open(Place())
    gate.shut()
    waiting = [asyncio.create_task(gate.consume(make_batch(1))) for _ in range(3)]
    await asyncio.sleep(PATIENCE_S - 0.1)
    assert not any(task.done() for task in waiting)
    gate.open(successor)
    assert await asyncio.gather(*waiting) == [ACCEPTED] * 3
    assert len(successor.received) == 3


@pytest.mark.looptime
async def test_it_does_not_wait_for_long(make_batch: Any) -> None:
    gate = Gate("exporter:a", asks_again=True)
    gate.shut()
    started_s = asyncio.get_running_loop().time()
    with pytest.raises(ShutdownError, match="exporter:a is being exchanged") as caught:
        await gate.consume(make_batch(1))
    assert asyncio.get_running_loop().time() - started_s == PATIENCE_S
    assert caught.value.retry_after_s


@pytest.mark.looptime
async def test_nobody_comes(make_batch: Any) -> None:
    gate = Gate("exporter:a", asks_again=True)
    gate.shut()
    waiting = asyncio.create_task(gate.consume(make_batch(1)))
    await asyncio.sleep(1)
    gate.give_up()
    with pytest.raises(ShutdownError, match="not running"):
        await waiting
    assert asyncio.get_running_loop().time() < PATIENCE_S


@pytest.mark.looptime
async def test_what_the_leaving_exporter_refuses_goes_to_its_successor(make_batch: Any) -> None:
    gate, leaving, successor = Gate("exporter:a", asks_again=True), Place(), Place()
    gate.open(leaving)
    gate.await_successor()
    await gate.consume(make_batch(1))
    assert len(leaving.received) == 1
    leaving.error = ShutdownError("closing")
    waiting = asyncio.create_task(gate.consume(make_batch(1)))
    await asyncio.sleep(1)
    gate.shut()
    await asyncio.sleep(1)
    gate.open(successor)
    assert await waiting == ACCEPTED
    assert (len(leaving.received), len(successor.received)) == (1, 1)


@pytest.mark.looptime
async def test_a_refusal_that_comes_after_the_exchange_is_asked_again_too(make_batch: Any) -> None:
    gate, leaving, successor = Gate("exporter:a", asks_again=True), Place(2, ShutdownError("closing")), Place()
    gate.open(leaving)
    waiting = asyncio.create_task(gate.consume(make_batch(1)))
    await asyncio.sleep(1)
    gate.shut()
    gate.open(successor)
    assert await waiting == ACCEPTED
    assert len(successor.received) == 1


@pytest.mark.looptime
@pytest.mark.parametrize(
    ("asks_again", "error"), [(False, ShutdownError("closing")), (True, RetryableError("full")), (True, OSError("no"))]
)
async def test_other_refusals_go_back(make_batch: Any, asks_again: bool, error: Exception) -> None:
    gate = Gate("exporter:a", asks_again=asks_again)
    gate.open(Place(error=error))
    gate.await_successor()
    with pytest.raises(type(error), match=str(error)):
        await gate.consume(make_batch(1))


@pytest.mark.looptime
async def test_an_exporter_that_simply_ends_is_not_waited_for(make_batch: Any) -> None:
    gate = Gate("exporter:a", asks_again=True)
    gate.open(Place(error=ShutdownError("closing")))
    with pytest.raises(ShutdownError, match="closing"):
        await gate.consume(make_batch(1))
    assert asyncio.get_running_loop().time() == 0


@pytest.mark.looptime
async def test_calls_inside_are_waited_for(make_batch: Any) -> None:
    gate = Gate("processor:a", asks_again=False)
    gate.open(Place(takes_s=2))
    before = gate.entrance
    assert before is not None
    assert await before.empty(0)
    inside = asyncio.create_task(gate.consume(make_batch(1)))
    await asyncio.sleep(0.5)
    gate.open(Place())
    assert not await before.empty(1)
    assert await before.empty(1)
    assert inside.done()


@pytest.mark.looptime
async def test_a_call_that_is_cancelled_has_left(make_batch: Any) -> None:
    gate = Gate("processor:a", asks_again=False)
    gate.open(Place(takes_s=60))
    assert gate.entrance is not None
    inside = asyncio.create_task(gate.consume(make_batch(1)))
    await asyncio.sleep(1)
    inside.cancel()
    assert await gate.entrance.empty(0.1)
    with pytest.raises(asyncio.CancelledError):
        await inside
