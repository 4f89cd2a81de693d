"""The OpenTelemetry SDK for Java, from Maven, set up by its own autoconfiguration, over gRPC and HTTP."""

from pathlib import Path

import pytest

from tests.interop.delivery import GRPC_AND_HTTP, assert_each_way_delivers
from tests.interop.far_end import FarEnd
from tests.interop.service import Service
from tests.interop.toolchains import java_client

pytestmark = pytest.mark.interop


def test_each_record_arrives_once_and_in_order(service: Service, far_end: FarEnd, tmp_path: Path) -> None:
    assert_each_way_delivers(java_client(), GRPC_AND_HTTP, service, far_end, tmp_path)
