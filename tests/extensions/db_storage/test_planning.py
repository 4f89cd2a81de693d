"""How the server looks rows up does not depend on how full its tables were when it was asked first."""

from pathlib import Path

import psycopg

from otel_discord.config import Secret
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.store import ended_batches
from otel_discord.store.statements import BY_ID_OF_OWNER
from otel_discord.store.work import Access, Query, Steps, Work
from otel_discord.testing.host import NopHost
from otel_discord.testing.telemetry import settings
from tests.extensions.db_storage.server import Server

_ENDED = next(iter(ended_batches.end_batches([1, 2, 3]))).sql


def plan_of(sql: str, *parameters: object) -> Work[str]:
    def steps() -> Steps[str]:
        rows = yield Query(f"EXPLAIN {sql}", parameters)
        return "\n".join(row[0] for row in rows)

    return Work("plan", Access.READ, steps)


async def test_rows_are_looked_up_by_their_ids_however_few_there_were(
    server: Server, schema: str, tmp_path: Path
) -> None:
    config = DbStorageConfig(datasource=Secret(server.url), schema_name=schema, directory=tmp_path)
    storage = DbStorage(settings("db_storage"), config)
    async with storage.lifespan(NopHost()), storage._at_hand.opened("o", "o") as database:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"VACUUM ANALYZE {schema}.batches, {schema}.cards")
            connection.execute(
                f"INSERT INTO {schema}.cards"
                " SELECT n, 'o', 'ops', 9, 0, 0, 0, 0, 0, 'x' FROM generate_series(1, 2000) n"
            )
            connection.execute(
                f"INSERT INTO {schema}.batches"
                " SELECT n, 'o', 'logs', 9, 0, 1, 9, 1, 0, 0, 0, 'x' FROM generate_series(1, 2000) n"
            )
        for sql, parameters in (
            (f"SELECT id FROM batches WHERE {BY_ID_OF_OWNER} IN (?, ?)", ("o", 1, 2)),
            (f"DELETE FROM cards WHERE {BY_ID_OF_OWNER} IN (?, ?)", ("o", 1, 2)),
            (_ENDED, (1, 2, 3)),
        ):
            plan = await database.run(plan_of(sql, *parameters))
            assert "_pkey" in plan, plan
            assert "Seq Scan" not in plan, plan
            assert "JIT" not in plan, plan


async def test_no_plan_is_kept(server: Server, schema: str, tmp_path: Path) -> None:
    config = DbStorageConfig(datasource=Secret(server.url), schema_name=schema, directory=tmp_path)
    storage = DbStorage(settings("db_storage"), config)

    def steps() -> Steps[str]:
        rows = yield Query("SELECT current_setting('plan_cache_mode')")
        return str(rows[0][0])

    async with storage.lifespan(NopHost()), storage._at_hand.opened("o", "o") as database:
        assert await database.run(Work("mode", Access.READ, steps)) == "force_custom_plan"
