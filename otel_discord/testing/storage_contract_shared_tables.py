"""What every storage whose tables several processes share must do, as a class of tests to inherit.

class TestMySharedTables(SharedTablesContract):
    @asynccontextmanager
    async def replicas(self):
        async with opened() as one, opened() as two:
            yield one, two
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from otel_discord.component.errors import ShutdownError
from otel_discord.component.state_table import SharedTable, SharesTables
from otel_discord.testing.expect import raises

OWNER = "run_channels/ci"


class SharedTablesContract:
    """Inherit, and say in :meth:`replicas` how to make two."""

    def replicas(self) -> AbstractAsyncContextManager[tuple[SharesTables, SharesTables]]:
        """Return the lifetime of two processes' storages in one place that holds nothing yet."""
        raise NotImplementedError

    @asynccontextmanager
    async def tables(self) -> AsyncIterator[tuple[SharedTable, SharedTable]]:
        """Open a table that holds nothing yet on both."""
        async with (
            self.replicas() as (one, two),
            one.open_shared_table(OWNER) as mine,
            two.open_shared_table(OWNER) as theirs,
        ):
            yield mine, theirs

    async def test_they_say_that_they_share(self) -> None:
        """By methods and word, as who looks for one checks it."""
        async with self.replicas() as pair:
            found: list[object] = list(pair)
            assert all(isinstance(each, SharesTables) for each in found)
            assert [each.is_shared for each in pair] == [True, True]

    async def test_what_one_stores_the_other_sees(self) -> None:
        """Changes are told once, with the latest value of each key, and None for what is gone."""
        async with self.tables() as (mine, theirs):
            await mine.put({"a": b"1", "b": b"2"})
            first = await theirs.changes(-1)
            assert (dict(first.values), first.is_all) == ({"a": b"1", "b": b"2"}, True)
            none = await theirs.changes(first.version)
            assert (none.version, dict(none.values), none.is_all) == (first.version, {}, False)
            await mine.put({"a": None, "c": b"3"})
            await theirs.put({"c": b"4"})
            assert await mine.swap("d", None, b"5")
            assert not await theirs.swap("d", None, b"6")
            for table in (mine, theirs):
                then = await table.changes(first.version)
                assert (dict(then.values), then.is_all) == ({"a": None, "c": b"4", "d": b"5"}, False)
                assert dict(await table.items()) == {"b": b"2", "c": b"4", "d": b"5"}
                assert (await table.changes(then.version)).version == then.version

    async def test_of_many_that_swap_at_once_one_wins(self) -> None:
        """On whichever replica."""
        async with self.tables() as (mine, theirs):
            async with asyncio.TaskGroup() as group:
                tries = [
                    group.create_task(table.swap("key", None, b"%d" % number))
                    for number, table in enumerate((mine, theirs) * 5)
                ]
            won = [number for number, attempt in enumerate(tries) if attempt.result()]
            assert len(won) == 1
            assert await mine.get("key") == b"%d" % won[0]

    async def test_of_changes_that_come_together_none_is_missed(self) -> None:
        """Whoever follows by versions ends with what is there."""
        async with self.tables() as (mine, theirs):
            known: dict[str, bytes | None] = {}

            async def follow() -> None:
                version = -1
                while "last" not in known:
                    changes = await theirs.changes(version)
                    known.update(changes.values)
                    version = changes.version
                    await asyncio.sleep(0.01)

            async def write(table_number: int) -> None:
                table = (mine, theirs)[table_number % 2]
                for number in range(10):
                    await table.put({f"{table_number} {number}": b"%d" % number, "same": b"%d" % table_number})

            async with asyncio.TaskGroup() as group:
                following = group.create_task(follow())
                async with asyncio.TaskGroup() as writers:
                    for number in range(4):
                        writers.create_task(write(number))
                await mine.put({"last": b""})
                async with asyncio.timeout(10):
                    await following
            assert known == dict(await mine.items())

    async def test_one_leads_at_a_time(self) -> None:
        """The next one when the first has ended; what the first had then stores nothing any more."""
        async with self.tables() as (mine, theirs):
            async with mine.lead() as lead:
                assert lead.certain_s > 0
                await lead.table.put({"a": b"1"})
                waiting = asyncio.create_task(self._led_once(theirs))
                await asyncio.wait([waiting], timeout=1.2)
                assert not waiting.done()
                assert (await theirs.changes(-1)).values == {"a": b"1"}
            async with asyncio.timeout(5):
                await waiting
            assert await mine.get("a") == b"2"
            with raises(ShutdownError):
                await lead.table.put({"a": b"3"})

    @staticmethod
    async def _led_once(table: SharedTable) -> None:
        async with table.lead() as lead:
            assert await lead.table.swap("a", b"1", b"2")
