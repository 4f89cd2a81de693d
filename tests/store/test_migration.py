"""From any version to today's, whole or not at all."""

import pytest

from otel_discord.component.errors import RetryableError, StartError
from otel_discord.component.storage import NewPosted, PostedCard, PostedMessage, Posting
from otel_discord.store import migration
from otel_discord.store.dialect import POSTGRESQL, SQLITE
from otel_discord.store.migration import DamagedSchemaError, migrate
from otel_discord.store.operations_posted import post, posted_of
from otel_discord.store.rows import SALVAGEABLE, seal
from otel_discord.store.schema import CARDS, META_TABLE, MIGRATIONS, SCHEMA_VERSION
from tests.store.sqlite_database import SqliteDatabase


def schema_of(database: SqliteDatabase) -> list[tuple[str, str]]:
    return database.connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


@pytest.fixture
def database() -> SqliteDatabase:
    return SqliteDatabase()


def test_a_new_database_gets_every_table(database: SqliteDatabase) -> None:
    assert database.run_now(migrate(SQLITE)) == 0
    for table in SALVAGEABLE:
        info = database.connection.execute(f"PRAGMA table_info({table.name})").fetchall()
        assert tuple(row[1] for row in info) == table.columns
    before = schema_of(database)
    assert database.run_now(migrate(SQLITE)) == SCHEMA_VERSION
    assert schema_of(database) == before
    assert not [sql for sql in database.statements if sql.startswith(("DELETE", "INSERT"))]


def test_a_version_is_reached_from_every_earlier_one(database: SqliteDatabase) -> None:
    later = (*MIGRATIONS, ("ALTER TABLE cards ADD COLUMN folded {integer} NOT NULL DEFAULT 1",), ("SELECT 1",))
    for version in range(len(later)):
        assert database.run_now(migrate(SQLITE, later[: version + 1])) == version
    assert database.run_now(migrate(SQLITE, later)) == len(later)
    assert database.rows("meta") == [("schema_version", len(later), -len(later))]


def test_what_the_first_version_wrote_is_kept_and_goes_on(database: SqliteDatabase) -> None:
    database.run_now(migrate(SQLITE, MIGRATIONS[:1]))
    card = seal(CARDS, (7, "q", "ops", 9, 0, 0, 0), b"x")
    database.connection.execute(CARDS.insert, card)
    assert database.run_now(migrate(SQLITE)) == 1
    database.run_now(post("q", NewPosted("ops", "1", 5, b"", [Posting(7, 3)]), 0))
    kept = database.run_now(posted_of("q", "ops"))
    assert kept.messages == [PostedMessage("ops", "1", 5, b"", [PostedCard(7, 9, b"x", 3)])]
    assert database.rows("cards") == []


def test_a_newer_version_is_refused_untouched(database: SqliteDatabase) -> None:
    database.run_now(migrate(SQLITE, (*MIGRATIONS, ("SELECT 1",))))
    before = list(database.connection.iterdump())
    found, known = SCHEMA_VERSION + 1, SCHEMA_VERSION
    with pytest.raises(
        StartError,
        match=rf"newer version of otel-discord \(its schema is {found}, this version reads up to {known}\)",
    ):
        database.run_now(migrate(SQLITE))
    assert list(database.connection.iterdump()) == before


def test_a_damaged_version_is_not_believed(database: SqliteDatabase) -> None:
    database.run_now(migrate(SQLITE))
    database.damage("UPDATE meta SET value = 0 WHERE key = 'schema_version'")
    before = list(database.connection.iterdump())
    with pytest.raises(DamagedSchemaError):
        database.run_now(migrate(SQLITE))
    assert list(database.connection.iterdump()) == before


def test_tables_of_a_lost_version_are_kept(database: SqliteDatabase) -> None:
    database.run_now(migrate(SQLITE))
    database.connection.execute("INSERT INTO state VALUES ('q', 'key', 1, 2, x'00')")
    database.damage("DELETE FROM meta")
    database.run_now(migrate(SQLITE))
    assert database.rows("state") == [("q", "key", 1, 2, b"\0")]


PLACES = [
    f"migrate.{version}.{number}" for version, all_ in enumerate(MIGRATIONS, 1) for number in range(1, len(all_) + 1)
]


@pytest.mark.parametrize("failing", range(len(PLACES) + 1))
def test_it_fails_whole(database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    reached: list[str] = []

    def fail(name: str) -> None:
        reached.append(name)
        if len(reached) == failing:
            raise RetryableError("no space left")

    monkeypatch.setattr(migration, "reach", fail)
    database.refuse = lambda work: failing == 0
    with pytest.raises(RetryableError):
        database.run_now(migrate(SQLITE))
    assert schema_of(database) == []
    assert reached == PLACES[: failing or len(PLACES)]


def test_every_database_has_its_types() -> None:
    for statement in (META_TABLE, *(each for statements in MIGRATIONS for each in statements)):
        for dialect in (SQLITE, POSTGRESQL):
            assert "{" not in dialect.spell(statement)
    assert "payload BYTEA NOT NULL" in POSTGRESQL.spell(MIGRATIONS[0][0])
    assert "id BIGINT PRIMARY KEY" in POSTGRESQL.spell(MIGRATIONS[0][0])
