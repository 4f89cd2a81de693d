"""Overload as clients meet it: they are told to come again, they do, and nothing is lost or doubled."""

from pathlib import Path

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from tests.interop.far_end import FarEnd
from tests.interop.overload import (
    FIRST,
    assert_delivers_after_refusals,
    assert_delivers_after_waiting,
    message_of,
    post,
    refused_call,
    take_the_only_place,
)
from tests.interop.service import Service
from tests.interop.toolchains import go_client, java_client, javascript_client, python_client

pytestmark = pytest.mark.timeout(900)


BUILD = {"python": python_client, "javascript": javascript_client, "go": go_client, "java": java_client}
SDKS_THAT_RETRY = [
    pytest.param("python", "grpc"),
    pytest.param("python", "http/protobuf"),
    pytest.param("javascript", "http/json"),
    pytest.param("javascript", "http/protobuf", marks=pytest.mark.interop),
    pytest.param("go", "grpc", marks=pytest.mark.interop),
    pytest.param("go", "http/protobuf", marks=pytest.mark.interop),
    pytest.param("java", "grpc", marks=pytest.mark.interop),
    pytest.param("java", "http/protobuf", marks=pytest.mark.interop),
]
SDKS_THAT_WAIT = [
    pytest.param("python", "http/protobuf"),
    # drops a batch at the first error, whatever its code (0.223): such clients need `block_on_overflow`
    pytest.param("javascript", "grpc"),
    pytest.param("go", "grpc", marks=pytest.mark.interop),
    pytest.param("java", "http/protobuf", marks=pytest.mark.interop),
]


@pytest.mark.parametrize(("language", "protocol"), SDKS_THAT_RETRY)
def test_a_refused_client_delivers_in_the_end(
    language: str, protocol: str, narrow_service: Service, far_end: FarEnd, tmp_path: Path
) -> None:
    assert_delivers_after_refusals(BUILD[language](), protocol, narrow_service, far_end, tmp_path)


@pytest.mark.parametrize(("language", "protocol"), SDKS_THAT_WAIT)
def test_a_client_is_not_refused_where_the_queue_blocks(
    language: str, protocol: str, blocking_service: Service, far_end: FarEnd, tmp_path: Path
) -> None:
    assert_delivers_after_waiting(BUILD[language](), protocol, blocking_service, far_end, tmp_path)


def test_a_full_queue_answers_retryably(narrow_service: Service, far_end: FarEnd) -> None:
    with far_end.stalled():
        take_the_only_place(narrow_service)
        status, headers, body = post(narrow_service, [FIRST])
        error = refused_call(narrow_service)
    assert status == 503
    assert int(headers["Retry-After"]) >= 1
    assert "full" in message_of(body)
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert "full" in error.details()
    trailers = dict(error.trailing_metadata())
    details = Status.FromString(trailers["grpc-status-details-bin"]).details
    told = RetryInfo()
    assert any(detail.Unpack(told) for detail in details)
    assert told.retry_delay.ToTimedelta().total_seconds() > 0
    assert RetryInfo.FromString(trailers["google.rpc.retryinfo-bin"]) == told
