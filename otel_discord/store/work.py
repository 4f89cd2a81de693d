"""How the relational model speaks to a database without knowing one: steps that yield statements and get rows.

A :class:`Work` is one transaction. Its steps are a generator, so that a driver that blocks (SQLite, in its thread) and
one that is awaited (PostgreSQL) run the same steps; ``steps`` is called again when the transaction has to be repeated.
SQL is written with ``?`` for parameters; a driver puts its own marks there. Pure.
"""

from collections.abc import Callable, Generator, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Value: TypeAlias = int | str | bytes | None
Row: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many new numbers are taken for rows of a table; 0 asks for the last one."""

    table: str
    count: int


@dataclass(frozen=True, slots=True)
class ByIds:
    """Which rows a query is about: ``before`` and ``after`` are the statement around ``IN (…)``, ``fixed`` the
    parameters in front. Each row of the answer begins with its id, so that several such queries can be asked as one."""

    before: str
    fixed: tuple[Value, ...]
    ids: Sequence[int]
    after: str


@dataclass(frozen=True, slots=True)
class Query:
    """One statement; the answer is its rows."""

    sql: str
    parameters: Sequence[Value] = ()
    numbers: Numbers | None = None
    """Set where it is about numbers. A database with sequences of its own takes them from there instead: its answer has
    a row of one column for each number, and they grow, though others may have taken some between them."""
    by_ids: ByIds | None = None
    """Set where it is about rows by their ids."""


@dataclass(frozen=True, slots=True)
class Many:
    """One statement for each row of parameters; the answer is empty."""

    sql: str
    rows: Sequence[Sequence[Value]]


Steps: TypeAlias = Generator[Query | Many, list[Row], T]


class Access(StrEnum):
    """What a transaction asks of the disk."""

    READ = "read"
    """Writes nothing, waits for no disk."""
    ACCEPT = "accept"
    """Takes new work in: refused, before anything else suffers, where space runs short."""
    SETTLE = "settle"
    """Brings accepted work towards its end: must go through also on a full disk."""


@dataclass(frozen=True, slots=True)
class Work(Generic[T]):
    """One transaction. ``name`` is for metrics, logs and failpoints (``<name>.before_commit``)."""

    name: str
    access: Access
    steps: Callable[[], Steps[T]]
    touches: frozenset[Hashable] = frozenset()
    """What it changes, where it says so: then it may run beside, before or after others that say so and touch none of
    the same, and before reading works that were handed over with it. A database need not make use of it."""


class Database(Protocol):
    """Runs works, each whole or not at all, in the order in which they were handed over (but see ``Work.touches``); in
    the order in which they ran their callers go on, too: what is kept in memory of the stored state is right because
    its changes are heard of in their order."""

    async def run(self, work: Work[T]) -> T:
        """Run a transaction and return its result once it is as durable as configured.

        An exception that the steps raise comes out here, and nothing of the work is stored. Cancelled, the caller
        does not learn whether the work was stored.

        Raises:
            RetryableError: the disk is full or fails, or the database is away; nothing of the work is stored.
                ``reason`` is a fixed short word, as ``disk_full`` or ``storage_failed``.
            ShutdownError: the database is closed.
        """
        ...
