"""All shards' rows come under the one owner of a single process. Works, each a portion that may be repeated. Pure."""

from collections.abc import Sequence
from typing import Final

from otel_discord.store.rows import payload_of, seal
from otel_discord.store.schema import BATCHES, CARDS, LETTERS, MESSAGES, POSTED, STATE
from otel_discord.store.statements import columns
from otel_discord.store.united_values import united
from otel_discord.store.work import Access, Query, Steps, Work

GATHERED: Final = (BATCHES, CARDS, LETTERS, MESSAGES, POSTED)
COPIED_KEY: Final = "dead_letters/copied"
"""Under which an exporter notes up to which letter it has written readable copies."""


def letters_copied(owners: Sequence[str]) -> Work[int | None]:
    """Find out up to which letter all owners together have written copies; None where none of them writes any."""

    def steps() -> Steps[int | None]:
        highest: int | None = None
        first_without: int | None = None
        for owner in owners:
            rows = yield Query(
                f"SELECT {columns(STATE)} FROM state WHERE owner = ? AND key = ?",  # noqa: S608
                (owner, COPIED_KEY),
            )
            value = payload_of(STATE, rows[0]) if rows else None
            if value is None or not value.isdigit():
                continue
            highest = max(highest or 0, int(value))
            found = yield Query("SELECT min(id) FROM letters WHERE owner = ? AND id > ?", (owner, int(value)))
            if found[0][0] is not None:
                first_without = min(first_without or found[0][0], found[0][0])
        return highest if first_without is None else first_without - 1

    return Work("letters_copied", Access.READ, steps)


def gather_state(owners: Sequence[str], copied: int | None) -> Work[None]:
    """Unite what is remembered under the first of the owners."""

    def steps() -> Steps[None]:
        values: dict[str, list[bytes]] = {}
        for owner in owners:
            rows = yield Query(f"SELECT {columns(STATE)} FROM state WHERE owner = ? ORDER BY key", (owner,))  # noqa: S608
            for row in rows:
                value = payload_of(STATE, row)
                if value is not None:
                    values.setdefault(row[1], []).append(value)
            if owner != owners[0]:
                yield Query("DELETE FROM state WHERE owner = ?", (owner,))
        if copied is not None:
            values[COPIED_KEY] = [str(copied).encode()]
        for key, known in values.items():
            yield Query("DELETE FROM state WHERE owner = ? AND key = ?", (owners[0], key))
            yield Query(STATE.insert, seal(STATE, (owners[0], key), united(known)))

    return Work("gather_state", Access.SETTLE, steps)
