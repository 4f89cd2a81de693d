"""Tables of state on the relational model: damage, a disk that fails, and what shares the rows."""

import asyncio

import pytest

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.store.operations_tables import owner_of_table
from otel_discord.store.relational_table import RelationalTable
from otel_discord.testing.storage_contract import ROOMY
from tests.store.sqlite_database import SqliteStorage

pytestmark = pytest.mark.looptime
DAMAGE = "UPDATE state SET payload = CAST('x' AS BLOB) || payload WHERE key = ?"


async def test_damaged_values_are_left_out_forgotten_and_counted(caplog):
    storage = SqliteStorage()
    async with storage.open_table("runs") as table:
        await table.put({"a": b"1", "b": b"2", "c": b"3"})
        storage.database.damage(DAMAGE, "a")
        storage.database.damage("UPDATE state SET key = 'z' WHERE key = 'b'")
        assert dict(await table.items()) == {"c": b"3"}
        assert storage.damaged == 2
        assert "'a' is damaged" in caplog.text
        assert "'z' is damaged" in caplog.text
        assert dict(await table.items()) == {"c": b"3"}
        assert storage.damaged == 2
        assert len(storage.database.rows("state")) == 1


async def test_a_damaged_value_is_none(caplog):
    storage = SqliteStorage()
    async with storage.open_table("runs") as table:
        await table.put({"key": b"secret"})
        storage.database.damage(DAMAGE, "key")
        assert await table.get("key") is None
        assert storage.damaged == 1
        assert "secret" not in caplog.text
        assert storage.database.rows("state") == []


@pytest.mark.parametrize(("expected", "is_done", "then"), [(None, True, b"new"), (b"old", False, None)])
async def test_a_damaged_value_is_swapped_like_none(expected, is_done, then):
    storage = SqliteStorage()
    async with storage.open_table("runs") as table:
        await table.put({"key": b"old"})
        storage.database.damage(DAMAGE, "key")
        assert await table.swap("key", expected, b"new") is is_done
        assert storage.damaged == 1
        assert await table.get("key") == then


async def test_a_value_stored_anew_meanwhile_is_not_forgotten():
    storage = SqliteStorage()
    async with storage.open_table("runs") as table:
        await table.put({"key": b"old"})
        storage.database.damage(DAMAGE, "key")
        storage.database.gate = asyncio.Event()
        storage.database.held = lambda work: work.name == "table_items"
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(table.items())
            await asyncio.sleep(0)
            group.create_task(table.put({"key": b"new"}))
            await asyncio.sleep(1)
            storage.database.gate.set()
            assert dict(await reading) == {}
        assert await table.get("key") == b"new"
        assert storage.damaged == 0


async def _put(table: RelationalTable) -> None:
    await table.put({"key": b"new", "other": None, "more": b""})


async def _swap(table: RelationalTable) -> None:
    await table.swap("key", b"old", b"new")


@pytest.mark.parametrize("change", [_put, _swap])
async def test_a_full_disk_is_said_at_once_and_nothing_has_changed(change):
    storage = SqliteStorage()
    async with storage.open_table("runs") as table:
        await table.put({"key": b"old", "other": b"1"})
        storage.database.refuse = lambda work: True
        loop = asyncio.get_running_loop()
        before_s = loop.time()
        with pytest.raises(RetryableError) as refusal:
            await change(table)
        assert refusal.value.reason == "disk_full"
        assert loop.time() - before_s < 1
        storage.database.refuse = lambda work: False
        assert dict(await table.items()) == {"key": b"old", "other": b"1"}


async def test_nothing_is_written_for_nothing():
    storage = SqliteStorage()
    async with storage.open_table("runs") as table:
        storage.database.ran.clear()
        await table.put({})
        assert storage.database.ran == []


async def test_what_the_caller_changes_meanwhile_is_not_stored():
    storage = SqliteStorage()
    async with storage.open_table("runs") as table, asyncio.TaskGroup() as group:
        changes: dict[str, bytes | None] = {"a": b"1"}
        putting = group.create_task(table.put(changes))
        await asyncio.sleep(0)
        changes["b"] = b"2"
        await putting
        assert dict(await table.items()) == {"a": b"1"}


async def test_a_closed_database_is_said():
    storage = SqliteStorage()
    async with storage.open_table("runs") as table:
        storage.database.closed = True
        with pytest.raises(ShutdownError):
            await table.put({"a": b""})


async def test_a_queue_of_the_same_name_is_another_owner():
    storage = SqliteStorage()
    async with storage.open_table("discord/logs") as table, storage.open_queue("discord/logs", ROOMY) as queue:
        await table.put({"key": b"table"})
        await queue.set_state("key", b"queue")
        assert dict(await table.items()) == {"key": b"table"}
        await table.put({"key": None})
        assert await queue.get_state("key") == b"queue"
    assert ":" in owner_of_table("discord/logs").split("/", maxsplit=1)[0]
