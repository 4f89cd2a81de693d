"""What every storage that keeps tables must do, as a class of tests to inherit.

    class TestMyTables(TablesContract):
        @asynccontextmanager
        async def tables(self):
            yield MyStorage(...)

It may be inherited together with :class:`~otel_discord.testing.storage_contract.StorageContract`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Final, TypeAlias

from otel_discord.component.errors import ShutdownError, StartError
from otel_discord.component.state_table import KeepsTables, StateTable
from otel_discord.testing.expect import raises

OWNER: Final = "run_channels/ci"
BYTES: Final = bytes(range(256))

Reopen: TypeAlias = Callable[[], AbstractAsyncContextManager[KeepsTables]]
"""Opens the storage of one place; each time as a new process would, if the storage survives one."""


class TablesContract:
    """Inherit, and say in :meth:`tables` how to make one."""

    def tables(self) -> AbstractAsyncContextManager[KeepsTables]:
        """Return the lifetime of a storage that holds nothing yet."""
        raise NotImplementedError

    @asynccontextmanager
    async def place_of_tables(self) -> AsyncIterator[Reopen]:
        """Yield what opens the storage of one place, which holds nothing yet, again and again, one at a time.

        Override this for a storage that survives its process.
        """
        async with self.tables() as storage:
            yield lambda: nullcontext(storage)

    @asynccontextmanager
    async def table(self) -> AsyncIterator[StateTable]:
        """Open a table of a new storage."""
        async with self.tables() as storage, storage.open_table(OWNER) as table:
            yield table

    async def test_a_storage_says_that_it_keeps_tables(self) -> None:
        """By its methods, as who looks for one checks it."""
        async with self.tables() as storage:
            assert isinstance(storage, KeepsTables)

    async def test_values_are_kept_by_key(self) -> None:
        """Any bytes under any text; the last one counts, None removes."""
        async with self.table() as table:
            assert dict(await table.items()) == {}
            assert await table.get("never") is None
            await table.put({"a": BYTES, "": b"", "böse/🙂 '\"%_": b"x" * 100_000})
            await table.put({"a": b"2", "b": b"3", "never": None})
            await table.put({"b": None})
            await table.put({})
            assert dict(await table.items()) == {"a": b"2", "": b"", "böse/🙂 '\"%_": b"x" * 100_000}
            assert [await table.get(key) for key in ("a", "", "b")] == [b"2", b"", None]

    async def test_what_was_read_does_not_change(self) -> None:
        """It is what was there then."""
        async with self.table() as table:
            await table.put({"a": b"1"})
            before = await table.items()
            await table.put({"a": None, "b": b"2"})
            assert dict(before) == {"a": b"1"}

    async def test_many_values_change_in_one_step(self) -> None:
        """More than a statement takes parameters."""
        async with self.table() as table:
            many = {f"key {number}": b"%d" % number for number in range(3000)}
            await table.put(many)
            assert dict(await table.items()) == many
            odd = {key: None for number, key in enumerate(many) if number % 2}
            await table.put(odd)
            assert (await table.items()).keys() == many.keys() - odd.keys()

    async def test_a_value_is_swapped_only_if_it_is_as_expected(self) -> None:
        """Empty is not none, and what was refused has changed nothing."""
        async with self.table() as table:
            for expected, value, is_done, then in [
                (b"", b"x", False, None),
                (None, None, True, None),
                (None, b"1", True, b"1"),
                (None, b"2", False, b"1"),
                (b"2", None, False, b"1"),
                (b"1", b"1", True, b"1"),
                (b"1", b"", True, b""),
                (None, b"3", False, b""),
                (b"", BYTES, True, BYTES),
                (BYTES, None, True, None),
            ]:
                assert await table.swap("key", expected, value) is is_done, (expected, value)
                assert await table.get("key") == then
                assert (await table.items()).get("key") == then

    async def test_of_many_that_swap_at_once_one_wins(self) -> None:
        """Whoever else expected the same hears that it was not so."""
        async with self.table() as table, asyncio.TaskGroup() as group:
            attempts = [group.create_task(table.swap("key", None, b"%d" % number)) for number in range(20)]
            won = [number for number, attempt in enumerate(attempts) if await attempt]
            assert len(won) == 1
            assert await table.get("key") == b"%d" % won[0]

    async def test_owners_do_not_see_each_other(self) -> None:
        """Neither those whose name begins alike."""
        async with self.tables() as storage, storage.open_table("a") as one, storage.open_table("a/b") as two:
            await one.put({"b/key": b"1", "key": b"1"})
            await two.put({"key": b"2"})
            assert await one.swap("key", b"1", None)
            assert dict(await one.items()) == {"b/key": b"1"}
            assert dict(await two.items()) == {"key": b"2"}

    async def test_a_table_is_opened_once_at_a_time(self) -> None:
        """The second hears whose it is; after the first has ended it goes on with what was left."""
        async with self.tables() as storage:
            async with storage.open_table(OWNER) as table:
                await table.put({"key": b"1"})
                with raises(StartError):
                    async with storage.open_table(OWNER):
                        pass
                assert await table.get("key") == b"1"
            async with storage.open_table(OWNER) as again:
                assert dict(await again.items()) == {"key": b"1"}

    async def test_a_closed_table_says_so(self) -> None:
        """And nothing changes by it."""
        async with self.tables() as storage:
            async with storage.open_table(OWNER) as table:
                await table.put({"key": b"1"})
            with raises(ShutdownError):
                await table.put({"key": b"2"})
            with raises(ShutdownError):
                await table.swap("key", b"1", b"2")
            with raises(ShutdownError):
                await table.get("key")
            with raises(ShutdownError):
                await table.items()
            async with storage.open_table(OWNER) as again:
                assert await again.get("key") == b"1"

    async def test_values_outlive_a_run(self) -> None:
        """Each as it was stored last."""
        async with self.place_of_tables() as reopen:
            async with reopen() as storage, storage.open_table(OWNER) as table:
                await table.put({"a": BYTES * 99, "b": b"1", "c": b""})
                await table.swap("b", b"1", b"2")
                await table.put({"c": None})
            async with reopen() as storage, storage.open_table(OWNER) as table:
                assert dict(await table.items()) == {"a": BYTES * 99, "b": b"2"}

    async def test_a_change_that_was_cancelled_is_whole_or_was_not(self) -> None:
        """And the table goes on to be used."""
        async with self.table() as table, asyncio.TaskGroup() as group:
            for pauses in range(6):
                changing = group.create_task(table.put({f"{pauses} a": b"", f"{pauses} b": b""}))
                for _ in range(pauses):
                    await asyncio.sleep(0)
                changing.cancel()
                await asyncio.wait([changing])
            await table.put({"last": b""})
            found = (await table.items()).keys() - {"last"}
            assert {key[0] for key in found if key.endswith("a")} == {key[0] for key in found if key.endswith("b")}
