"""Whose a queue is: one process at a time, and one that was away too long stores nothing any more."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from otel_discord.component import Status
from otel_discord.component.errors import RetryableError, ShutdownError, StartError
from otel_discord.config import Secret
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import OWNER, ROOMY
from otel_discord.testing.telemetry import settings
from tests.extensions.db_storage.fleet_place import Place, storage_at
from tests.extensions.db_storage.proxy import Proxy
from tests.extensions.db_storage.server import Server

HOLDER = Path(__file__).with_name("holder.py")
ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def opened(
    server: Server, schema: str, directory: Path, lease: str, host: NopHost | None = None
) -> AsyncIterator[DbStorage]:
    config = DbStorageConfig(datasource=Secret(server.url), schema_name=schema, directory=directory, lease=lease)
    storage = DbStorage(settings("db_storage"), config)
    async with storage.lifespan(host or NopHost()):
        yield storage


def fence_of(server: Server, schema: str) -> int:
    with psycopg.connect(server.url) as connection:
        row = connection.execute(f"SELECT fence FROM {schema}.leases WHERE name = %s", (OWNER,)).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_queue_in_use_is_waited_for_and_then_refused(server: Server, schema: str, tmp_path: Path) -> None:
    async with (
        opened(server, schema, tmp_path, "1s") as one,
        opened(server, schema, tmp_path, "1s") as two,
        one.open_queue(OWNER, ROOMY) as queue,
    ):
        with pytest.raises(StartError, match=f"discord/logs is in use by .* process {os.getpid()}"):
            async with two.open_queue(OWNER, ROOMY):
                pass
        await queue.put(logs_batch())  # nobody has disturbed it
        async with two.open_table("other") as table:
            await table.put({"a": b""})


async def test_a_queue_given_back_is_free_at_once(server: Server, schema: str, tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with opened(server, schema, tmp_path, "60s") as one, opened(server, schema, tmp_path, "60s") as two:
        async with one.open_queue(OWNER, ROOMY) as queue:
            await queue.put(logs_batch())
        begun_s = loop.time()
        async with two.open_queue(OWNER, ROOMY) as queue:
            assert queue.size == 1
        assert loop.time() - begun_s < 5
    assert fence_of(server, schema) == 2


async def test_a_lost_lease_closes_the_queue_with_words(server: Server, schema: str, tmp_path: Path) -> None:
    host = NopHost()
    async with (
        opened(server, schema, tmp_path, "60s", host) as storage,
        storage.open_queue(OWNER, ROOMY) as queue,
        storage.open_queue("other/logs", ROOMY) as other,
    ):
        await queue.put(logs_batch())
        with psycopg.connect(server.url, autocommit=True) as thief:
            thief.execute(
                f"UPDATE {schema}.leases SET fence = fence + 1, holder = 'somebody' WHERE name = %s", (OWNER,)
            )
        with pytest.raises(ShutdownError, match="taken over by somebody") as late:
            await queue.put(logs_batch())
        assert late.value.reason == "late"
        with pytest.raises(ShutdownError):
            await queue.take()
        assert host.statuses[-1] is Status.RECOVERABLE
        await other.put(logs_batch())
    with psycopg.connect(server.url) as connection:
        assert connection.execute(f"SELECT count(*) FROM {schema}.batches").fetchone() == (2,)
        row = connection.execute(f"SELECT holder FROM {schema}.leases WHERE name = %s", (OWNER,)).fetchone()
        assert row == ("somebody",)


async def test_a_lease_that_is_over_is_kept_if_nobody_took_it(server: Server, schema: str, tmp_path: Path) -> None:
    async with opened(server, schema, tmp_path, "60s") as storage, storage.open_queue(OWNER, ROOMY) as queue:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"UPDATE {schema}.leases SET until = now() - interval '1 hour'")
        await queue.put(logs_batch())
        assert queue.size == 1


async def test_a_transaction_that_is_silent_does_not_keep_the_queue(
    server: Server, schema: str, tmp_path: Path
) -> None:
    """It holds the lease's row, as that of a process does which was paused in the middle of what it says."""
    async with opened(server, schema, tmp_path, "1s") as storage:
        async with storage.open_queue(OWNER, ROOMY) as queue:
            await queue.put(logs_batch())
        with psycopg.connect(server.url) as silent:
            silent.execute(f"SELECT 1 FROM {schema}.leases FOR SHARE")
            async with asyncio.timeout(10), storage.open_queue(OWNER, ROOMY) as queue:
                await queue.put(logs_batch())
                assert queue.size == 2
            with pytest.raises(psycopg.OperationalError):
                silent.execute("SELECT 1")


async def start(server: Server, schema: str, directory: Path, lease: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, str(HOLDER), server.url, schema, str(directory), lease),
        stdout=PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


async def line(process: Process, word: str) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        while text := (await process.stdout.readline()).decode():
            if text.startswith(word):
                return text.strip()
    raise AssertionError(f"ended without {word!r}")


async def test_a_process_paused_for_longer_than_its_lease_stores_nothing_more(
    server: Server, schema: str, tmp_path: Path
) -> None:
    zombie = await start(server, schema, tmp_path, "1s")
    try:
        await line(zombie, "stored")
        zombie.send_signal(signal.SIGSTOP)
        begun_s = asyncio.get_running_loop().time()
        async with opened(server, schema, tmp_path, "1s") as storage, storage.open_queue(OWNER, ROOMY) as queue:
            assert asyncio.get_running_loop().time() - begun_s < 8
            size = queue.size
            zombie.send_signal(signal.SIGCONT)
            said = await line(zombie, "late late")
            assert "StatusRecoverableError" in said
            assert f"process {os.getpid()}" in said
            await queue.put(logs_batch())
            assert queue.size == size + 1
        async with opened(server, schema, tmp_path, "1s") as storage, storage.open_queue(OWNER, ROOMY) as queue:
            assert queue.size == size + 1
    finally:
        if zombie.returncode is None:
            zombie.kill()
        await zombie.communicate()


async def test_what_a_killed_process_stored_is_there_within_the_lease(
    server: Server, schema: str, tmp_path: Path
) -> None:
    process = await start(server, schema, tmp_path, "1s")
    for _ in range(20):
        last = await line(process, "stored")
    process.kill()
    rest = (await process.communicate())[0].decode().splitlines()
    stored = [each for each in rest if each.startswith("stored ")]
    async with opened(server, schema, tmp_path, "1s") as storage, storage.open_queue(OWNER, ROOMY) as queue:
        assert queue.size - (20 + len(stored)) in (0, 1), last


async def test_who_was_cut_off_while_the_store_was_moved_stores_nothing_more(
    server: Server, schema: str, tmp_path: Path
) -> None:
    """A lease that is over and that nobody took is kept on by its holder: not so where the rows have gone elsewhere."""
    proxy = Proxy(server.port)
    place = Place(server.port, schema, tmp_path)
    async with (
        proxy.opened(),
        storage_at(place, proxy.url) as cut_off,
        cut_off.open_queue(OWNER, ROOMY) as queue,
        opened(server, schema, tmp_path, "1s") as mover,
    ):
        await queue.put(logs_batch())
        proxy.cut_off()
        await asyncio.sleep(1.2)
        async with mover.whole_store():
            pass
        proxy.let_back()
        async with asyncio.timeout(10):
            while True:
                try:
                    await queue.put(logs_batch())
                except ShutdownError:
                    break
                except RetryableError:
                    await asyncio.sleep(0.1)
                else:
                    pytest.fail("it was stored where nobody looks any more")
    assert fence_of(server, schema) == 2


async def test_a_lease_that_was_given_back_is_certain_for_nothing(server: Server, schema: str, tmp_path: Path) -> None:
    async with opened(server, schema, tmp_path, "30s") as storage:
        async with storage._at_hand.opened(OWNER, "a queue") as database:
            assert database.certain_s > 20
        assert database.certain_s <= 0
