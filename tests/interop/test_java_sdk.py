"""The OpenTelemetry SDK for Java, from Maven, set up by its own autoconfiguration, over gRPC and HTTP."""

from pathlib import Path

import pytest

from tests.interop.delivery import assert_arrived, otel_environment, send
from tests.interop.far_end import FarEnd
from tests.interop.plan import plan
from tests.interop.service import Service
from tests.interop.toolchains import Command, java_client

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def client() -> Command:
    return java_client()


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_each_record_arrives_once_and_in_order(
    client: Command, protocol: str, compression: str, service: Service, far_end: FarEnd, tmp_path: Path
) -> None:
    wanted = plan("java")
    send(client, tmp_path, wanted, otel_environment(service, protocol, compression))
    assert_arrived(service, far_end, wanted)
