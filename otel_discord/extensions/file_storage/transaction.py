"""Works run on a connection: several in one transaction, with one commit for all of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import apsw

from otel_discord.component.failpoint import reach
from otel_discord.store.jobs import Ending, Job
from otel_discord.store.work import Access, Many, Query, Work

MOST_BYTES: Final = 4 * 1024 * 1024
"""A transaction that has grown this large is committed; what else arrived comes into the next one."""


class StepsFailedError(Exception):
    """The steps of a work raised after they had written: the transaction cannot be kept."""


@dataclass(slots=True)
class Group:
    """What became of works in one transaction. ``endings`` are those of the first works, in order."""

    endings: list[Ending]
    bytes: int = 0


def run_group(connection: apsw.Connection, jobs: Sequence[Job]) -> Group:
    """Run works in one transaction and commit it; only then their endings are true.

    Where the transaction grows large the last works are left for the next one. A work whose steps raise before they
    wrote anything ends with that error and harms nobody.

    Raises:
        apsw.Error: the transaction is not stored (where the commit itself failed, that is not certain).
        StepsFailedError: steps raised after they wrote; the transaction is not stored.
    """
    group = Group([])
    wrote = any(job.work.access is not Access.READ for job in jobs)
    connection.execute("BEGIN IMMEDIATE" if wrote else "BEGIN")
    for job in jobs:
        before = connection.total_changes()
        try:
            result, size_bytes = run_steps(connection, job.work)
        except apsw.Error:
            raise
        except Exception as error:  # the steps' own word to their caller
            if connection.total_changes() != before:
                raise StepsFailedError(job.work.name) from error
            group.endings.append(Ending(job, error=error))
            continue
        group.endings.append(Ending(job, result))
        group.bytes += size_bytes
        if group.bytes >= MOST_BYTES:
            break
    for ending in group.endings:
        reach(f"{ending.job.work.name}.before_commit")
    connection.execute("COMMIT")
    for ending in group.endings:
        reach(f"{ending.job.work.name}.after_commit")
    return group


def run_steps(connection: apsw.Connection, work: Work[Any]) -> tuple[Any, int]:
    """Run a work's statements; return its result and how many bytes of parameters it bound."""
    steps = work.steps()
    size_bytes = 0
    answer: list[tuple[Any, ...]] | None = None
    try:
        while True:
            try:
                step = next(steps) if answer is None else steps.send(answer)
            except StopIteration as stop:
                return stop.value, size_bytes
            if isinstance(step, Many):
                connection.executemany(step.sql, step.rows)
                size_bytes += sum(_bound_bytes(row) for row in step.rows)
                answer = []
            else:
                answer = _rows(connection, step)
                size_bytes += _bound_bytes(step.parameters)
    finally:
        steps.close()


def roll_back(connection: apsw.Connection) -> None:
    """End a transaction that failed, if SQLite has not done so.

    Raises:
        apsw.Error: not even that works.
    """
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _rows(connection: apsw.Connection, query: Query) -> list[tuple[Any, ...]]:
    try:
        return list(connection.execute(query.sql, query.parameters))
    except UnicodeDecodeError as error:  # no text of ours: a bit of it has changed, or of what says that it is text
        raise apsw.CorruptError(f"text that is not UTF-8: {error.reason}") from None


def _bound_bytes(parameters: Iterable[object]) -> int:
    return sum(len(each) for each in parameters if isinstance(each, bytes | str))
