"""What a storage has counted of each problem, seen in the copy of it that ``disk.look`` makes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from otel_discord.exporters.discord.cards import Card
from otel_discord.extensions.file_storage.config import DATABASE_NAME
from otel_discord.store.batch_codec import from_bytes
from otel_discord.store.rows import payload_of
from otel_discord.store.schema import BATCHES, CARDS, MESSAGES, POSTED, Table
from tests.kills.problems import Problem, problem_in, problems_in


@dataclass(frozen=True, slots=True)
class Counted:
    """A card: what it stands for, and where it is."""

    lane: str
    problem: Problem
    count: int
    in_doubt: bool = False
    message_id: str = ""
    """Of the message in Discord; "" where it waits."""
    shown: int = 0
    """What the storage knows to be shown there."""


@dataclass(slots=True)
class Counts:
    """All of a storage."""

    batches: Counter[Problem] = field(default_factory=Counter)
    """Accepted and not yet counted on cards."""
    cards: list[Counted] = field(default_factory=list)

    def of(self, lane: str) -> Counter[Problem]:
        """Return what the cards of a lane stand for, those in Discord included."""
        found: Counter[Problem] = Counter()
        for card in self.cards:
            if card.lane == lane:
                found[card.problem] += card.count
        return found


def counts_in(scratch: Path) -> Counts:
    """Return the counts in a database that nobody writes."""
    counts = Counts()
    path = scratch / DATABASE_NAME
    if not (path.exists() and path.stat().st_size) and not path.with_name(f"{path.name}-wal").exists():
        return counts
    connection = apsw.Connection(str(path))
    try:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if not {each.name for each in (BATCHES, CARDS, MESSAGES, POSTED)} <= tables:
            return counts  # it was killed while it made them
        for row, payload in _rows(connection, BATCHES, "WHERE routed = 0"):
            batch = from_bytes(row["signal"], payload)
            assert batch is not None
            counts.batches += problems_in(batch.request)  # type: ignore[arg-type]  # of logs
        for row, payload in _rows(connection, CARDS):
            counts.cards.append(_counted(row["lane"], payload, in_doubt=bool(row["in_doubt"])))
        names = {row["id"]: row["message_id"] for row, _ in _rows(connection, MESSAGES)}
        for row, payload in _rows(connection, POSTED):
            counts.cards.append(
                _counted(row["lane"], payload, message_id=str(names[row["message"]]), shown=row["shown"])
            )
    finally:
        connection.close()
    return counts


def _counted(lane: str, payload: bytes, **where: Any) -> Counted:
    problem = problem_in(payload.decode("latin-1"))
    assert problem is not None, payload
    return Counted(lane, problem, Card.from_bytes(payload).count, **where)


def _rows(connection: apsw.Connection, table: Table, rest: str = "") -> Iterator[tuple[dict[str, Any], bytes]]:
    for row in list(connection.execute(f"SELECT {', '.join(table.columns)} FROM {table.name} {rest}")):
        payload = payload_of(table, row)
        assert payload is not None, f"a row of {table.name} is damaged"
        yield dict(zip(table.columns, row, strict=True)), payload
