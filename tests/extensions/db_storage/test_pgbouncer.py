"""Behind a real PgBouncer: a session or a transaction of the server's for each of ours will do; less is refused."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest

from otel_discord.component.errors import StartError
from otel_discord.component.fleet import Part
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import OWNER, ROOMY, body
from tests.extensions.db_storage.bouncer import bouncer, find_bouncer
from tests.extensions.db_storage.server import Server
from tests.extensions.db_storage.test_starting import storage
from tests.extensions.db_storage.traffic import run_traffic

PROGRAM = find_bouncer()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no PgBouncer here: apt-get install pgbouncer")


@pytest.fixture(params=["session", "transaction"])
def url(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Iterator[str]:
    assert PROGRAM is not None
    with bouncer(PROGRAM, server, tmp_path / "bouncer", request.param, pool=6) as found:
        yield found


@pytest.fixture
def swapping_url(server: Server, tmp_path: Path) -> Iterator[str]:
    assert PROGRAM is not None
    with bouncer(PROGRAM, server, tmp_path / "bouncer", "transaction") as found:
        yield found


async def test_a_queue_works_and_is_exact(server: Server, schema: str, tmp_path: Path, url: str) -> None:
    opened = storage(server, schema, tmp_path, url)
    async with opened.lifespan(NopHost()), opened.open_queue(OWNER, ROOMY) as queue:
        account = await run_traffic(queue, lambda: asyncio.sleep(1.0))
        account.check()
        assert sum(account.stored.values()) > 50


async def test_a_fleet_works(server: Server, schema: str, tmp_path: Path, swapping_url: str) -> None:
    """Two replicas whose connections are swapped after each transaction: fewer of the server's than of theirs."""
    async with asyncio.timeout(40), AsyncExitStack() as stack:
        fleets = []
        for name in ("one", "other"):
            opened = storage(server, schema, tmp_path / name, swapping_url, lease="3s")
            await stack.enter_async_context(opened.lifespan(NopHost()))
            fleets.append(await stack.enter_async_context(opened.join(OWNER, ROOMY)))
        shards = fleets[0].shards
        seen: list[str] = []
        all_seen = asyncio.Event()
        texts = {f"{number}" for number in range(120)}

        async def work(number: int) -> None:
            while True:
                async with (
                    fleets[number].next_seat() as seat,
                    seat.open_queue(ROOMY) as queue,
                    asyncio.TaskGroup() as group,
                ):
                    taking = group.create_task(take(queue))
                    await seat.ended()
                    taking.cancel()

        async def take(queue) -> None:
            while True:
                taken = await queue.take()
                seen.append(body(taken.batch))
                await queue.done(taken.id)
                if texts <= {*seen}:
                    all_seen.set()

        async with asyncio.TaskGroup() as group:
            working = [group.create_task(work(number)) for number in range(2) for _ in range(shards)]
            for text in sorted(texts):
                await fleets[int(text) % 2].put({int(text) % shards: Part(logs_batch(body=text))})
            await all_seen.wait()
            for task in working:
                task.cancel()
    assert sorted(seen) == sorted(texts)


async def test_nothing_is_left_in_a_session(server: Server, schema: str, tmp_path: Path, swapping_url: str) -> None:
    opened = storage(server, schema, tmp_path, swapping_url)
    async with opened.lifespan(NopHost()), opened.open_queue(OWNER, ROOMY) as queue:
        (await run_traffic(queue, lambda: asyncio.sleep(0.3))).check()
        for _ in range(5):
            async with await psycopg.AsyncConnection.connect(swapping_url, autocommit=True) as beside:
                for name, found in (
                    ("search_path", '"$user", public'),
                    ("statement_timeout", "0"),
                    ("lock_timeout", "0"),
                ):
                    rows = await (await beside.execute(f"SHOW {name}", prepare=False)).fetchall()
                    assert rows == [(found,)]
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchall() == [(0,)]


async def test_a_pool_of_statements_is_refused_in_words(server: Server, schema: str, tmp_path: Path) -> None:
    assert PROGRAM is not None
    with bouncer(PROGRAM, server, tmp_path / "bouncer", "statement") as url:
        async with asyncio.timeout(20):
            with pytest.raises(StartError, match="pool_mode"):
                async with storage(server, schema, tmp_path, url).lifespan(NopHost()):
                    pass
