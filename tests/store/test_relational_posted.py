"""What folds and posted cards in a database promise beyond the contract: damage, failures, and what they cost."""

import asyncio
import time

import pytest

from otel_discord._proto.dead_letter_pb2 import DeadLetter
from otel_discord._proto.queue_pb2 import Card
from otel_discord.component.storage import (
    Fold,
    Move,
    NewCard,
    NewLetter,
    NewPosted,
    PostedCard,
    Posting,
    Revival,
    Settlement,
)
from otel_discord.store.relational_queue import RelationalQueue
from tests.store.sqlite_database import SqliteDatabase, SqliteStorage
from tests.store.stored_queue import ROOMY

pytestmark = pytest.mark.looptime


def counting(count: int) -> bytes:
    return Card(record=b"", count=count).SerializeToString()


def news(count: int, lane: str = "ops") -> list[NewCard]:
    return [NewCard(lane, 9, counting(number + 1)) for number in range(count)]


def message(message_id: str, *postings: Posting) -> NewPosted:
    return NewPosted("ops", message_id, 5, b"note", postings)


def fold(card_id: int, payload: bytes = b"folded") -> Fold:
    return Fold(card_id, payload, NewCard("else", 9, b"%d" % card_id))


async def letters_of(queue: RelationalQueue) -> list[int]:
    """Return how many records each letter counts."""
    return [Card.FromString(DeadLetter.FromString(each.payload).card).count for each in await queue.letters()]


# -------------------------------------------------------------------------------------------------------------- damage


async def test_a_damaged_row_is_not_folded_into(queue: RelationalQueue, database: SqliteDatabase) -> None:
    a, b, c, d = await queue.adopt(news(4))
    await queue.post(message("1", Posting(c, 3), Posting(d, 4)))
    database.damage("UPDATE cards SET priority = 8 WHERE id = ?", a)
    database.damage("UPDATE cards SET payload = x'00' WHERE id = ?", b)  # the fold brings another one
    database.damage("UPDATE posted SET shown = 9 WHERE id = ?", c)
    routed = await queue.route_all({}, [fold(each) for each in (a, b, c, d)])
    assert sorted(routed.otherwise) == [a, c]
    assert [(card.id, card.payload) for card in await queue.head("ops", 9)] == [(b, b"folded")]
    assert [card.payload for card in await queue.head("else", 9)] == [b"%d" % a, b"%d" % c]
    assert await queue.waiting() == {"ops": 1, "else": 2}


async def test_a_damaged_posted_card_leaves_what_is_not_shown(queue: RelationalQueue, storage: SqliteStorage) -> None:
    a, b, c, d = await queue.adopt(news(4))
    await queue.post(message("1", Posting(a, 1), Posting(b, 1), Posting(c, 3), Posting(d, 3)))
    for card_id in (a, b, d):
        storage.database.damage("UPDATE posted SET priority = 8 WHERE id = ?", card_id)
    (found,) = await queue.posted("ops")
    assert found.cards == [PostedCard(c, 9, counting(3), 3)]
    assert await letters_of(queue) == [1, 1]
    assert storage.damaged == 3
    assert len(await queue.posted("ops")) == 1


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE messages SET message_id = '2'",
        "UPDATE messages SET payload = x'00'",
        "UPDATE messages SET lane = 'oqs'",
        "DELETE FROM messages",
    ],
)
async def test_cards_whose_message_is_lost_leave_what_is_not_shown(
    queue: RelationalQueue, storage: SqliteStorage, damage: str
) -> None:
    a, b = await queue.adopt(news(2))
    await queue.post(message("1", Posting(a, 1), Posting(b, 1)))
    storage.database.damage(damage)
    assert list(await queue.posted("ops")) == []
    assert await letters_of(queue) == [1]
    assert storage.damaged >= 2
    assert storage.database.rows("posted") == []
    assert sorted((await queue.route_all({}, [fold(a), fold(b)])).otherwise) == [a, b]


async def test_a_card_damaged_before_it_is_posted(queue: RelationalQueue, storage: SqliteStorage) -> None:
    a, b, c = await queue.adopt(news(3))
    assert await queue.waiting() == {"ops": 3}
    storage.database.damage("UPDATE cards SET attempts = 8 WHERE id IN (?, ?)", a, b)
    await queue.post(message("1", Posting(a, 1), Posting(b, 1), Posting(c, 1)))
    assert await queue.waiting() == {}
    (found,) = await queue.posted("ops")
    assert found.cards == [PostedCard(c, 9, counting(3), 1)]
    assert await letters_of(queue) == [1], "of the second one record is not shown"
    assert storage.damaged == 2


async def test_marking_does_not_make_good_what_is_damaged(queue: RelationalQueue, database: SqliteDatabase) -> None:
    (a,) = await queue.adopt(news(1))
    await queue.post(message("1", Posting(a, 1)))
    database.damage("UPDATE posted SET priority = 8")
    await queue.mark_shown([Posting(a, 1)])
    (found,) = await queue.posted("ops")
    assert list(found.cards) == []


async def test_a_lost_number_never_comes_back_while_a_posted_card_has_it(storage: SqliteStorage) -> None:
    async with storage.open_queue("q", ROOMY) as queue:
        a, b = await queue.adopt(news(2))
        await queue.post(message("1", Posting(b, 1)))
        storage.database.damage("UPDATE meta SET value = 1, mirror = -1 WHERE key = 'last_cards_id'")
        (c,) = await queue.adopt(news(1))
        assert c > b
        await queue.settle([a, c], Settlement.DELIVERED)
    storage.database.damage("DELETE FROM meta WHERE key LIKE 'last%'")
    async with storage.open_queue("q", ROOMY) as queue:
        (d,) = await queue.adopt(news(1))
        assert d > b
        await queue.post(message("2", Posting(d, 1)))
        assert [each.message_id for each in await queue.posted("ops")] == ["1", "2"]


# ------------------------------------------------------------------------------------------------------------ failures


@pytest.mark.parametrize("name", ["route", "post", "mark_shown", "unpost", "forget_messages", "move"])
async def test_what_fails_is_done_later_and_whole(queue: RelationalQueue, database: SqliteDatabase, name: str) -> None:
    a, b = await queue.adopt(news(2))
    await queue.post(message("1", Posting(a, 1)))
    left = [name] * 3

    def refuse(work: object) -> bool:
        return getattr(work, "name", "") == name and bool(left and left.pop())

    database.refuse = refuse
    calls = {
        "route": lambda: queue.route_all({}, [fold(a), fold(b), fold(999)]),
        "post": lambda: queue.post(message("1", Posting(b, 2))),
        "mark_shown": lambda: queue.mark_shown([Posting(a, 7)]),
        "unpost": lambda: queue.unpost([a]),
        "forget_messages": lambda: queue.forget_messages("ops", ["1"]),
        "move": lambda: queue.move([Move(a, NewCard("else", 9, b"m")), Move(b, NewCard("else", 9, b"m"))]),
    }
    await asyncio.wait_for(calls[name](), 30)
    assert left == []
    head = [card.payload for card in await queue.head("ops", 9)]
    other = [card.payload for card in await queue.head("else", 9)]
    cards = [(card.id, card.payload, card.shown) for each in await queue.posted("ops") for card in each.cards]
    one, two = counting(1), counting(2)
    assert (head, other, cards) == {
        "route": ([b"folded"], [b"999"], [(a, b"folded", 1)]),
        "post": ([], [], [(a, one, 1), (b, two, 2)]),
        "mark_shown": ([two], [], [(a, one, 7)]),
        "unpost": ([two], [], []),
        "forget_messages": ([two], [], []),
        "move": ([], [b"m", b"m"], []),
    }[name]
    counts = {"ops": len(head), "else": len(other)}
    assert await queue.waiting() == {lane: count for lane, count in counts.items() if count}


# ---------------------------------------------------------------------------------------------------------------- cost


async def test_who_asks_how_much_waits_asks_the_database_once(queue: RelationalQueue, database: SqliteDatabase) -> None:
    ids = list(await queue.adopt(news(8)))
    assert await queue.waiting() == {"ops": 8}
    await queue.settle(ids[:1], Settlement.DELIVERED)
    await queue.bury([NewLetter(ids[1], 1, "ops", "gone", b"")])
    await queue.move([Move(ids[2], NewCard("else", 9, b"")), Move(ids[3], NewCard("ops", 9, b""))])
    await queue.post(message("1", Posting(ids[4], 1), Posting(ids[0], 1)))
    (letter,) = await queue.letters()
    await queue.revive([Revival(letter.id, NewCard("letters", 9, b"")), Revival(999, NewCard("letters", 9, b""))])
    await queue.adopt(news(2, lane="files"))
    await queue.route_all({}, [fold(999), fold(ids[5]), fold(ids[4])])
    await queue.move([Move(ids[4], NewCard("else", 9, b""))])
    expected = {"ops": 4, "else": 3, "letters": 1, "files": 2}
    assert await queue.waiting() == expected
    assert database.ran.count("waiting") == 1
    counted = database.connection.execute("SELECT lane, count(*) FROM cards GROUP BY lane").fetchall()
    assert dict(counted) == expected


async def test_thousands_in_a_step_cost_few_statements(queue: RelationalQueue, database: SqliteDatabase) -> None:
    count = 5_000
    ids = list(await queue.adopt([NewCard("ops", 9, b"x" * 300) for _ in range(count)]))
    started_s = time.perf_counter()
    await queue.route_all({}, [fold(each, b"y" * 300) for each in ids])
    assert len(database.statements) < 40
    await queue.post(message("1", *(Posting(each, 1) for each in ids)))
    assert len(database.statements) < 40
    await queue.mark_shown([Posting(each, 2) for each in ids])
    await queue.route_all({}, [fold(each, b"z" * 300) for each in ids])
    assert len(database.statements) < 60
    (found,) = await queue.posted("ops")
    assert len(found.cards) == count
    await queue.unpost(ids)
    assert len(database.statements) < 20
    assert time.perf_counter() - started_s < 10, "not a moment: something is quadratic"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM messages WHERE owner = ? AND lane = ? AND message_id = ? ORDER BY id LIMIT 1",
        "SELECT id FROM messages WHERE owner = ? AND lane = ?",
        "SELECT id FROM posted WHERE owner = ? AND lane = ?",
        "SELECT max(place) FROM posted WHERE message = ?",
        "DELETE FROM posted WHERE message IN (?, ?)",
        "SELECT id FROM posted WHERE owner || '' = ? AND id IN (?, ?)",
        "SELECT max(id) FROM posted",
    ],
)
def test_no_statement_reads_a_table_from_end_to_end(database: SqliteDatabase, statement: str) -> None:
    plan = database.connection.execute(f"EXPLAIN QUERY PLAN {statement}", ("1",) * statement.count("?")).fetchall()
    assert all("SEARCH" in row[3] for row in plan), plan
