"""A single process' store becomes a fleet's and back on a real server, whoever else starts at the same time."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from otel_discord.component.errors import RetryableError, StartError
from otel_discord.component.fleet import shard_owner
from otel_discord.component.resharding import Layout, SettlesIn
from otel_discord.component.storage import NewCard
from otel_discord.extensions.db_storage import settling_in
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.extensions.file_storage.extension import FileStorage
from otel_discord.signals.batch import Batch
from otel_discord.store.moving import move_store
from otel_discord.testing.fleet_contract_base import parts, until
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import ROOMY, body
from otel_discord.testing.telemetry import settings
from tests.extensions.db_storage.fleet_place import Place, storage_at
from tests.extensions.db_storage.server import Server
from tests.extensions.db_storage.test_starting import storage

OWNER = "discord/logs"
SHARDS = 3
LANES = ("a0", "b1", "c2")


def shard_of(lane: str) -> int:
    return int(lane[1]) % SHARDS


def parts_of(batch: Batch) -> Mapping[int, Batch]:
    return {shard_of(lane): batch for lane in body(batch).split(",")}


LAYOUT = Layout(SHARDS, shard_of, lambda key: key.removeprefix("pings/") if "/" in key else None, parts_of)


async def fill(opened: Any, batches: int = 30) -> None:
    """Leave routed and waiting batches, cards in each lane, and a value of each kind."""
    async with opened.open_queue(OWNER, ROOMY) as queue:
        for number in range(batches):
            await queue.put(logs_batch(body=LANES[number % 3]))
            taken = await queue.take()
            await queue.route(
                taken.id, [NewCard(lane, 1, f"{lane} {number}".encode()) for lane in LANES[: number % 3 + 1]]
            )
        for number in range(batches):
            await queue.put(logs_batch(body=",".join(LANES[: number % 3 + 1])))
        await queue.set_state("mutes", b'{"added":[]}')
        await queue.set_state("pings/b1", b"[1]")


def found_a_fleet(server: Server, schema: str, shards: int = SHARDS) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"INSERT INTO {schema}.fleets VALUES ('{OWNER}', {shards})")
        connection.execute(f"INSERT INTO {schema}.placements VALUES ('{OWNER}', 'a0', 0)")


def owners(server: Server, schema: str, table: str) -> dict[str, int]:
    with psycopg.connect(server.url, autocommit=True) as connection:
        return dict(connection.execute(f"SELECT owner, count(*) FROM {schema}.{table} GROUP BY owner").fetchall())


async def test_one_process_becomes_a_fleet_and_one_again(server: Server, schema: str, tmp_path: Path) -> None:
    one = storage(server, schema, tmp_path)
    assert isinstance(one, SettlesIn)
    async with one.lifespan(NopHost()):
        await fill(one)
        before = owners(server, schema, "cards")
        await one.settle_in(OWNER, LAYOUT)
        found_a_fleet(server, schema)
        assert owners(server, schema, "cards") == {OWNER: 30, shard_owner(OWNER, 1): 20, shard_owner(OWNER, 2): 10}
        assert owners(server, schema, "state") == {OWNER: 1, shard_owner(OWNER, 1): 2, shard_owner(OWNER, 2): 1}
        async with one.open_queue(OWNER, ROOMY) as queue:
            assert dict(await queue.waiting()) == {"a0": 30, "b1": 20, "c2": 10}
            cards = [card for lane in LANES for card in await queue.head(lane, 50)]
            assert [card.payload.decode().split()[0] for card in cards] == ["a0"] * 30 + ["b1"] * 20 + ["c2"] * 10
            numbers = [int(card.payload.decode().split()[1]) for card in cards[:30]]
            assert numbers == sorted(numbers)
            assert await queue.get_state("pings/b1") == b"[1]"
            assert await queue.get_state("mutes") == b'{"added":[]}'
        assert owners(server, schema, "cards") == before
        assert owners(server, schema, "fleets") == owners(server, schema, "placements") == {}


async def test_replicas_that_start_together_divide_it_once(
    server: Server, schema: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with storage(server, schema, tmp_path).lifespan(NopHost()):
        pass
    replicas = [storage(server, schema, tmp_path / str(number)) for number in range(3)]
    async with replicas[0].lifespan(NopHost()), replicas[1].lifespan(NopHost()), replicas[2].lifespan(NopHost()):
        await fill(replicas[0])
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            for replica in replicas:
                group.create_task(replica.settle_in(OWNER, LAYOUT))
    assert owners(server, schema, "cards") == {OWNER: 30, shard_owner(OWNER, 1): 20, shard_owner(OWNER, 2): 10}
    waiting = [record for record in caplog.records if "is divided" in record.getMessage()]
    assert 1 <= len(waiting) <= 2  # the second look under the lease
    with psycopg.connect(server.url, autocommit=True) as connection:
        rows = connection.execute(
            f"SELECT owner, count(*) FROM {schema}.batches WHERE routed = 0 GROUP BY 1"
        ).fetchall()
    assert dict(rows) == {OWNER: 30, shard_owner(OWNER, 1): 20, shard_owner(OWNER, 2): 10}


async def test_one_process_does_not_start_beside_a_replica(server: Server, schema: str, tmp_path: Path) -> None:
    one, replica = (storage(server, schema, tmp_path / name, lease="1s") for name in ("one", "replica"))
    async with one.lifespan(NopHost()), replica.lifespan(NopHost()):
        found_a_fleet(server, schema)
        async with replica._at_hand.opened(shard_owner(OWNER, 2), "a seat"):
            with pytest.raises(StartError, match=f"{OWNER}#2 is in use by "):
                async with asyncio.timeout(20), one.open_queue(OWNER, ROOMY):
                    pass
        async with one.open_queue(OWNER, ROOMY):
            pass


async def test_another_number_of_shards_is_taken_once_all_have_stopped(
    server: Server, schema: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = storage(server, schema, tmp_path)
    async with one.lifespan(NopHost()):
        await fill(one)
        await one.settle_in(OWNER, LAYOUT)
        found_a_fleet(server, schema)
        with psycopg.connect(server.url, autocommit=True) as connection:
            replica = f"INSERT INTO {schema}.replicas VALUES ('{OWNER}', 'other', '', now() + interval '9 s')"
            connection.execute(replica)
            await one._settling_in().gather_if_resized(OWNER, 2)
            assert owners(server, schema, "fleets") == {OWNER: 1}
            connection.execute(f"DELETE FROM {schema}.replicas")
        await one._settling_in().gather_if_resized(OWNER, SHARDS)
        assert owners(server, schema, "fleets") == {OWNER: 1}
        await one._settling_in().gather_if_resized(OWNER, 2)
        assert owners(server, schema, "cards") == {OWNER: 60}
        assert owners(server, schema, "fleets") == {}
        await one.settle_in(
            OWNER, Layout(2, lambda lane: shard_of(lane) % 2, LAYOUT.lane_of_key, lambda batch: {0: batch})
        )
        assert owners(server, schema, "cards") == {OWNER: 40, shard_owner(OWNER, 1): 20}


async def test_what_a_fleet_left_comes_together_in_a_file(server: Server, schema: str, tmp_path: Path) -> None:
    old = storage(server, schema, tmp_path)
    new = FileStorage(settings("file_storage"), FileStorageConfig(directory=tmp_path / "new", ballast_mib=1))
    async with old.lifespan(NopHost()), new.lifespan(NopHost()):
        await fill(old)
        await old.settle_in(OWNER, LAYOUT)
        found_a_fleet(server, schema)
        before = owners(server, schema, "cards")
        async with old.whole_store() as source, new.whole_store() as target:
            counts = await move_store(source, target, lambda table, rows: None)
        assert counts["cards"] == 60
        assert owners(server, schema, "cards") == before  # the old store stays as it was
        async with new.open_queue(OWNER, ROOMY) as queue:
            assert dict(await queue.waiting()) == {"a0": 30, "b1": 20, "c2": 10}
            assert await queue.get_state("pings/b1") == b"[1]"
            assert await queue.get_state("mutes") == b'{"added":[]}'


async def test_what_was_noted_of_an_earlier_store_does_not_count_for_the_one_moved_in(
    server: Server, schema: str, tmp_path: Path
) -> None:
    target = storage(server, schema, tmp_path)
    source = FileStorage(settings("file_storage"), FileStorageConfig(directory=tmp_path / "old", ballast_mib=1))
    async with target.lifespan(NopHost()), source.lifespan(NopHost()):
        await target.settle_in(OWNER, LAYOUT)  # of nothing
        await fill(source)
        async with source.whole_store() as old, target.whole_store() as new:
            await move_store(old, new, lambda table, rows: None)
        await target.settle_in(OWNER, LAYOUT)
        assert owners(server, schema, "cards") == {OWNER: 30, shard_owner(OWNER, 1): 20, shard_owner(OWNER, 2): 10}


async def test_the_number_of_shards_is_the_configured_one_after_a_stop_of_all(
    server: Server, schema: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    eight, three = (Place(server.port, schema, tmp_path, shards=shards) for shards in (8, SHARDS))
    async with storage_at(eight, server.url) as first, first.join(OWNER, ROOMY) as fleet:
        await fleet.put(parts("a0", *range(8)))
        async with storage_at(three, server.url) as second, second.join(OWNER, ROOMY) as beside:
            assert beside.shards == 8  # as long as others go on
        assert "fleet::shards" in caplog.text
    async with storage_at(three, server.url) as third, third.join(OWNER, ROOMY) as fleet:
        assert fleet.shards == SHARDS
        await third.settle_in(OWNER, LAYOUT)
        assert owners(server, schema, "batches") == {OWNER: 8}


async def test_what_was_brought_together_by_half_is_divided_anew(
    server: Server, schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was to work alone was killed while it began; then the fleet starts again."""
    one = storage(server, schema, tmp_path)
    gather, divided = settling_in.gather, {OWNER: 30, shard_owner(OWNER, 1): 20, shard_owner(OWNER, 2): 10}

    async def gather_and_die(database: Any, names: Any) -> None:
        await gather(database, names[:2])
        raise KeyboardInterrupt

    async with one.lifespan(NopHost()):
        await fill(one)
        await one.settle_in(OWNER, LAYOUT)
        found_a_fleet(server, schema)
        monkeypatch.setattr(settling_in, "gather", gather_and_die)
        with pytest.raises(KeyboardInterrupt):
            async with one.open_queue(OWNER, ROOMY):
                pass
        assert owners(server, schema, "cards") == {OWNER: 50, shard_owner(OWNER, 2): 10}
        await one.settle_in(OWNER, LAYOUT)
        assert owners(server, schema, "cards") == divided


async def test_a_replica_that_stood_still_puts_nothing_where_nobody_looks_any_more(
    server: Server, schema: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = Place(server.port, schema, tmp_path)
    async with place.machine() as still:
        await until(lambda: bool(still.fleet.replicas()), 5)
        await still.fleet.put(parts("before", 0, 1, 2, 3))
        still.cut_off()
        async with storage_at(place, server.url) as one, one.open_queue(OWNER, ROOMY):
            still.let_back()
            for _ in range(20):
                with pytest.raises(RetryableError):
                    await still.fleet.put(parts("after", 0, 1, 2, 3))
                await asyncio.sleep(0.1)
            assert owners(server, schema, "batches") == {OWNER: 4}
        assert "divided anew" in caplog.text


async def test_one_process_waits_for_a_replica_that_has_no_seat(server: Server, schema: str, tmp_path: Path) -> None:
    """With more replicas than shards some only take in."""
    async with storage_at(Place(server.port, schema, tmp_path, shards=1), server.url) as one:
        await one.settle_in(OWNER, LAYOUT)
        found_a_fleet(server, schema)
        with psycopg.connect(server.url, autocommit=True) as connection:
            until_then = "now() + interval '2 s'"
            connection.execute(f"INSERT INTO {schema}.replicas VALUES ('{OWNER}', 'other', '', {until_then})")
        began_s = asyncio.get_running_loop().time()
        async with one.open_queue(OWNER, ROOMY):
            assert asyncio.get_running_loop().time() - began_s > 1
