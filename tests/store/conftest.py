"""Batches to store."""

from collections.abc import Callable

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.signals.batch import LogsBatch

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
