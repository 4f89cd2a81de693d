"""What works in step ask at a time, in as few statements and round trips as can be: alike ones become one."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

from otel_discord.extensions.db_storage.conversation import Conversation
from otel_discord.store.work import ByIds, Many, Numbers, Query, Row, Value

_FIRST_OF_ARRAY: Final = " = ANY(?)"
"""One text however many ids there are, so that it is prepared once."""

Step: TypeAlias = Query | Many
Answers: TypeAlias = list[list[Row]]


class _Ask(NamedTuple):
    """A statement, whose it is, and how its answer is divided among them."""

    step: Step
    places: Sequence[int]
    divide: Callable[[list[Row]], Answers]


async def ask_all(talk: Conversation, steps: Sequence[Step]) -> Answers:
    """Ask what several works ask at the same time, which do not touch each other; return the answers in order.

    Raises:
        psycopg.Error: one of them failed; the transaction is lost.
    """
    asks = merged(steps)
    answers: Answers = [[] for _ in steps]
    queries = [ask.step for ask in asks if isinstance(ask.step, Query)]
    found = iter(await talk.ask_all(queries) if queries else ())
    for ask in asks:
        if isinstance(ask.step, Query):
            for place, rows in zip(ask.places, ask.divide(next(found)), strict=True):
                answers[place] = rows
        else:
            await talk.ask(ask.step)
    return answers


def merged(steps: Sequence[Step]) -> list[_Ask]:
    """Return what is to be asked, in the order in which each kind came first. Pure."""
    alike: dict[Any, list[int]] = {}
    for place, step in enumerate(steps):
        alike.setdefault(_kind(step, place), []).append(place)
    return [_one([steps[place] for place in places], places) for places in alike.values()]


def _kind(step: Step, place: int) -> object:
    """Return what is equal for steps that can be asked as one."""
    if isinstance(step, Many):
        return step.sql
    if step.numbers is not None and step.numbers.count:
        return ("numbers", step.numbers.table)
    if step.by_ids is not None:
        return (step.by_ids.before, step.by_ids.fixed, step.by_ids.after)
    return step.sql if _only_inserts(step.sql) else place


def _one(steps: Sequence[Step], places: Sequence[int]) -> _Ask:
    first = steps[0]
    if isinstance(first, Many):
        rows = [row for step in steps if isinstance(step, Many) for row in step.rows]
        return _Ask(Many(first.sql, rows), places, _nothing_each(len(places)))
    if first.numbers is not None and not first.numbers.count:
        return _Ask(_from_sequence(first.numbers), places, lambda rows: [rows])
    if first.numbers is not None:
        counts = [step.numbers.count for step in steps if isinstance(step, Query) and step.numbers is not None]
        return _Ask(_from_sequence(Numbers(first.numbers.table, sum(counts))), places, _by_counts(counts))
    if first.by_ids is not None:
        asked = [step.by_ids.ids for step in steps if isinstance(step, Query) and step.by_ids is not None]
        return _Ask(_of_rows(first.by_ids, asked), places, _by_ids(asked, is_shared=first.sql.startswith("SELECT")))
    if len(steps) > 1:
        inserted = [step.parameters for step in steps if isinstance(step, Query)]
        return _Ask(Many(first.sql, inserted), places, _nothing_each(len(places)))
    return _Ask(first, places, lambda rows: [rows])


def _of_rows(which: ByIds, asked: Sequence[Sequence[int]]) -> Query:
    every = list(dict.fromkeys(each for ids in asked for each in ids))
    parameters: tuple[Value | list[int], ...] = (*which.fixed, every)
    return Query(f"{which.before}{_FIRST_OF_ARRAY}{which.after}", parameters)  # type: ignore[arg-type]  # an array


def _by_ids(asked: Sequence[Sequence[int]], *, is_shared: bool) -> Callable[[list[Row]], Answers]:
    """A row that several have asked for goes to all of them, or to the first where it was removed for him."""

    def divide(rows: list[Row]) -> Answers:
        if len(asked) == 1:
            return [rows]
        by_id = {row[0]: row for row in rows}
        take = by_id.__getitem__ if is_shared else by_id.pop
        return [[take(each) for each in ids if each in by_id] for ids in asked]

    return divide


def _by_counts(counts: Sequence[int]) -> Callable[[list[Row]], Answers]:
    def divide(rows: list[Row]) -> Answers:
        rest = iter(rows)
        return [list(islice(rest, count)) for count in counts]

    return divide


def _nothing_each(count: int) -> Callable[[list[Row]], Answers]:
    return lambda _: [[] for _ in range(count)]


def _from_sequence(numbers: Numbers) -> Query:
    name = f"{numbers.table}_ids"
    if not numbers.count:
        return Query(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {name}")  # noqa: S608 - names of ours
    return Query(f"SELECT nextval('{name}') FROM generate_series(1, ?)", (numbers.count,))  # noqa: S608


def _only_inserts(sql: str) -> bool:
    return sql.startswith("INSERT") and "RETURNING" not in sql
