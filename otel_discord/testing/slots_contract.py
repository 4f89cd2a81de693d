"""What every storage must do that keeps slots for replicas, as a class of tests to inherit.

:meth:`SlotsContract.replicas` says where the storages of three replicas come from; the clock may be real or virtual.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Final, Protocol

import pytest

from otel_discord.component.fleet import OffersSlots
from otel_discord.component.left_slots import AdoptsSlots
from otel_discord.testing.storage_contract_base import ROOMY

_OWNER: Final = "threshold/alerts"


class KeepsSlots(OffersSlots, AdoptsSlots, Protocol):
    """The storage of one replica."""


class SlotsContract:
    """Inherit, and say in :meth:`replicas` how to make them."""

    def replicas(self) -> AbstractAsyncContextManager[Sequence[KeepsSlots]]:
        """Return the lifetime of three replicas' storages at one place, where nothing is stored yet."""
        raise NotImplementedError

    async def test_each_replica_has_one_and_the_next_finds_what_was_left(self) -> None:
        """What a replica kept is found by who opens a slot after it."""
        async with self.replicas() as (first, second, third), first.open_slot(_OWNER, ROOMY) as one:
            await one.set_state("fires", b"1")
            async with second.open_slot(_OWNER, ROOMY) as two:
                assert await two.get_state("fires") is None
                await two.set_state("fires", b"2")
                async with third.open_slot(_OWNER, ROOMY) as three:
                    assert await three.get_state("fires") is None
            async with third.open_slot(_OWNER, ROOMY) as again:
                assert await again.get_state("fires") == b"2"
            assert await one.get_state("fires") == b"1"

    async def test_what_is_left_is_found_by_those_that_live(self) -> None:
        """As long as it has a value under the key that is asked for."""
        async with self.replicas() as (first, second, third), AsyncExitStack() as stack:
            one = await stack.enter_async_context(first.open_slot(_OWNER, ROOMY))
            await one.set_state("fires", b"1")
            async with second.open_slot(_OWNER, ROOMY) as two, third.open_slot(_OWNER, ROOMY) as three:
                await two.set_state("fires", b"2")
                await three.set_state("other", b"3")
                assert not await first.left_slots(_OWNER, "fires")
            for storage in (first, third):
                (left,) = await storage.left_slots(_OWNER, "fires")
            assert not await first.left_slots("threshold", "fires")
            async with third.adopt_slot(left, ROOMY) as queue:
                assert queue is not None
                assert await queue.get_state("fires") == b"2"
                assert not await first.left_slots(_OWNER, "fires")
                async with first.adopt_slot(left, ROOMY) as taken:
                    assert taken is None
            (again,) = await first.left_slots(_OWNER, "fires")
            assert again != left
            async with first.adopt_slot(left, ROOMY) as taken:
                assert taken is None  # somebody has had it since
            (again,) = await first.left_slots(_OWNER, "fires")
            async with first.adopt_slot(again, ROOMY) as queue:
                assert queue is not None
                await queue.set_state("fires", None)
            assert not await first.left_slots(_OWNER, "fires")
            assert await one.get_state("fires") == b"1"

    async def test_who_starts_may_have_it_as_well(self) -> None:
        """Then it is not left any more."""
        async with self.replicas() as (first, second, _):
            async with first.open_slot(_OWNER, ROOMY) as one:
                await one.set_state("fires", b"1")
            (left,) = await second.left_slots(_OWNER, "fires")
            async with first.open_slot(_OWNER, ROOMY) as one:
                assert await one.get_state("fires") == b"1"
                assert not await second.left_slots(_OWNER, "fires")
                async with second.adopt_slot(left, ROOMY) as taken:
                    assert taken is None

    async def test_a_block_that_fails_gives_it_back(self) -> None:
        """So that it is found again."""
        async with self.replicas() as (first, second, _):
            async with first.open_slot(_OWNER, ROOMY) as one:
                await one.set_state("fires", b"1")
            (left,) = await second.left_slots(_OWNER, "fires")
            with pytest.raises(ValueError, match="oh"):
                async with second.adopt_slot(left, ROOMY):
                    raise ValueError("oh")
            assert len(await second.left_slots(_OWNER, "fires")) == 1
