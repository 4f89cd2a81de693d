"""Works run in one transaction. Those that say that they do not touch each other go in step, and so do those that read,
and those that take new work in: what several of them ask at a time goes to the server at once, much of it as one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby, islice
from typing import Any, Final

from otel_discord.extensions.db_storage.asking import ask_all
from otel_discord.extensions.db_storage.conversation import Conversation
from otel_discord.store.jobs import Ending, Job
from otel_discord.store.work import Access, Many, Query, Row, Steps

MOST_BYTES: Final = 4 * 1024 * 1024
"""A transaction that has grown this large is committed; what else arrived comes into the next one."""
_IN_STEP: Final = 64


class StepsFailedError(Exception):
    """The steps of a work raised after they had written: the transaction cannot be kept."""


@dataclass(slots=True)
class Group:
    """What became of works in one transaction. ``endings`` are those of the first works, in the order in which they
    ran."""

    endings: list[Ending] = field(default_factory=list)
    bytes: int = 0


async def run_group(talk: Conversation, jobs: Sequence[Job]) -> Group:
    """Run works; only once the transaction is committed their endings are true.

    They run in their order, but for neighbours that read or say what they touch: there, what touches nothing of the
    others goes in step, and reading comes last. Where the transaction grows large the last works are left for the next
    one. A work whose steps raise before they wrote anything ends with that error and harms nobody.

    Raises:
        psycopg.Error: a statement failed; the transaction is lost.
        StepsFailedError: steps raised after they wrote; the transaction is not to be committed.
    """
    group = Group()
    for pace, alike in groupby(jobs, _pace):
        for some in _ranks(pace, alike):
            if pace is not _Pace.FREE and group.bytes >= MOST_BYTES:
                return group
            await _run_in_step(talk, some, group)
        if group.bytes >= MOST_BYTES:
            return group
    return group


class _Pace(Enum):
    IN_STEP = "takes new work in"
    FREE = "reads, or says what it touches"
    ALONE = "in its place in the order"


def _pace(job: Job) -> _Pace:
    if job.work.access is Access.ACCEPT:
        return _Pace.IN_STEP
    return _Pace.FREE if job.work.access is Access.READ or job.work.touches else _Pace.ALONE


def _ranks(pace: _Pace, jobs: Iterable[Job]) -> Iterator[list[Job]]:
    """Divide works of one pace into those that go in step."""
    if pace is not _Pace.FREE:
        rest = iter(jobs)
        while some := list(islice(rest, _IN_STEP if pace is _Pace.IN_STEP else 1)):
            yield some
        return
    found = list(jobs)
    rank: list[Job] = []
    touched: set[Any] = set()
    for job in (each for each in found if each.work.access is not Access.READ):
        if len(rank) == _IN_STEP or not touched.isdisjoint(job.work.touches):
            yield rank
            rank, touched = [], set()
        rank.append(job)
        touched.update(job.work.touches)
    if rank:
        yield rank
    reading = (each for each in found if each.work.access is Access.READ)
    while some := list(islice(reading, _IN_STEP)):
        yield some


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
            steps = [walk.next for walk in waiting if walk.next is not None]
            group.bytes += sum(map(_bound_bytes, steps))
            for walk, answer in zip(waiting, await ask_all(talk, steps), strict=True):
                walk.wrote = walk.wrote or _writes(walk.next)
                walk.go_on(answer)
    finally:
        for walk in walks:
            walk.steps.close()
    group.endings += [walk.ending for walk in walks if walk.ending is not None]


def _writes(step: Query | Many | None) -> bool:
    return isinstance(step, Many) or (isinstance(step, Query) and not step.sql.startswith("SELECT"))


def _bound_bytes(step: Query | Many) -> int:
    rows = step.rows if isinstance(step, Many) else (step.parameters,)
    return sum(len(each) for row in rows for each in row if isinstance(each, bytes | str))
