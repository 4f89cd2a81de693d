"""The one course of every interop test: a client sends its plan, and the far end has it once, in order, intact."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.interop.arrivals import assert_delivered, assert_received, embeds_expected
from tests.interop.far_end import FarEnd
from tests.interop.plan import Plan, plan
from tests.interop.processes import running
from tests.interop.service import Service


@dataclass(frozen=True)
class Way:
    """One of the ways in which an SDK sends."""

    protocol: str
    """``grpc``, ``http/protobuf`` or ``http/json``."""
    compression: str = "none"

    @property
    def name(self) -> str:
        """Letters only, for the names of streams: ``grpcgzip``."""
        return f"{self.protocol}{self.compression}".replace("/", "")


GRPC_AND_HTTP = [
    Way(protocol, compression) for protocol in ("grpc", "http/protobuf") for compression in ("none", "gzip")
]


def otel_environment(service: Service, protocol: str, compression: str = "none") -> dict[str, str]:
    """Return the standard variables that make an SDK send to the service, in small batches."""
    compressed = {} if compression == "none" else {"OTEL_EXPORTER_OTLP_COMPRESSION": compression}
    return compressed | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": service.endpoint(protocol),
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_SERVICE_NAME": "interop-shop",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test,service.version=4.5.6",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "16",
        "OTEL_BLRP_SCHEDULE_DELAY": "50",
    }


def patient_environment(service: Service, protocol: str) -> dict[str, str]:
    """Return the variables of a client that sends only when it is told to flush, and then retries as its SDK does."""
    return otel_environment(service, protocol) | {
        "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "512",
        "OTEL_BLRP_SCHEDULE_DELAY": "60000",
    }


def assert_each_way_delivers(
    command: Sequence[str | Path], ways: Sequence[Way], service: Service, far_end: FarEnd, folder: Path
) -> None:
    """Start a client for each way, all at once; every record of each arrives once, in order, intact."""
    plans = [plan(way.name) for way in ways]
    with ExitStack() as stack:
        clients = [
            stack.enter_context(
                running(
                    [*command, planned.write(folder / f"plan-{way.name}.json")],
                    folder,
                    f"client-{way.name}",
                    **otel_environment(service, way.protocol, way.compression),
                )
            )
            for way, planned in zip(ways, plans, strict=True)
        ]
        for client in clients:
            finished = client.finished()
            assert finished.code == 0, f"{finished.out}\n{finished.err}"
            assert finished.err == "", "the SDK complained"
    assert_arrived(service, far_end, Plan([record for each in plans for record in each.records]))


def assert_arrived(service: Service, far_end: FarEnd, plan: Plan) -> None:
    """Wait for the plan's embeds, end the service, and look at everything that has ever arrived."""
    far_end.wait_for(embeds_expected(plan))
    service.stop()
    assert_delivered(far_end, plan)
    if service.received.exists():
        assert_received(service.received, plan)
