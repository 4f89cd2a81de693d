"""Brings a database to today's schema, in one transaction, or leaves it as it is. Pure."""

from collections.abc import Sequence

from otel_discord.component.errors import StartError
from otel_discord.component.failpoint import reach
from otel_discord.store.dialect import Dialect
from otel_discord.store.rows import is_sound_number
from otel_discord.store.schema import META, META_TABLE, MIGRATIONS, VERSION_KEY
from otel_discord.store.work import Access, Query, Steps, Work


class DamagedSchemaError(Exception):
    """What the database says about its own version cannot be believed: it is to be salvaged."""


def migrate(dialect: Dialect, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> Work[int]:
    """Return the work that runs what is missing; its result is the version that was there before.

    The work raises:
        StartError: the database was written by a newer version of this program; nothing is touched.
        DamagedSchemaError: its version is damaged; nothing is touched.

    Each statement is a place to fail: ``migrate.<version>.<number>``, both from 1.
    """

    def steps() -> Steps[int]:
        yield Query(dialect.spell(META_TABLE))
        rows = yield Query("SELECT key, value, mirror FROM meta WHERE key = ?", (VERSION_KEY,))
        if rows and not is_sound_number(rows[0]):
            raise DamagedSchemaError("the schema's version does not match its checksum")
        found = int(rows[0][1]) if rows else 0
        if found > len(migrations):
            raise StartError(
                f"the stored queue was written by a newer version of otel-discord (its schema is {found}, this version "
                f"reads up to {len(migrations)}); start that version again, or give this one another directory"
            )
        for version, statements in enumerate(migrations[found:], start=found + 1):
            for number, statement in enumerate(statements, start=1):
                yield Query(dialect.spell(statement))
                reach(f"migrate.{version}.{number}")
        if found < len(migrations):
            yield Query("DELETE FROM meta WHERE key = ?", (VERSION_KEY,))
            yield Query(META.insert, (VERSION_KEY, len(migrations), -len(migrations)))
        return found

    return Work("migrate", Access.SETTLE, steps)
