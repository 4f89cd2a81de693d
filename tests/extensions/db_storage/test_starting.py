"""What is asked of a server before anything is stored, and how its schema becomes today's."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import psycopg
import pytest

from otel_discord.component.errors import StartError
from otel_discord.config import Secret
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.durability import Server as Asked
from otel_discord.extensions.db_storage.durability import check_durability
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import OWNER, ROOMY
from otel_discord.testing.telemetry import settings
from tests.extensions.db_storage.server import Server

GOOD = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "server_version": "15.3 (Debian)",
    "server_version_num": "150003",
}


def storage(server: Server, schema: str, directory: Path, url: str = "", **keys: Any) -> DbStorage:
    config = DbStorageConfig(datasource=Secret(url or server.url), schema_name=schema, directory=directory, **keys)
    return DbStorage(settings("db_storage"), config)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "durability: synchronous commit, one node, PostgreSQL 15.3"),
        (
            {"synchronous_standby_names": "a"},
            "durability: synchronous commit, also on synchronous standbys (a), PostgreSQL 15.3",
        ),
        (
            {"synchronous_standby_names": "a", "synchronous_commit": "local"},
            "durability: synchronous commit (local), one node (a failover may lose the last moments), PostgreSQL 15.3",
        ),
    ],
)
def test_what_holds_is_said_in_one_line(change: dict[str, str], said: str) -> None:
    assert check_durability(Asked(GOOD | change, False, []), allow_unsafe=False) == said


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Asked(GOOD | {"fsync": "off"}, False, []), "fsync=off"),
        (Asked(GOOD | {"synchronous_commit": "off"}, False, []), "synchronous_commit=off"),
        (Asked(GOOD | {"full_page_writes": "off"}, False, []), "full_page_writes=off"),
        (Asked(GOOD, False, ["cards"]), "table cards is unlogged"),
    ],
)
def test_what_loses_acknowledged_work_is_refused_unless_allowed(asked: Asked, words: str) -> None:
    with pytest.raises(StartError, match=words):
        check_durability(asked, allow_unsafe=False)
    assert words in check_durability(asked, allow_unsafe=True)


def test_an_old_server_and_a_standby_are_refused() -> None:
    with pytest.raises(StartError, match="too old"):
        check_durability(Asked(GOOD | {"server_version_num": "120009"}, False, []), allow_unsafe=True)
    with pytest.raises(StartError, match="standby"):
        check_durability(Asked(GOOD, True, []), allow_unsafe=True)


async def test_a_real_server_says_so(
    server: Server, schema: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with storage(server, schema, tmp_path).lifespan(NopHost()):
        pass
    assert "durability: synchronous commit, one node, PostgreSQL " in caplog.text
    assert "0 batches and 0 cards waiting" in caplog.text
    unsafe = f"{server.url}?options=-csynchronous_commit%3Doff"
    with pytest.raises(StartError, match="synchronous_commit=off"):
        async with storage(server, schema, tmp_path, unsafe).lifespan(NopHost()):
            pass


async def test_several_processes_may_make_the_schema_at_once(server: Server, schema: str, tmp_path: Path) -> None:
    async def start() -> None:
        async with storage(server, schema, tmp_path).lifespan(NopHost()):
            await asyncio.sleep(0)

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(start())


async def test_a_newer_schema_is_refused_in_words(server: Server, schema: str, tmp_path: Path) -> None:
    async with storage(server, schema, tmp_path).lifespan(NopHost()):
        pass
    for key in ("schema_version", "postgresql_version"):
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"UPDATE {schema}.meta SET value = value + 90, mirror = mirror - 90 WHERE key = '{key}'")
        with pytest.raises(StartError, match="newer version of otel-discord"):
            async with storage(server, schema, tmp_path).lifespan(NopHost()):
                pass
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"UPDATE {schema}.meta SET value = value - 90, mirror = mirror + 90 WHERE key = '{key}'")
    async with storage(server, schema, tmp_path).lifespan(NopHost()):
        pass


async def test_a_role_that_may_make_nothing_will_do_once_the_tables_are_there(
    server: Server, schema: str, tmp_path: Path
) -> None:
    async with storage(server, schema, tmp_path).lifespan(NopHost()):
        pass
    role = f"role_{schema}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
        connection.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}")
        connection.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}")
    try:
        poor = storage(server, schema, tmp_path, server.url.replace("postgres@", f"{role}@"))
        async with poor.lifespan(NopHost()), poor.open_queue(OWNER, ROOMY) as queue:
            assert await queue.put(logs_batch()) == 1
    finally:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"DROP OWNED BY {role}")
            connection.execute(f"DROP ROLE {role}")


async def test_numbering_goes_on_above_what_a_restored_copy_holds(server: Server, schema: str, tmp_path: Path) -> None:
    opened = storage(server, schema, tmp_path)
    async with opened.lifespan(NopHost()), opened.open_queue(OWNER, ROOMY) as queue:
        for _ in range(3):
            last = await queue.put(logs_batch())
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"SELECT setval('{schema}.batches_ids', 1)")
    async with opened.lifespan(NopHost()), opened.open_queue(OWNER, ROOMY) as queue:
        assert await queue.put(logs_batch()) == last + 1


@pytest.mark.parametrize(
    ("change", "words"),
    [(("/postgres", "/nowhere"), "does not exist"), (("postgres@", "nobody@"), 'role "nobody" does not exist')],
)
async def test_what_waiting_does_not_mend_is_said_at_once(
    server: Server, schema: str, tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    head, tail = server.url.rsplit("@", 1)
    url = f"{head}@{tail}".replace(*change) if change[0] != "/postgres" else f"{head}@{tail.replace(*change)}"
    async with asyncio.timeout(10):
        with pytest.raises(StartError, match=words):
            async with storage(server, schema, tmp_path, url).lifespan(NopHost()):
                pass


async def test_tls_is_asked_for_where_the_server_is_elsewhere(server: Server, schema: str, tmp_path: Path) -> None:
    """The address is this machine's here, but says that it wants what an address elsewhere gets."""
    url = f"{server.url}?sslmode=verify-full&sslrootcert=system"
    async with asyncio.timeout(10):
        with pytest.raises(StartError, match="does not support SSL"):
            async with storage(server, schema, tmp_path, url).lifespan(NopHost()):
                pass


async def test_a_server_that_comes_late_is_waited_for(server: Server, schema: str, tmp_path: Path) -> None:
    async def refuse_then_serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    closed = await asyncio.start_server(refuse_then_serve, "127.0.0.1", 0)
    port = closed.sockets[0].getsockname()[1]
    late = storage(server, schema, tmp_path, f"postgres://postgres@127.0.0.1:{port}/postgres")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.5), late.lifespan(NopHost()):
            raise AssertionError("it is not there yet")
    closed.close()
    await closed.wait_closed()
