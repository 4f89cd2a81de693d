"""Slots: what each replica keeps for itself is found by who comes after it, and by those that live."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from otel_discord.component.errors import RetryableError
from otel_discord.component.left_slots import LeftSlot
from otel_discord.testing.slots_contract import KeepsSlots, SlotsContract
from otel_discord.testing.storage_contract_base import ROOMY
from tests.extensions.db_storage.fleet_place import Place, storage_at
from tests.extensions.db_storage.proxy import Proxy
from tests.extensions.db_storage.server import Server
from tests.extensions.db_storage.test_lease import opened

OWNER = "threshold/alerts"


class TestSlots(SlotsContract):
    @pytest.fixture(autouse=True)
    def _at(self, server: Server, schema: str, tmp_path: Path) -> None:
        self._place = server, schema, tmp_path

    @asynccontextmanager
    async def replicas(self) -> AsyncIterator[Sequence[KeepsSlots]]:
        async with AsyncExitStack() as stack:
            yield [await stack.enter_async_context(opened(*self._place, "60s")) for _ in range(3)]


async def test_one_process_may_have_several(server: Server, schema: str, tmp_path: Path) -> None:
    async with (
        opened(server, schema, tmp_path, "60s") as storage,
        storage.open_slot(OWNER, ROOMY) as one,
        storage.open_slot(OWNER, ROOMY) as two,
    ):
        await one.set_state("fires", b"1")
        assert await two.get_state("fires") is None
        assert not await storage.left_slots(OWNER, "fires")
        async with storage.adopt_slot(LeftSlot(OWNER, 1), ROOMY) as own:
            assert own is None


async def test_what_a_single_process_had_is_in_the_first(server: Server, schema: str, tmp_path: Path) -> None:
    async with opened(server, schema, tmp_path, "60s") as storage:
        async with storage.open_queue(OWNER, ROOMY) as queue:
            await queue.set_state("fires", b"1")
        async with storage.open_slot(OWNER, ROOMY) as slot:
            assert await slot.get_state("fires") == b"1"


async def test_only_slots_are_left(server: Server, schema: str, tmp_path: Path) -> None:
    async with opened(server, schema, tmp_path, "60s") as storage:
        for name in (OWNER, f"{OWNER}@2", f"{OWNER}@12", f"{OWNER}@x", f"{OWNER}2", "other"):
            async with storage.open_queue(name, ROOMY) as queue:
                await queue.set_state("fires", b"1")
        left = await storage.left_slots(OWNER, "fires")
        assert sorted(slot.owner for slot in left) == [OWNER, f"{OWNER}@12", f"{OWNER}@2"]


async def test_a_server_that_is_away_is_asked_another_time(server: Server, schema: str, tmp_path: Path) -> None:
    proxy = Proxy(server.port)
    async with proxy.opened(), storage_at(Place(server.port, schema, tmp_path, lease_s=10.0), proxy.url) as storage:
        async with storage.open_queue(OWNER, ROOMY) as queue:
            await queue.set_state("fires", b"1")
        (left,) = await storage.left_slots(OWNER, "fires")
        proxy.cut_off()
        with pytest.raises(RetryableError, match="cannot be looked at"):
            await storage.left_slots(OWNER, "fires")
        with pytest.raises(RetryableError, match="cannot be opened"):
            async with storage.adopt_slot(left, ROOMY):
                pass
        proxy.let_back()
