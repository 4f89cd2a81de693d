"""The OpenTelemetry SDK for Python, as processes with several threads."""

from pathlib import Path

from tests.interop.delivery import GRPC_AND_HTTP, assert_each_way_delivers
from tests.interop.far_end import FarEnd
from tests.interop.service import Service
from tests.interop.toolchains import python_client


def test_each_record_arrives_once_and_in_order(service: Service, far_end: FarEnd, tmp_path: Path) -> None:
    assert_each_way_delivers(python_client(), GRPC_AND_HTTP, service, far_end, tmp_path)
