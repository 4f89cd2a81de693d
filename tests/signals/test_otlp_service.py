"""The services by which signals travel, as the specification names them."""

import pytest

from otel_discord.signals import OTLP_SERVICES, Signal
from otel_discord.testing.otlp import logs_batch, metrics_batch, traces_batch


@pytest.mark.parametrize(
    ("signal", "path"),
    [
        (Signal.LOGS, "/opentelemetry.proto.collector.logs.v1.LogsService/Export"),
        (Signal.METRICS, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"),
        (Signal.TRACES, "/opentelemetry.proto.collector.trace.v1.TraceService/Export"),
    ],
)
def test_the_path_that_every_client_calls(signal: Signal, path: str) -> None:
    assert OTLP_SERVICES[signal].export_path == path


@pytest.mark.parametrize("batch", [logs_batch(), metrics_batch(), traces_batch()], ids=lambda batch: batch.signal)
def test_a_request_becomes_a_batch_of_its_signal_and_its_rest_is_counted(batch) -> None:
    service = OTLP_SERVICES[batch.signal]
    assert service.batch(service.request.FromString(batch.request.SerializeToString())) == batch
    response = service.response()
    setattr(response.partial_success, service.rejected_field, 3)
    assert response.SerializeToString() == b"\x0a\x02\x08\x03"  # field 1 of the answer, field 1 of that
