"""The OpenTelemetry SDK for Python, as a process with several threads."""

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.interop.delivery import assert_arrived, content, otel_environment, send
from tests.interop.far_end import FarEnd
from tests.interop.plan import Plan, plan
from tests.interop.processes import running
from tests.interop.service import Service

CLIENT = [sys.executable, Path(__file__).parent / "clients" / "python_sdk.py"]
WAYS = [
    pytest.param(protocol, compression, id=f"{protocol}-{compression}")
    for protocol in ("grpc", "http/protobuf")
    for compression in ("none", "gzip")
]


@pytest.mark.parametrize(("protocol", "compression"), WAYS)
def test_each_record_arrives_once_and_in_order(
    protocol: str, compression: str, service: Service, far_end: FarEnd, tmp_path: Path
) -> None:
    wanted = plan("python", streams=3)
    send(CLIENT, tmp_path, wanted, otel_environment(service, protocol, compression))
    assert_arrived(service, far_end, wanted)


def test_several_processes_at_once(service: Service, far_end: FarEnd, tmp_path: Path) -> None:
    plans = {"grpc": plan("grpcpy", count=100), "http/protobuf": plan("httppy", count=100)}
    with ExitStack() as stack:
        clients = [
            stack.enter_context(
                running(
                    [*CLIENT, each.write(tmp_path / f"plan-{index}.json")],
                    tmp_path,
                    f"client-{index}",
                    **otel_environment(service, protocol),
                )
            )
            for index, (protocol, each) in enumerate(plans.items())
        ]
        for client in clients:
            content(client)
    assert_arrived(service, far_end, Plan([record for each in plans.values() for record in each.records]))
