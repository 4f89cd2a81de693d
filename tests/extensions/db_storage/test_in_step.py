"""Works in step leave behind what they would one after another, and hear the same; what is alike is asked as one."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.component.storage import Fold, NewCard, NewPosted, Posting, Settlement
from otel_discord.extensions.db_storage.asking import ask_all, merged
from otel_discord.extensions.db_storage.group import MOST_BYTES, StepsFailedError, run_group
from otel_discord.store import operations_batches as batch_works
from otel_discord.store import operations_cards as card_works
from otel_discord.store import operations_posted as posted_works
from otel_discord.store.dialect import SQLITE
from otel_discord.store.jobs import Job
from otel_discord.store.leaving import Gone
from otel_discord.store.migration import migrate
from otel_discord.store.statements import by_ids
from otel_discord.store.work import Access, Many, Numbers, Query, Row, Steps, Work
from otel_discord.testing.otlp import logs_batch

OWNER = "discord/logs"
LANES = ("ops", "errors", "builds")


class Talk:
    """As a conversation with PostgreSQL, but with SQLite: sequences and arrays are played."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.breaths: list[list[Query | Many]] = []
        self._last: Counter[str] = Counter()
        for statement in _steps_of(migrate(SQLITE)):
            self.connection.execute(statement)

    async def ask(self, step: Query | Many) -> list[Row]:
        if isinstance(step, Query):
            return (await self.ask_all([step]))[0]
        self.breaths.append([step])
        self.connection.executemany(step.sql, step.rows)
        return []

    async def ask_all(self, queries: Sequence[Query]) -> list[list[Row]]:
        self.breaths.append(list(queries))
        return [self._answer(query) for query in queries]

    def _answer(self, query: Query) -> list[Row]:
        sql, parameters = query.sql, list(query.parameters)
        if sql.startswith("SELECT nextval"):
            table = sql.split("'")[1]
            first = self._last[table] + 1
            self._last[table] += parameters[0]
            return [(number,) for number in range(first, first + parameters[0])]
        if " = ANY(?)" in sql:
            ids = parameters.pop()
            sql = sql.replace(" = ANY(?)", f" IN ({', '.join('?' * len(ids))})")
            parameters += ids
        return self.connection.execute(sql, parameters).fetchall()

    def tables(self) -> dict[str, list[Row]]:
        return {
            name: self.connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()
            for name in ("batches", "cards", "posted", "messages")
        }


def _steps_of(work: Work[Any]) -> list[str]:
    found, steps, answer = [], work.steps(), None
    while True:
        try:
            step = next(steps) if answer is None else steps.send(answer)
        except StopIteration:
            return found
        if not step.sql.startswith(("SELECT", "DELETE")) and not step.parameters:
            found.append(step.sql)
        answer = []


def jobs(works: Sequence[Work[Any]]) -> list[Job]:
    loop = asyncio.get_running_loop()
    return [Job(work, loop.create_future()) for work in works]


async def stored(talk: Talk, cards_of_each: Sequence[int]) -> None:
    put = [batch_works.put(OWNER, logs_batch(), 9, 1) for _ in cards_of_each]
    batch_ids = [ending.result for ending in (await run_group(talk, jobs(put))).endings]
    cards = {
        batch_id: [NewCard(LANES[number % 3], 9 + number % 2, b"card") for number in range(count)]
        for batch_id, count in zip(batch_ids, cards_of_each, strict=True)
    }
    await run_group(talk, jobs([batch_works.route(OWNER, cards)]))


IDS = st.lists(st.integers(1, 14), min_size=1, max_size=3, unique=True)
WORKS: st.SearchStrategy[Work[Any]] = st.one_of(
    IDS.map(lambda ids: card_works.mark_sending(OWNER, ids)),
    IDS.map(lambda ids: card_works.mark_unsent(OWNER, ids)),
    IDS.map(lambda ids: card_works.settle(OWNER, ids, Settlement.DELIVERED)),
    IDS.map(lambda ids: card_works.settle(OWNER, ids, Settlement.DEAD)),
    IDS.map(lambda ids: card_works.find(OWNER, ids)),
    IDS.map(
        lambda ids: posted_works.post(
            OWNER, NewPosted("ops", f"m{ids[0] % 3}", 1, b"", [Posting(i, 1) for i in ids]), 1
        )
    ),
    st.sampled_from(LANES).map(lambda lane: card_works.head(OWNER, lane, 2, ahead=8, ahead_bytes=2_000)),
    IDS.map(lambda ids: batch_works.route(OWNER, {}, [Fold(i, b"folded", NewCard("ops", 9, b"new")) for i in ids])),
    IDS.map(lambda ids: posted_works.mark_shown(OWNER, [Posting(i, 7) for i in ids])),
)


@given(st.lists(WORKS, max_size=24), st.lists(st.integers(0, 5), min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_it_is_as_one_after_another(works: list[Work[Any]], cards_of_each: list[int]) -> None:
    async def compare() -> None:
        together, alone = Talk(), Talk()
        await stored(together, cards_of_each)
        await stored(alone, cards_of_each)
        group = await run_group(together, jobs(works))
        assert Counter(id(ending.job.work) for ending in group.endings) == Counter(map(id, works))
        one_by_one = [(await run_group(alone, jobs([ending.job.work]))).endings[0] for ending in group.endings]
        assert together.tables() == alone.tables()
        assert [_told(each.result) for each in group.endings] == [_told(each.result) for each in one_by_one]
        assert _ended(group.endings) == _ended(one_by_one)

    asyncio.run(compare())


def _told(result: Any) -> Any:
    """Which of two that end together is told of the end of their batch is open."""
    return (result.lanes, result.damaged) if isinstance(result, Gone) else result


def _ended(endings: Sequence[Any]) -> Counter[Any]:
    return Counter(each for ending in endings if isinstance(ending.result, Gone) for each in ending.result.ended)


def settled(card_id: int) -> Work[Gone]:
    return card_works.settle(OWNER, [card_id], Settlement.DELIVERED)


async def test_many_small_works_are_a_few_statements() -> None:
    talk = Talk()
    await stored(talk, [60])
    talk.breaths.clear()
    marks = [card_works.mark_sending(OWNER, [number]) for number in range(1, 31)]
    await run_group(talk, jobs([*marks, *map(settled, range(31, 61))]))
    assert len(talk.breaths) == 3
    assert sum(map(len, talk.breaths)) == 4


async def test_heads_of_many_lanes_are_read_in_two_breaths() -> None:
    talk = Talk()
    await stored(talk, [30])
    talk.breaths.clear()
    group = await run_group(talk, jobs([card_works.head(OWNER, lane, 9) for lane in (*LANES, "ops")]))
    assert [len(breath) for breath in talk.breaths] == [4, 1]
    heads = [[card.id for card in ending.result.cards] for ending in group.endings]
    assert heads[0] == heads[3] == [*range(4, 31, 6), *range(1, 31, 6)][:9]


async def test_works_on_the_same_card_keep_their_order() -> None:
    talk = Talk()
    await stored(talk, [2])
    works = [card_works.mark_sending(OWNER, [1]), card_works.mark_unsent(OWNER, [1]), settled(2)]
    await run_group(talk, jobs(works))
    (card,) = talk.tables()["cards"]
    assert card[5:7] == (1, 0)


async def test_reading_comes_after_what_it_was_handed_over_with() -> None:
    talk = Talk()
    await stored(talk, [4])
    found, gone = card_works.find(OWNER, [1]), settled(1)
    group = await run_group(talk, jobs([found, gone]))
    assert [ending.job.work for ending in group.endings] == [gone, found]
    assert group.endings[1].result == []


def test_alike_queries_are_one_and_others_are_not() -> None:
    first, second = by_ids("SELECT id FROM a WHERE id", [1, 2]), by_ids("SELECT id FROM a WHERE id", [2, 3])
    other_owner = by_ids("SELECT id FROM a WHERE owner = ? AND id", [1], "o")
    numbers = Query("UPDATE meta", (2, 2, "k"), Numbers("cards", 2))
    insert = Query("INSERT INTO a VALUES (?)", (1,))
    plain = Query("SELECT 1")
    asks = merged([first, plain, numbers, second, insert, other_owner, numbers, insert, plain])
    assert [list(ask.places) for ask in asks] == [[0, 3], [1], [2, 6], [4, 7], [5], [8]]
    assert asks[0].step.parameters == ([1, 2, 3],)  # type: ignore[union-attr]
    assert asks[0].divide([(2, "b"), (1, "a")]) == [[(1, "a"), (2, "b")], [(2, "b")]]
    assert asks[2].divide([(4,), (5,), (7,), (8,)]) == [[(4,), (5,)], [(7,), (8,)]]


def test_what_two_have_removed_was_removed_for_one() -> None:
    removals = [by_ids("DELETE FROM a WHERE id", ids, after=" RETURNING id") for ids in ([1, 2], [2, 3])]
    (ask,) = merged(removals)
    assert ask.divide([(3,), (2,), (1,)]) == [[(1,), (2,)], [(3,)]]


async def test_the_last_number_is_asked_for_alone() -> None:
    class Sequences(Talk):
        async def ask_all(self, queries: Sequence[Query]) -> list[list[Row]]:
            return [[(7,)] for _ in queries]

    last = Query("SELECT key, value, mirror FROM meta WHERE key = ?", ("k",), Numbers("cards", 0))
    assert await ask_all(Sequences(), [last]) == [[(7,)]]  # type: ignore[arg-type]


def raising(after: Query | None, touches: frozenset[int]) -> Work[None]:
    def steps() -> Steps[None]:
        if after is not None:
            yield after
        raise KeyError("own word")

    return Work("raises", Access.SETTLE, steps, touches)


@pytest.mark.parametrize("first", [None, Query("SELECT 1")])
async def test_who_raises_in_step_harms_nobody(first: Query | None) -> None:
    talk = Talk()
    await stored(talk, [3])
    group = await run_group(talk, jobs([settled(1), raising(first, frozenset({9})), settled(2)]))
    assert [type(ending.error) for ending in group.endings] == [type(None), KeyError, type(None)]
    assert [row[0] for row in talk.tables()["cards"]] == [3]


async def test_who_raises_having_written_spoils_the_transaction() -> None:
    talk = Talk()
    await stored(talk, [3])
    write = Query("UPDATE cards SET attempts = 0")
    with pytest.raises(StepsFailedError):
        await run_group(talk, jobs([settled(1), raising(write, frozenset({9}))]))


@pytest.mark.parametrize("access", [Access.ACCEPT, Access.SETTLE])
async def test_a_transaction_that_has_grown_large_leaves_the_last_works(access: Access) -> None:
    def large(number: int) -> Work[int]:
        def steps() -> Steps[int]:
            yield Query("SELECT length(?)", (bytes(MOST_BYTES // 8),))
            return number

        return Work("large", access, steps)

    group = await run_group(Talk(), jobs([large(number) for number in range(200)]))
    assert 0 < len(group.endings) < 200
    assert [ending.result for ending in group.endings] == list(range(len(group.endings)))
