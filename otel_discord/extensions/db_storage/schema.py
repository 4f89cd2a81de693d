"""What PostgreSQL has beside the model's own tables, and how a schema of any earlier version becomes today's.

Several processes may do it at once: a lock of the transaction's lets one at a time. Where nothing is missing nothing is
written, so that a role without the right to make tables will do from the second start on. Pure.
"""

from typing import Final

from otel_discord.component.errors import StartError
from otel_discord.extensions.db_storage.marks import literal, quoted
from otel_discord.store.dialect import POSTGRESQL
from otel_discord.store.migration import migrate
from otel_discord.store.numbering import NUMBERED, key_of, numbered_together
from otel_discord.store.rows import is_sound_number
from otel_discord.store.schema import META, MIGRATIONS, VERSION_KEY
from otel_discord.store.work import Access, Query, Steps, Work

POSTGRESQL_VERSION_KEY: Final = "postgresql_version"
_LOCK: Final = 0x6F74656C64697363  # "oteldisc"
_PAYLOADS: Final = ("batches", "cards", "letters", "state", "messages", "posted")
_BUSY: Final = (
    "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_analyze_scale_factor = 0.05"
)

POSTGRESQL_MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """CREATE TABLE leases (
            name TEXT COLLATE "C" PRIMARY KEY, holder TEXT NOT NULL DEFAULT '', fence BIGINT NOT NULL DEFAULT 0,
            until TIMESTAMPTZ NOT NULL DEFAULT 'epoch') WITH (fillfactor = 50)""",
        """CREATE TABLE commits (
            name TEXT COLLATE "C" NOT NULL, fence BIGINT NOT NULL, number BIGINT NOT NULL,
            PRIMARY KEY (name, fence, number))""",
        # Payloads are compressed already where that helps, and rows are read without them.
        *(f"ALTER TABLE {name} ALTER COLUMN payload SET STORAGE EXTERNAL" for name in _PAYLOADS),
        *(f"ALTER TABLE {name} SET ({_BUSY})" for name in (*_PAYLOADS, "leases", "commits")),
        *(f"CREATE SEQUENCE {table.name}_ids" for table in NUMBERED),
    ),
)
"""Beside the model's own, and after them. Only ever added to."""


def prepare_schema(schema: str) -> Work[None]:
    """Bring a schema to today's version.

    The work raises:
        StartError: it was written by a newer version of this program; nothing is touched.
        DamagedSchemaError: its version is damaged; nothing is touched.
    """

    def steps() -> Steps[None]:
        if (yield from _is_of_today(schema)):
            return
        yield Query(f"SELECT pg_advisory_xact_lock({_LOCK})")
        there = yield Query(f"SELECT to_regnamespace({literal(quoted(schema))}) IS NOT NULL")
        if not there[0][0]:
            yield Query(f"CREATE SCHEMA {quoted(schema)}")
        yield from migrate(POSTGRESQL).steps()
        found = yield from _version(POSTGRESQL_VERSION_KEY)
        for statements in POSTGRESQL_MIGRATIONS[found:]:
            for statement in statements:
                yield Query(statement)
        if found < len(POSTGRESQL_MIGRATIONS):
            version = len(POSTGRESQL_MIGRATIONS)
            yield Query("DELETE FROM meta WHERE key = ?", (POSTGRESQL_VERSION_KEY,))
            yield Query(META.insert, (POSTGRESQL_VERSION_KEY, version, -version))

    return Work("migrate", Access.SETTLE, steps)


def align_numbers() -> Work[None]:
    """Let numbering go on above every row and above what is noted, as after a restored copy."""

    def steps() -> Steps[None]:
        for table in NUMBERED:
            name = f"{table.name}_ids"
            rows = yield Query(f"SELECT last_value, is_called FROM {name}")  # noqa: S608 - names of ours
            last = int(rows[0][0]) if rows[0][1] else 0
            highest = yield from _noted(table.name)
            for each in numbered_together(table.name):
                found = yield Query(f"SELECT max(id) FROM {each}")  # noqa: S608 - names of ours
                highest = max(highest, int(found[0][0] or 0))
            if highest > last:
                yield Query(f"SELECT setval('{name}', greatest(?, (SELECT last_value FROM {name})))", (highest,))  # noqa: S608

    return Work("align_numbers", Access.SETTLE, steps)


def _is_of_today(schema: str) -> Steps[bool]:
    rows = yield Query(f"SELECT to_regclass({literal(f'{quoted(schema)}.meta')}) IS NOT NULL")
    if not rows[0][0]:
        return False
    version = yield from _version(VERSION_KEY)
    own = yield from _version(POSTGRESQL_VERSION_KEY)
    if version > len(MIGRATIONS) or own > len(POSTGRESQL_MIGRATIONS):
        raise StartError(
            f"schema {schema} was written by a newer version of otel-discord; "
            "start that version again, or give this one another schema_name"
        )
    return version == len(MIGRATIONS) and own == len(POSTGRESQL_MIGRATIONS)


def _version(key: str) -> Steps[int]:
    rows = yield Query("SELECT key, value, mirror FROM meta WHERE key = ?", (key,))
    return int(rows[0][1]) if rows and is_sound_number(rows[0]) else 0


def _noted(table_name: str) -> Steps[int]:
    rows = yield Query("SELECT key, value, mirror FROM meta WHERE key = ?", (key_of(table_name),))
    return int(rows[0][1]) if rows and is_sound_number(rows[0]) else 0
