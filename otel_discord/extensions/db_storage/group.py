"""Works run in one transaction, in their order. Those that take new work in go in step: they do not see each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any, Final

from otel_discord.extensions.db_storage.conversation import Conversation
from otel_discord.store.jobs import Ending, Job
from otel_discord.store.work import Access, Many, Numbers, Query, Row, Steps

MOST_BYTES: Final = 4 * 1024 * 1024
"""A transaction that has grown this large is committed; what else arrived comes into the next one."""


class StepsFailedError(Exception):
    """The steps of a work raised after they had written: the transaction cannot be kept."""


@dataclass(slots=True)
class Group:
    """What became of works in one transaction. ``endings`` are those of the first works, in order."""

    endings: list[Ending] = field(default_factory=list)
    bytes: int = 0


async def run_group(talk: Conversation, jobs: Sequence[Job]) -> Group:
    """Run works; only once the transaction is committed their endings are true.

    Where the transaction grows large the last works are left for the next one. A work whose steps raise before they
    wrote anything ends with that error and harms nobody.

    Raises:
        psycopg.Error: a statement failed; the transaction is lost.
        StepsFailedError: steps raised after they wrote; the transaction is not to be committed.
    """
    group = Group()
    for takes_in, alike in groupby(jobs, lambda job: job.work.access is Access.ACCEPT):
        rest = iter(alike)
        while some := list(islice(rest, _IN_STEP if takes_in else 1)):
            if group.bytes >= MOST_BYTES:
                return group
            await _run_in_step(talk, some, group)
    return group


_IN_STEP: Final = 64


@dataclass(slots=True)
class _Walk:
    job: Job
    steps: Steps[Any]
    next: Query | Many | None = None
    ending: Ending | None = None
    wrote: bool = False

    def go_on(self, answer: list[Row] | None) -> None:
        try:
            self.next = next(self.steps) if answer is None else self.steps.send(answer)
        except StopIteration as stop:
            self.next, self.ending = None, Ending(self.job, stop.value)
        except Exception as error:  # the steps' own word to their caller
            if self.wrote:
                raise StepsFailedError(self.job.work.name) from error
            self.next, self.ending = None, Ending(self.job, error=error)


async def _run_in_step(talk: Conversation, jobs: Sequence[Job], group: Group) -> None:
    walks = [_Walk(job, job.work.steps()) for job in jobs]
    try:
        for walk in walks:
            walk.go_on(None)
        while waiting := [walk for walk in walks if walk.next is not None]:
            for walk, answer in zip(waiting, await _ask_all(talk, waiting, group), strict=True):
                walk.wrote = walk.wrote or _writes(walk.next)
                walk.go_on(answer)
    finally:
        for walk in walks:
            walk.steps.close()
    group.endings += [walk.ending for walk in walks if walk.ending is not None]


async def _ask_all(talk: Conversation, walks: Sequence[_Walk], group: Group) -> list[list[Row]]:
    steps = [walk.next for walk in walks if walk.next is not None]
    for step in steps:
        group.bytes += _bound_bytes(step)
    numbers = [step.numbers for step in steps if isinstance(step, Query) and step.numbers is not None]
    if len(steps) > 1 and len(numbers) == len(steps) and len({each.table for each in numbers}) == 1:
        rows = iter(await talk.ask(_from_sequence(Numbers(numbers[0].table, sum(each.count for each in numbers)))))
        return [list(islice(rows, each.count)) for each in numbers]
    queries = [step for step in steps if isinstance(step, Query)]
    if len(queries) == len(steps) > 1 and len({each.sql for each in queries}) == 1 and _only_inserts(queries[0].sql):
        await talk.ask(Many(queries[0].sql, [each.parameters for each in queries]))
        return [[] for _ in steps]
    return [await talk.ask(_own(step)) for step in steps]


def _own(step: Query | Many) -> Query | Many:
    return _from_sequence(step.numbers) if isinstance(step, Query) and step.numbers is not None else step


def _from_sequence(numbers: Numbers) -> Query:
    name = f"{numbers.table}_ids"
    if not numbers.count:
        return Query(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {name}")  # noqa: S608 - names of ours
    return Query(f"SELECT nextval('{name}') FROM generate_series(1, ?)", (numbers.count,))  # noqa: S608


def _only_inserts(sql: str) -> bool:
    return sql.startswith("INSERT") and "RETURNING" not in sql


def _writes(step: Query | Many | None) -> bool:
    return isinstance(step, Many) or (isinstance(step, Query) and not step.sql.startswith("SELECT"))


def _bound_bytes(step: Query | Many) -> int:
    rows = step.rows if isinstance(step, Many) else (step.parameters,)
    return sum(len(each) for row in rows for each in row if isinstance(each, bytes | str))
