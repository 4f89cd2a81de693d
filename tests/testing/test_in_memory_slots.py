"""Slots in memory keep the contract, and what a killed replica had is its own until the lease is over."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.testing.in_memory_slots import InMemorySlots
from otel_discord.testing.slots_contract import KeepsSlots, SlotsContract
from otel_discord.testing.storage_contract_base import ROOMY


class TestInMemorySlots(SlotsContract):
    @asynccontextmanager
    async def replicas(self) -> AsyncIterator[Sequence[KeepsSlots]]:
        shared = InMemorySlots()
        yield [shared.storage(name) for name in "abc"]


@pytest.mark.looptime
async def test_who_is_killed_stores_nothing_more() -> None:
    shared = InMemorySlots(lease_s=3)
    first, second = shared.storage("first"), shared.storage("second")
    async with first.open_slot("o", ROOMY) as one:
        await one.set_state("fires", b"1")
        shared.crash("first")
        with pytest.raises(ShutdownError):
            await one.set_state("fires", b"2")
        assert not await second.left_slots("o", "fires")
        await asyncio.sleep(3)
        (left,) = await second.left_slots("o", "fires")
    async with second.adopt_slot(left, ROOMY) as queue:
        assert queue is not None
        assert await queue.get_state("fires") == b"1"
        shared.is_away = True
        with pytest.raises(RetryableError):
            await queue.get_state("fires")
