"""Slots: what each replica keeps for itself is found by who comes after it."""

from contextlib import AsyncExitStack
from pathlib import Path

from otel_discord.testing.storage_contract_base import ROOMY
from tests.extensions.db_storage.server import Server
from tests.extensions.db_storage.test_lease import opened

OWNER = "threshold/alerts"


async def test_each_replica_has_one_and_the_next_finds_what_was_left(
    server: Server, schema: str, tmp_path: Path
) -> None:
    async with (
        opened(server, schema, tmp_path, "60s") as first,
        opened(server, schema, tmp_path, "60s") as second,
        opened(server, schema, tmp_path, "60s") as third,
        AsyncExitStack() as stack,
    ):
        one = await stack.enter_async_context(first.open_slot(OWNER, ROOMY))
        await one.set_state("fires", b"1")
        async with second.open_slot(OWNER, ROOMY) as two:
            assert await two.get_state("fires") is None
            await two.set_state("fires", b"2")
            async with third.open_slot(OWNER, ROOMY) as three:
                assert await three.get_state("fires") is None
        async with third.open_slot(OWNER, ROOMY) as again:
            assert await again.get_state("fires") == b"2"
        assert await one.get_state("fires") == b"1"


async def test_one_process_may_have_several(server: Server, schema: str, tmp_path: Path) -> None:
    async with (
        opened(server, schema, tmp_path, "60s") as storage,
        storage.open_slot(OWNER, ROOMY) as one,
        storage.open_slot(OWNER, ROOMY) as two,
    ):
        await one.set_state("fires", b"1")
        assert await two.get_state("fires") is None


async def test_what_a_single_process_had_is_in_the_first(server: Server, schema: str, tmp_path: Path) -> None:
    async with opened(server, schema, tmp_path, "60s") as storage:
        async with storage.open_queue(OWNER, ROOMY) as queue:
            await queue.set_state("fires", b"1")
        async with storage.open_slot(OWNER, ROOMY) as slot:
            assert await slot.get_state("fires") == b"1"
