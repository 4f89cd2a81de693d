"""Batches to store, and a queue in a database."""

from collections.abc import AsyncIterator, Callable

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.signals.batch import LogsBatch
from otel_discord.store.relational_queue import RelationalQueue
from tests.store.sqlite_database import SqliteDatabase, SqliteStorage
from tests.store.stored_queue import ROOMY

MakeBatch = Callable[..., LogsBatch]


@pytest.fixture(scope="session")
def make_batch() -> MakeBatch:
    def make(records: int = 1, body: str = "") -> LogsBatch:
        request = ExportLogsServiceRequest()
        scope = request.resource_logs.add().scope_logs.add()
        for _ in range(records):
            scope.log_records.add().body.string_value = body
        return LogsBatch(request)

    return make


@pytest.fixture
def storage() -> SqliteStorage:
    return SqliteStorage()


@pytest.fixture
def database(storage: SqliteStorage) -> SqliteDatabase:
    return storage.database


@pytest.fixture
async def queue(storage: SqliteStorage) -> AsyncIterator[RelationalQueue]:
    async with storage.open_queue("q", ROOMY) as opened:
        yield opened
