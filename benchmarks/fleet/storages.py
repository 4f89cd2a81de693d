"""The two stores, each fresh: PostgreSQL on a server of its own, SQLite in a directory."""

import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import psycopg

from benchmarks.fleet.meter import Meter, of_server, of_this_process
from benchmarks.fleet.work import Shard
from otel_discord.component.storage import QueueLimits, Sizer, Storage
from otel_discord.config import Secret
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.extensions.file_storage.extension import FileStorage
from otel_discord.testing.host import NopHost
from otel_discord.testing.telemetry import settings
from tests.extensions.db_storage.server import Server, find_programs

_ROOMY: Final = QueueLimits(size=10_000_000, sizer=Sizer.REQUESTS, max_bytes=1 << 40)
_OWNER: Final = "discord/logs"


@contextmanager
def made_server() -> Iterator[Server | None]:
    """Make a server that counts its statements where it can; None where there are no programs for one."""
    programs = find_programs()
    if programs is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        counts = any(programs.parent.glob("**/pg_stat_statements.so"))
        server = Server(programs, Path(directory), {"shared_preload_libraries": "pg_stat_statements"} if counts else {})
        server.make()
        server.start()
        try:
            if counts:
                with psycopg.connect(server.url, autocommit=True) as connection:
                    connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public")
            yield server
        finally:
            server.kill()


@asynccontextmanager
async def postgres(
    server: Server, shards: int, lanes: int, schema: str, max_connections: int, *, prepares: bool = True
) -> AsyncIterator[tuple[list[Shard], Meter]]:
    """Open a fresh schema and queues in it."""
    with tempfile.TemporaryDirectory() as directory:
        config = DbStorageConfig(
            datasource=Secret(server.url),
            schema_name=schema,
            directory=Path(directory),
            max_connections=max_connections,
            prepare_statements=prepares,
        )
        storage = DbStorage(settings("db_storage"), config)
        async with storage.lifespan(NopHost()), _opened(storage, shards, lanes) as opened:
            yield opened, of_server(server)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


@asynccontextmanager
async def sqlite(shards: int, lanes: int) -> AsyncIterator[tuple[list[Shard], Meter]]:
    """Open a fresh directory and queues in it."""
    with tempfile.TemporaryDirectory() as directory:
        storage = FileStorage(settings("file_storage"), FileStorageConfig(directory=Path(directory)))
        async with storage.lifespan(NopHost()), _opened(storage, shards, lanes) as opened:
            yield opened, of_this_process


@asynccontextmanager
async def _opened(storage: Storage, shards: int, lanes: int) -> AsyncIterator[list[Shard]]:
    names: Sequence[str] = [f"destination-{number}" for number in range(lanes)]
    async with AsyncExitStack() as stack:
        yield [
            Shard(
                await stack.enter_async_context(storage.open_queue(f"{_OWNER}#{number}" if number else _OWNER, _ROOMY)),
                names[number::shards],
            )
            for number in range(shards)
        ]
