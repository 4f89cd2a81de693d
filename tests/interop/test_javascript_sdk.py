"""The OpenTelemetry SDK for JavaScript, from the npm registry, over each of its three exporters."""

from pathlib import Path

import pytest

from tests.interop.delivery import Way, assert_each_way_delivers
from tests.interop.far_end import FarEnd
from tests.interop.service import Service
from tests.interop.toolchains import javascript_client

pytestmark = pytest.mark.timeout(900)

WAYS = [
    Way(protocol, compression)
    for protocol in ("grpc", "http/protobuf", "http/json")
    for compression in ("none", "gzip")
]


def test_each_record_arrives_once_and_in_order(service: Service, far_end: FarEnd, tmp_path: Path) -> None:
    assert_each_way_delivers(javascript_client(), WAYS, service, far_end, tmp_path)
