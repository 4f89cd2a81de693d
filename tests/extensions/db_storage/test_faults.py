"""What happens to the server and to the way there, while work goes through a queue: nothing is lost, nothing comes
twice, and it goes on by itself."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from otel_discord.component import Status
from otel_discord.component.errors import RetryableError
from otel_discord.component.storage import WorkQueue
from otel_discord.config import Secret
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import OWNER, ROOMY
from otel_discord.testing.telemetry import settings
from tests.extensions.db_storage.proxy import Proxy
from tests.extensions.db_storage.server import Server
from tests.extensions.db_storage.traffic import run_traffic


@asynccontextmanager
async def queue_at(
    url: str, directory: Path, host: NopHost | None = None, *, schema: str, **keys: Any
) -> AsyncIterator[WorkQueue]:
    config = DbStorageConfig(datasource=Secret(url), schema_name=schema, directory=directory, **keys)
    storage = DbStorage(settings("db_storage"), config)
    async with storage.lifespan(host or NopHost()), storage.open_queue(OWNER, ROOMY) as queue:
        yield queue


async def in_thread(act: Callable[[], object]) -> None:
    await asyncio.to_thread(act)


async def test_the_server_is_killed_and_started_again(own_server: Server, tmp_path: Path) -> None:
    async def trouble() -> None:
        for _ in range(2):
            await asyncio.sleep(0.4)
            await in_thread(own_server.stop)
            await asyncio.sleep(0.3)
            await in_thread(own_server.start)
        await asyncio.sleep(0.5)

    host = NopHost()
    async with queue_at(own_server.url, tmp_path, host, schema=tmp_path.name) as queue:
        account = await run_traffic(queue, trouble)
    account.check()
    assert Status.RECOVERABLE in host.statuses
    assert host.statuses[-1] is Status.OK
    assert sum(account.stored.values()) > 50


async def test_the_server_is_paused(own_server: Server, tmp_path: Path) -> None:
    """For longer than a statement and a transaction may take."""
    host = NopHost()

    async def trouble() -> None:
        await asyncio.sleep(0.3)
        pids = own_server.pids()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(2.0)
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(0.5)

    keys = {"statement_timeout": "300ms", "lock_timeout": "300ms", "connect_timeout": "300ms", "lease": "3s"}
    async with queue_at(own_server.url, tmp_path, host, schema=tmp_path.name, **keys) as queue:
        account = await run_traffic(queue, trouble)
    account.check()
    assert Status.RECOVERABLE in host.statuses
    assert host.statuses[-1] is Status.OK


async def test_the_answers_to_commits_are_lost(server: Server, schema: str, tmp_path: Path) -> None:
    proxy, count = Proxy(server.port), 10

    async def trouble() -> None:
        for _ in range(count):
            proxy.swallow_commits = 1
            while proxy.swallow_commits:
                await asyncio.sleep(0.005)

    async with proxy.opened(), queue_at(proxy.url, tmp_path, schema=schema) as queue:
        account = await run_traffic(queue, trouble)
    account.check()
    assert proxy.swallowed >= count


async def test_connections_are_cut_at_any_moment(server: Server, schema: str, tmp_path: Path) -> None:
    proxy = Proxy(server.port)

    async def trouble() -> None:
        for _ in range(40):
            await asyncio.sleep(0.037)
            proxy.cut_all()

    async with proxy.opened(), queue_at(proxy.url, tmp_path, schema=schema) as queue:
        account = await run_traffic(queue, trouble)
    account.check()


async def test_the_network_swallows_everything_for_a_while(server: Server, schema: str, tmp_path: Path) -> None:
    proxy = Proxy(server.port)

    async def trouble() -> None:
        await asyncio.sleep(0.2)
        proxy.silent = True
        await asyncio.sleep(1.5)
        proxy.silent = False
        await asyncio.sleep(0.3)

    keys = {"statement_timeout": "300ms", "lock_timeout": "200ms", "connect_timeout": "300ms"}
    async with proxy.opened(), queue_at(proxy.url, tmp_path, schema=schema, **keys) as queue:
        account = await run_traffic(queue, trouble)
    account.check()


async def while_held(act: Awaitable[None], connections: list[psycopg.AsyncConnection[Any]]) -> None:
    try:
        await act
    finally:
        for connection in connections:
            await connection.close()


async def test_the_server_has_no_connection_left(own_server: Server, tmp_path: Path) -> None:
    own_server.stop("fast")
    own_server.settings = {"max_connections": "12", "superuser_reserved_connections": "0", "max_wal_senders": "0"}
    own_server.start()

    async def trouble() -> None:
        await asyncio.sleep(0.2)
        taken: list[psycopg.AsyncConnection[Any]] = []
        with psycopg.connect(own_server.url, autocommit=True) as killer:
            while True:
                try:
                    taken.append(await psycopg.AsyncConnection.connect(own_server.url))
                except psycopg.OperationalError:
                    break
            killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'otel-discord'"
            )
            for _ in range(10):
                try:
                    taken.append(await psycopg.AsyncConnection.connect(own_server.url))
                except psycopg.OperationalError:
                    await asyncio.sleep(0.01)
        await while_held(asyncio.sleep(0.5), taken)
        await asyncio.sleep(0.5)

    async with queue_at(own_server.url, tmp_path, schema=tmp_path.name) as queue:
        account = await run_traffic(queue, trouble)
    account.check()


async def test_a_server_that_takes_no_writes_is_waited_for(server: Server, schema: str, tmp_path: Path) -> None:
    host = NopHost()
    async with queue_at(server.url, tmp_path, host, schema=schema) as queue:
        await queue.put(logs_batch())
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute("ALTER ROLE postgres SET default_transaction_read_only = on")
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
            try:
                with pytest.raises(RetryableError) as refused:
                    await queue.put(logs_batch())
                assert refused.value.reason == "storage_read_only"
            finally:
                admin.execute("SET default_transaction_read_only = off")
                admin.execute("ALTER ROLE postgres RESET default_transaction_read_only")
        async with asyncio.timeout(10):
            while True:
                try:
                    await queue.put(logs_batch())
                    break
                except RetryableError:
                    await asyncio.sleep(0.1)
        assert queue.size == 2
        assert host.statuses[-1] is Status.OK


async def test_a_lock_of_somebody_else_is_not_waited_for_long(server: Server, schema: str, tmp_path: Path) -> None:
    async with queue_at(server.url, tmp_path, schema=schema, lock_timeout="100ms") as queue:
        with psycopg.connect(server.url) as other:
            other.execute(f"LOCK TABLE {schema}.batches IN ACCESS EXCLUSIVE MODE")
            async with asyncio.timeout(5):
                with pytest.raises(RetryableError) as refused:
                    await queue.put(logs_batch())
            assert refused.value.reason == "storage_busy"
            other.rollback()
        await queue.put(logs_batch())
        assert queue.size == 1
