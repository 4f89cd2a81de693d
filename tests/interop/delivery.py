"""The one course of every interop test: a client sends its plan, and the far end has it once, in order, intact."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.interop.arrivals import assert_delivered, assert_received, embeds_expected
from tests.interop.far_end import FarEnd
from tests.interop.plan import Plan
from tests.interop.processes import Child, Finished, running
from tests.interop.service import Service


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


def send(command: Sequence[str | Path], folder: Path, plan: Plan, variables: Mapping[str, str]) -> Finished:
    """Run a client to its end; it must be content with the answers it got."""
    path = plan.write(folder / "plan.json")
    with running([*command, path], folder, "client", **variables) as client:
        return content(client)


def content(client: Child) -> Finished:
    """Wait for a client and hold it to a good end without a word of complaint."""
    finished = client.finished()
    assert finished.code == 0, f"{finished.out}\n{finished.err}"
    assert finished.err == "", finished.err
    return finished


def assert_arrived(service: Service, far_end: FarEnd, plan: Plan) -> None:
    """Wait for the plan's embeds, end the service, and look at everything that has ever arrived."""
    far_end.wait_for(embeds_expected(plan))
    service.stop()
    assert_delivered(far_end, plan)
    if service.received.exists():
        assert_received(service.received, plan)
