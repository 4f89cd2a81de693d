"""Another collector, as far as an exporter of OTLP sees it: it takes everything and remembers which records."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import (
    LogsServiceServicer,
    add_LogsServiceServicer_to_server,
)

from tests.sending.markers import markers_in


@contextmanager
def collector() -> Iterator[tuple[Counter[int], int]]:
    """Listen on a free port; yield what has come, by ids, and the port."""
    taken: Counter[int] = Counter()

    class Service(LogsServiceServicer):
        def Export(self, request: Any, context: Any) -> ExportLogsServiceResponse:  # noqa: N802 - gRPC's name
            taken.update(markers_in(str(request)))
            return ExportLogsServiceResponse()

    server = grpc.server(ThreadPoolExecutor(2))
    add_LogsServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield taken, port
    finally:
        server.stop(None).wait()
