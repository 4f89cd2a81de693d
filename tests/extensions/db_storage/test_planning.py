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
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import ROOMY
from otel_discord.testing.telemetry import settings
from tests.extensions.db_storage.server import Server

_ENDED = next(iter(ended_batches.end_batches([1, 2, 3]))).sql


def plan_of(sql: str, *parameters: object) -> Work[str]:
    def steps() -> Steps[str]:
        rows = yield Query(f"EXPLAIN {sql}", parameters)
        return "\n".join(row[0] for row in rows)

    return Work("plan", Access.READ, steps)


async def test_rows_are_looked_up_by_their_ids_in_small_tables_too(server: Server, schema: str, tmp_path: Path) -> None:
    config = DbStorageConfig(datasource=Secret(server.url), schema_name=schema, directory=tmp_path)
    storage = DbStorage(settings("db_storage"), config)
    async with storage.lifespan(NopHost()):
        async with storage.open_queue("o", ROOMY) as queue:
            for _ in range(20):
                await queue.put(logs_batch())
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"VACUUM ANALYZE {schema}.batches, {schema}.cards")
        async with storage._database("o", "o") as database:
            for sql, parameters in (
                (f"SELECT id FROM batches WHERE {BY_ID_OF_OWNER} IN (?, ?)", ("o", 1, 2)),
                (f"DELETE FROM cards WHERE {BY_ID_OF_OWNER} IN (?, ?)", ("o", 1, 2)),
                (_ENDED, (1, 2, 3)),
            ):
                plan = await database.run(plan_of(sql, *parameters))
                assert "_pkey" in plan, plan
                assert "Seq Scan" not in plan, plan
                assert "JIT" not in plan, plan
