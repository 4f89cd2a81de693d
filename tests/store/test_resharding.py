"""What one process left is divided among shards and comes together again: nothing is lost, doubled or out of order."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.component.errors import RetryableError
from otel_discord.component.fleet import shard_owner
from otel_discord.component.resharding import Layout
from otel_discord.component.storage import Settlement
from otel_discord.signals.batch import Batch
from otel_discord.store.batch_codec import from_bytes, to_bytes
from otel_discord.store.dialect import SQLITE
from otel_discord.store.migration import migrate
from otel_discord.store.relational_queue import open_relational_queue
from otel_discord.store.resharding import gather, is_spread, owners_of, spread
from otel_discord.store.rows import is_sound, payload_of, seal
from otel_discord.store.schema import BATCHES, CARDS, LETTERS, MESSAGES, POSTED, STATE, Table
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import ROOMY, body
from tests.store.sqlite_database import SqliteDatabase

OWNER = "discord/logs"
SHARDS = 3
LANES = ("ops", "shop", "run/7f3", "sales", "ops#held/m1")
TABLES = (BATCHES, CARDS, LETTERS, MESSAGES, POSTED, STATE)


def shard_of(lane: str) -> int:
    return crc32(lane.partition("#")[0].encode()) % SHARDS


def lane_of_key(key: str) -> str | None:
    head, _, lane = key.partition("/")
    return lane if head in ("pings", "posts") else None


def parts_of(batch: Batch) -> Mapping[int, Batch]:
    """A batch's body names its lanes."""
    return dict.fromkeys({shard_of(lane) for lane in body(batch).split(",")[1:]}, batch)


LAYOUT = Layout(SHARDS, shard_of, lane_of_key, parts_of)
lanes = st.sampled_from(LANES)


@st.composite
def stores(draw: st.DrawFn) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of a small store, each with its payload unpacked."""
    numbers = iter(range(1, 1000))
    rows: dict[str, list[tuple[Any, ...]]] = {table.name: [] for table in TABLES}
    for _ in range(draw(st.integers(0, 4))):
        text = ",".join(["b", *draw(st.lists(lanes, max_size=3))])
        payload = to_bytes(logs_batch(body=text))
        rows["batches"].append(
            (next(numbers), OWNER, "logs", draw(st.integers(0, 1)), 5, 1, len(payload), 0, 0, payload)
        )
    for _ in range(draw(st.integers(0, 4))):
        batch_id = next(numbers)
        rows["batches"].append((batch_id, OWNER, "logs", 0, 5, 1, 9, 1, 0, b""))
        for lane in draw(st.lists(lanes, min_size=1, max_size=3)):
            rows["cards"].append((next(numbers), OWNER, lane, draw(st.integers(0, 1)), batch_id, 1, 1, b"card"))
    for lane in draw(st.lists(lanes, max_size=4)):
        number = next(numbers)
        rows["messages"].append((number, OWNER, lane, str(number), 5, b"note"))
        rows["posted"].append((next(numbers), OWNER, lane, number, 1, 0, 1, b"posted"))
        rows["letters"].append((next(numbers), OWNER, 5, lane, "gone", 6, b"letter"))
    keys = draw(st.lists(st.sampled_from(["mutes", "history/01", *(f"pings/{lane}" for lane in LANES)]), unique=True))
    for key in keys:
        rows["state"].append((OWNER, key, b'{"a":1}' if key == "mutes" else b"\x08\x01"))
    return rows


def database_with(rows: Mapping[str, list[tuple[Any, ...]]]) -> SqliteDatabase:
    database = SqliteDatabase()
    database.run_now(migrate(SQLITE))
    for table in TABLES:
        for *values, payload in rows[table.name]:
            sealed = seal(table, values, payload or (None if table is BATCHES else payload))
            database.connection.execute(table.insert, sealed)
    return database


def content(database: SqliteDatabase, table: Table) -> list[tuple[Any, ...]]:
    found = database.rows(table.name)
    assert all(is_sound(table, row) for row in found)
    return [(*row[:-3], (payload_of(table, row) or b"") if row[-1] else b"") for row in found]


def waiting(database: SqliteDatabase, table: Table) -> list[tuple[Any, ...]]:
    return [row for row in content(database, table) if table is not BATCHES or not row[7]]


def as_one(rows: list[tuple[Any, ...]], *without: int) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(value for place, value in enumerate(row) if place not in without) for row in rows)


@given(stores())
@settings(max_examples=60, deadline=None)
def test_all_comes_to_its_shard_and_back(rows: dict[str, list[tuple[Any, ...]]]) -> None:
    database = database_with(rows)
    before = {table.name: content(database, table) for table in TABLES}
    asyncio.run(spread(database, OWNER, LAYOUT))
    assert asyncio.run(is_spread(database, OWNER, SHARDS))
    for table, lane in ((CARDS, 2), (MESSAGES, 2), (POSTED, 2), (LETTERS, 3)):
        now = content(database, table)
        assert {row[0] for row in now} == {row[0] for row in before[table.name]}
        for row in now:
            assert row[1] == shard_owner(OWNER, shard_of(row[lane]))
        tie = 4 if table is CARDS else 1
        assert as_one(now, 1, tie) == as_one(before[table.name], 1, tie)
    expected = Counter[tuple[str, bytes]]()
    for row in before["batches"]:
        if not row[7]:
            batch = from_bytes("logs", row[-1])
            assert batch is not None
            expected.update((shard_owner(OWNER, shard), row[-1]) for shard in parts_of(batch))
    assert Counter((row[1], row[-1]) for row in waiting(database, BATCHES)) == expected
    batches = {row[0]: row[1] for row in content(database, BATCHES)}
    for card in content(database, CARDS):
        assert not card[4] or batches[card[4]] == card[1]  # whose room it holds is its own shard's

    asyncio.run(gather(database, owners_of(OWNER, SHARDS)))
    for table in (CARDS, MESSAGES, POSTED, LETTERS, STATE):
        tie = (4,) if table is CARDS else ()
        assert as_one(content(database, table), *tie) == as_one(before[table.name], *tie)
    assert {row[1] for row in content(database, BATCHES)} <= {OWNER}


@given(stores(), st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_ended_anywhere_it_goes_on(rows: dict[str, list[tuple[Any, ...]]], works: int) -> None:
    whole, broken = database_with(rows), database_with(rows)
    asyncio.run(spread(whole, OWNER, LAYOUT))
    before = len(broken.ran)
    broken.refuse = lambda work: len(broken.ran) - before == works
    try:
        asyncio.run(spread(broken, OWNER, LAYOUT))
    except RetryableError:
        assert not asyncio.run(is_spread(broken, OWNER, SHARDS))
    broken.refuse = lambda work: False
    if not asyncio.run(is_spread(broken, OWNER, SHARDS)):
        asyncio.run(spread(broken, OWNER, LAYOUT))
    for table in TABLES:
        # A routed batch may go along with what is left of its cards: whose room it takes is another matter then.
        without = {BATCHES: (0, 1), CARDS: (4,)}.get(table, ())
        assert as_one(waiting(broken, table), *without) == as_one(waiting(whole, table), *without)


async def test_what_waits_keeps_its_order_and_its_room_is_counted_once() -> None:
    texts = ["1,ops,sales", "2,sales", "3,ops", "4,shop,ops,sales", "5,sales"]
    database = database_with({table.name: [] for table in TABLES})
    async with open_relational_queue(database, OWNER, ROOMY) as queue:
        for text in texts:
            await queue.put(logs_batch(body=text))
    await spread(database, OWNER, LAYOUT)
    for shard in range(SHARDS):
        mine = [text for text in texts if any(shard_of(lane) == shard for lane in text.split(",")[1:])]
        async with open_relational_queue(database, shard_owner(OWNER, shard), ROOMY) as queue:
            assert queue.size == len(mine)
            for text in mine:
                taken = await queue.take()
                assert body(taken.batch) == text
                await queue.done(taken.id)
            assert queue.size == 0
            assert await queue.put(logs_batch()) > len(texts)


async def test_room_is_free_once_the_cards_of_a_shard_have_ended() -> None:
    rows: dict[str, list[tuple[Any, ...]]] = {table.name: [] for table in TABLES}
    rows["batches"] = [(1, OWNER, "logs", 0, 5, 1, 9, 1, 0, b""), (2, OWNER, "logs", 0, 5, 1, 9, 1, 0, b"")]
    one, other = "ops", next(lane for lane in LANES if shard_of(lane) not in (0, shard_of("ops")))
    rows["cards"] = [(10, OWNER, one, 0, 1, 0, 0, b"a"), (11, OWNER, other, 0, 1, 0, 0, b"b")]
    rows["cards"] += [(12, OWNER, other, 0, 2, 0, 0, b"c")]
    database = database_with(rows)
    await spread(database, OWNER, LAYOUT)
    async with open_relational_queue(database, shard_owner(OWNER, shard_of(other)), ROOMY) as queue:
        assert queue.size == 1  # the second batch, all of whose cards are here
        await queue.settle([11, 12], Settlement.DELIVERED)
        assert queue.size == 0


async def test_a_damaged_row_goes_along_and_stays_damaged() -> None:
    rows: dict[str, list[tuple[Any, ...]]] = {table.name: [] for table in TABLES}
    lane = next(lane for lane in LANES if shard_of(lane))
    rows["cards"] = [(10, OWNER, lane, 0, 0, 0, 0, b"a"), (11, OWNER, lane, 0, 0, 0, 0, b"b")]
    database = database_with(rows)
    database.damage("UPDATE cards SET attempts = 7 WHERE id = 10")
    await spread(database, OWNER, LAYOUT)
    damaged = 0

    def count(rows: int) -> None:
        nonlocal damaged
        damaged += rows

    owner = shard_owner(OWNER, shard_of(lane))
    async with open_relational_queue(database, owner, ROOMY, on_damaged=count) as queue:
        assert [card.id for card in await queue.head(lane, 5)] == [11]
        assert (await queue.letter_totals()).count == damaged == 1


async def test_letters_that_have_no_copy_yet_get_one_and_others_not_again() -> None:
    rows: dict[str, list[tuple[Any, ...]]] = {table.name: [] for table in TABLES}
    rows["letters"] = [(number, shard_owner(OWNER, number % 2), 5, "ops", "gone", 6, b"letter") for number in range(9)]
    rows["state"] = [(OWNER, "dead_letters/copied", b"8"), (f"{OWNER}#1", "dead_letters/copied", b"5")]
    database = database_with(rows)
    await gather(database, owners_of(OWNER, 2))
    assert content(database, STATE) == [(OWNER, "dead_letters/copied", b"6")]


@pytest.mark.parametrize("shards", [1, 2])
async def test_nothing_stored_is_nothing_to_do(shards: int) -> None:
    database = database_with({table.name: [] for table in TABLES})
    await spread(database, OWNER, Layout(shards, shard_of, lane_of_key, parts_of))
    assert await is_spread(database, OWNER, shards)
    assert not await is_spread(database, OWNER, shards + 1)
