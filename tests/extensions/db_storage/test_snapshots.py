"""A transaction that stays open is seen, timed and said, by whoever it is held."""

import asyncio
import logging
from pathlib import Path

import psycopg
import pytest

from otel_discord.component.instruments import StorageInstruments
from otel_discord.config import Secret
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.extensions.db_storage.snapshots import Oldest, OldestKnown, SnapshotWatch
from otel_discord.testing.host import NopHost
from otel_discord.testing.telemetry import InMemoryTelemetry, settings
from tests.extensions.db_storage.server import Server
from tests.extensions.db_storage.test_starting import storage

METRIC = "otel_discord_storage_oldest_snapshot_seconds"


def test_what_the_server_does_not_say_is_timed_here() -> None:
    known = OldestKnown()
    assert known.age_s(None, 100) == 0
    assert known.age_s(Oldest("a", 0), 100) == 0
    assert known.age_s(Oldest("a", 0), 160) == 60
    assert known.age_s(Oldest("a", 90), 170) == 90
    assert known.age_s(Oldest("b", 0), 180) == 0
    assert known.age_s(None, 190) == 0
    assert known.age_s(Oldest("b", 0), 200) == 0


@pytest.mark.parametrize("sees_others", [True, False])
async def test_a_long_transaction_is_said_once(
    server: Server, schema: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, sees_others: bool
) -> None:
    role = f"role_{schema}"
    opened = storage(server, schema, tmp_path)
    async with opened.lifespan(NopHost()):
        pass
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute(f"GRANT ALL ON SCHEMA {schema} TO {role}")
        connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {role}")
        connection.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA {schema} TO {role}")
    url = server.url if sees_others else server.url.replace("postgres@", f"{role}@")
    telemetry = InMemoryTelemetry()
    made = settings("db_storage", telemetry)
    config = DbStorageConfig(datasource=Secret(url), schema_name=schema, directory=tmp_path)
    opened = DbStorage(made, config)
    try:
        async with opened.lifespan(NopHost()):
            watch = SnapshotWatch(
                transactor=opened._at_hand.transactor,
                instruments=StorageInstruments(made.meter, str(made.id)),
                logger=logging.getLogger("watch"),
                every_s=0.05,
                old_s=0.5,
            )
            async with watch.running():
                with psycopg.connect(server.url) as somebody:
                    somebody.execute("SET default_transaction_isolation = 'repeatable read'")
                    somebody.commit()
                    somebody.execute(f"SELECT count(*) FROM {schema}.cards")
                    async with asyncio.timeout(10):
                        while watch.age_s < 1:
                            await asyncio.sleep(0.05)
                    assert watch.age_s < 10
                    assert telemetry.value(METRIC) >= 1
                said = [record for record in caplog.records if "has been open" in record.getMessage()]
                assert len(said) == 1
                async with asyncio.timeout(10):
                    while watch.age_s > 0.4:
                        await asyncio.sleep(0.05)
    finally:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"DROP OWNED BY {role}")
            connection.execute(f"DROP ROLE {role}")
