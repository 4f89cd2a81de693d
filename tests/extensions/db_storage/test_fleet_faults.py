"""What happens to the server, and to the way there, while several replicas put and work: every put that was answered
is seen once, and it goes on by itself."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from otel_discord.component import Status
from otel_discord.component.errors import RetryableError
from otel_discord.component.fleet import Fleet
from otel_discord.extensions.db_storage.condition import State
from otel_discord.extensions.db_storage.fleet.assignment import assignment
from otel_discord.extensions.db_storage.fleet.member_works import inbox_name
from otel_discord.testing.fleet_contract_base import Worker, parts, until, until_all_sit
from otel_discord.testing.host import NopHost
from otel_discord.testing.storage_contract_base import OWNER, ROOMY
from tests.extensions.db_storage.fleet_place import SHARDS, Place, storage_at
from tests.extensions.db_storage.proxy import Proxy
from tests.extensions.db_storage.server import Server


@asynccontextmanager
async def replica(place: Place, url: str, host: NopHost) -> AsyncIterator[Worker]:
    async with (
        storage_at(place, url, host) as storage,
        storage.join(OWNER, ROOMY) as fleet,
        Worker(fleet).working() as worker,
    ):
        yield worker


class Puts:
    """Requests for one, two or three shards, and an account of those that were answered."""

    def __init__(self) -> None:
        self.stored: Counter[tuple[int, str]] = Counter()
        self.refused = 0
        self.ended = asyncio.Event()

    async def produce(self, name: str, fleet: Fleet) -> None:
        count = 0
        while not self.ended.is_set():
            count += 1
            shards = {(count * step) % SHARDS for step in range(1, 2 + count % 3)}
            try:
                await fleet.put(parts(f"{name}-{count}", *shards))
            except RetryableError:
                self.refused += 1
                await asyncio.sleep(0.05)
            else:
                self.stored.update((shard, f"{name}-{count}") for shard in shards)
            await asyncio.sleep(0.002)


async def run_puts(workers: list[Worker], trouble: Callable[[], Awaitable[None]]) -> Puts:
    """Put on every replica while there is trouble; then until all is seen."""
    puts = Puts()

    def seen() -> Counter[tuple[int, str]]:
        return Counter((shard, text) for worker in workers for shard, _, text in worker.seen)

    async with asyncio.timeout(50):
        async with asyncio.TaskGroup() as group:
            for number, worker in enumerate(workers):
                for producer in range(3):
                    group.create_task(puts.produce(f"{number}.{producer}", worker.fleet))
            await trouble()
            puts.ended.set()
        await until(lambda: seen().keys() >= puts.stored.keys(), 20)
        await asyncio.sleep(0.3)
    found = seen()
    assert found == puts.stored, f"lost {len(puts.stored - found)}, too many {len(found - puts.stored)}"
    assert max(found.values()) == 1
    return puts


async def test_the_server_is_killed_and_started_again(
    own_server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """For longer than a lease: seats stay whose they were."""
    place, hosts = Place(own_server.port, "fleet_killed", tmp_path), [NopHost(), NopHost()]

    async def trouble() -> None:
        for pause_s in (0.3, 1.5):
            await asyncio.sleep(0.4)
            await asyncio.to_thread(own_server.stop)
            await asyncio.sleep(pause_s)
            await asyncio.to_thread(own_server.start)
        await until(lambda: all(host.statuses[-1] is Status.OK for host in hosts))
        await asyncio.sleep(0.5)

    async with replica(place, own_server.url, hosts[0]) as first, replica(place, own_server.url, hosts[1]) as second:
        await until_all_sit(SHARDS, first, second)
        had = {shard: id(seat) for worker in (first, second) for shard, seat in worker.seats.items()}
        puts = await run_puts([first, second], trouble)
        has = {shard: id(seat) for worker in (first, second) for shard, seat in worker.seats.items()}
    assert had == has
    assert puts.refused
    assert sum(puts.stored.values()) > 100
    assert all(Status.RECOVERABLE in host.statuses for host in hosts)
    away = 2 * len(hosts)
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) <= away, caplog.text


async def test_the_answers_to_commits_of_puts_are_lost(server: Server, schema: str, tmp_path: Path) -> None:
    place, proxy, count = Place(server.port, schema, tmp_path, lease_s=10.0), Proxy(server.port), 15

    async def trouble() -> None:
        for _ in range(count):
            proxy.swallow_commits = 1
            while proxy.swallow_commits:
                await asyncio.sleep(0.005)

    async with proxy.opened(), replica(place, proxy.url, NopHost()) as worker:
        await until_all_sit(SHARDS, worker)
        await run_puts([worker], trouble)
    assert proxy.swallowed >= count


async def test_who_waits_behind_a_commit_in_doubt_is_refused(server: Server, schema: str, tmp_path: Path) -> None:
    """The one in doubt is answered when that is known; others need not wait for it, nor come twice."""
    place, proxy = Place(server.port, schema, tmp_path, lease_s=10.0), Proxy(server.port)
    async with proxy.opened(), storage_at(place, proxy.url) as storage, storage.join(OWNER, ROOMY) as fleet:
        proxy.swallow_commits = 1
        async with asyncio.TaskGroup() as group, asyncio.timeout(20):
            in_doubt = group.create_task(fleet.put(parts("in doubt", 0)))
            while not proxy.swallowed:
                await asyncio.sleep(0)
            proxy.cut_off()
            assert storage._at_hand.open[inbox_name(OWNER, fleet.replicas()[0].name)].condition.state is State.OK
            with pytest.raises(RetryableError):
                await fleet.put(parts("behind", 0))
            assert not in_doubt.done()
            proxy.let_back()
            assert (await in_doubt).keys() == {0}


async def test_connections_are_cut_at_any_moment(server: Server, schema: str, tmp_path: Path) -> None:
    """Of one replica; no lease runs out meanwhile."""
    place, proxy = Place(server.port, schema, tmp_path, lease_s=10.0), Proxy(server.port)

    async def trouble() -> None:
        for _ in range(30):
            await asyncio.sleep(0.037)
            proxy.cut_all()

    async with (
        proxy.opened(),
        replica(place, proxy.url, NopHost()) as first,
        replica(place, server.url, NopHost()) as second,
    ):
        await until_all_sit(SHARDS, first, second)
        await run_puts([first, second], trouble)


async def test_a_silent_transaction_does_not_keep_a_room_for_ever(server: Server, schema: str, tmp_path: Path) -> None:
    """It has locked it as a put does whose process was paused in the middle of what it says."""
    async with (
        storage_at(Place(server.port, schema, tmp_path), server.url, lock_timeout="200ms") as storage,
        storage.join(OWNER, ROOMY) as fleet,
    ):
        with psycopg.connect(server.url) as silent:
            silent.execute(f"SELECT 1 FROM {schema}.leases FOR SHARE")
            silent.execute(f"SELECT 1 FROM {schema}.rooms FOR UPDATE")
            async with asyncio.timeout(15):
                while True:
                    try:
                        await fleet.put(parts("a", 0))
                        break
                    except RetryableError:
                        await asyncio.sleep(0.1)
            with pytest.raises(psycopg.OperationalError):
                silent.execute("SELECT 1")


async def test_a_replica_whose_notes_are_gone_puts_again(server: Server, schema: str, tmp_path: Path) -> None:
    """As one that was paused for longer than its rows are kept."""
    async with replica(Place(server.port, schema, tmp_path), server.url, NopHost()) as worker:
        await worker.fleet.put(parts("a", 0))
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute(f"DELETE FROM {schema}.leases WHERE name LIKE 'inbox%'")
        async with asyncio.timeout(10):
            while True:
                try:
                    await worker.fleet.put(parts("b", 0))
                    break
                except RetryableError:
                    await asyncio.sleep(0.05)
        await until(lambda: worker.texts(0) == ["a", "b"])


async def test_what_was_put_by_a_single_process_is_there(server: Server, schema: str, tmp_path: Path) -> None:
    """The first shard is what a single process had; its room is counted."""
    place = Place(server.port, schema, tmp_path)
    async with storage_at(place, server.url) as storage, storage.open_queue(OWNER, ROOMY) as queue:
        for number in range(3):
            await queue.put(parts(f"a-{number}", 0)[0].batch)
    async with storage_at(place, server.url) as storage, storage.join(OWNER, ROOMY) as fleet:
        async with fleet.next_seat() as seat, seat.open_queue(ROOMY) as queue:
            assert seat.shard == 0
            assert queue.size == 3
        async with Worker(fleet).working() as worker:
            await fleet.put(parts("a-3", 0))
            await until(lambda: worker.texts(0) == [f"a-{number}" for number in range(4)])


async def test_a_replica_that_joins_anew_at_once_keeps_its_seats(server: Server, schema: str, tmp_path: Path) -> None:
    """As when the configuration is read again."""
    place = Place(server.port, schema, tmp_path)
    async with replica(place, server.url, NopHost()) as first, storage_at(place, server.url) as storage:
        async with storage.join(OWNER, ROOMY) as fleet, Worker(fleet).working() as second:
            await until_all_sit(SHARDS, first, second)
            had = set(first.seats)
        async with storage.join(OWNER, ROOMY) as fleet, Worker(fleet).working() as second:
            await until_all_sit(SHARDS, first, second)
            assert set(first.seats) == had


async def test_it_is_said_who_came_and_who_is_gone_and_how(
    server: Server, schema: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    place, proxy = Place(server.port, schema, tmp_path), Proxy(server.port)

    def told(word: str) -> list[logging.LogRecord]:
        return [each for each in caplog.records if "on the fleet" in each.message and word in each.message]

    async with replica(place, server.url, NopHost()) as first:
        own = first.fleet.replicas()[0].name
        async with replica(place, server.url, NopHost()):
            await until(lambda: len(told("has joined; 2 replicas work")) == 1, 10)
        await until(lambda: len(told("has left: its shards are taken over; 1 replica works")) == 1, 10)
        async with proxy.opened(), replica(place, proxy.url, NopHost()) as dying:
            [name] = [each.name for each in dying.fleet.replicas() if each.is_self]
            await until(lambda: len(first.fleet.replicas()) == 2, 10)
            proxy.cut_off()
            await until(lambda: len(told("is gone without a word")) == 1, 10)
            [gone] = told("is gone without a word")
            assert gone.levelno == logging.WARNING
            assert gone.message == (
                f"the replica {name} is gone without a word: its shards are taken over; 1 replica works on the fleet"
            )
            proxy.let_back()
    assert not [each for each in told(own) if each.levelno > logging.INFO]


async def test_what_a_replica_noted_goes_with_it(server: Server, schema: str, tmp_path: Path) -> None:
    async with replica(Place(server.port, schema, tmp_path), server.url, NopHost()) as worker:
        await worker.fleet.put(parts("a", 0))
    with psycopg.connect(server.url) as connection:
        for question in ("replicas", "leases WHERE name LIKE 'inbox%'", "commits WHERE name LIKE 'inbox%'"):
            assert connection.execute(f"SELECT count(*) FROM {schema}.{question}").fetchone() == (0,), question


async def test_much_that_comes_at_once_is_seen_in_its_order(server: Server, schema: str, tmp_path: Path) -> None:
    """More than one look finds: who has the seat sees nothing for a while."""
    place, proxy = Place(server.port, schema, tmp_path, lease_s=30.0, shards=1), Proxy(server.port)
    async with proxy.opened(), replica(place, proxy.url, NopHost()) as worker, AsyncExitStack() as stack:
        worker.ends_batches = False
        await until(lambda: worker.seats)
        own = worker.fleet.replicas()[0].name
        storage = await stack.enter_async_context(storage_at(place, server.url))
        while assignment([own, storage._holder], 1)[0] != own:  # the seat stays where it is
            storage = await stack.enter_async_context(storage_at(place, server.url))
        async with storage.join(OWNER, ROOMY) as fleet:
            proxy.cut_off()
            ids = await asyncio.gather(*(fleet.put(parts(f"a-{number}", 0)) for number in range(1500)))
            proxy.let_back()
            await until(lambda: len(worker.seen) == 1500, 30)
            assert [batch_id for _, batch_id, _ in worker.seen] == [each[0] for each in ids]


async def test_rooms_are_empty_when_all_has_ended(server: Server, schema: str, tmp_path: Path) -> None:
    """Also where one that took part is gone."""

    def taken() -> list[tuple[int, ...]]:
        with psycopg.connect(server.url) as connection:
            connection.execute(f"SET search_path = {schema}")
            return connection.execute(
                "SELECT put_requests - freed_requests, put_items - freed_items, put_bytes - freed_bytes FROM rooms"
            ).fetchall()

    place, proxy = Place(server.port, schema, tmp_path), Proxy(server.port)
    async with proxy.opened(), replica(place, server.url, NopHost()) as first:
        async with replica(place, proxy.url, NopHost()) as second:
            await until_all_sit(SHARDS, first, second)
            second.ends_batches = False
            for number in range(20):
                await first.fleet.put(parts(f"a-{number}", *range(SHARDS)))
            await until(lambda: len(first.seen) + len(second.seen) == 20 * SHARDS)
            assert any(requests for requests, _, _ in taken())
            proxy.cut_off()
            await until(lambda: len(first.seats) == SHARDS)
        await until(lambda: taken() == [(0, 0, 0)] * SHARDS)
