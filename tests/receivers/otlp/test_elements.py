import contextlib
import time

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_discord.receivers.otlp import elements
from otel_discord.receivers.otlp.elements import MalformedError, can_exceed, count_elements
from otel_discord.receivers.otlp.ingest import DecodingLimits, WireFormat
from otel_discord.receivers.otlp.refusal import Reason, Refusal
from otel_discord.signals import Signal
from otel_discord.testing.otlp import logs_request, metrics_request, traces_request
from tests.receivers.otlp.rig import ingest

LOGS = ExportLogsServiceRequest.DESCRIPTOR
PLENTY = 10**6


def count_parsed(message) -> int:
    """Count messages inside a parsed message, the slow way."""
    total = 0
    for field, value in message.ListFields():
        if field.message_type is not None:
            inner = list(value) if field.is_repeated else [value]
            total += len(inner) + sum(count_parsed(one) for one in inner)
    return total


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def wrap(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def log_record(content: bytes) -> bytes:
    return wrap(1, wrap(2, wrap(2, content)))


nested = st.recursive(
    st.none() | st.booleans() | st.integers(-100, 100) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=20,
)


@given(
    st.integers(0, 4),
    nested,
    st.dictionaries(st.text(max_size=3), nested, max_size=3),
    st.sampled_from([10, 4 * 2**20]),
)
def test_it_counts_what_the_parser_finds(count: int, body: object, attributes: dict, window_bytes: int) -> None:
    request = logs_request(count, body=lambda _: body, attributes=attributes)
    whole = elements._WINDOW_BYTES
    elements._WINDOW_BYTES = window_bytes  # small: every message is walked; large: all go through skeletons
    try:
        counted = count_elements(request.SerializeToString(), LOGS, PLENTY)
    finally:
        elements._WINDOW_BYTES = whole
    if window_bytes == whole:
        assert counted == count_parsed(request)
    else:
        assert count_parsed(request) <= counted <= 8 * count_parsed(request)  # here other fields count too


def test_metrics_and_traces_are_counted_too() -> None:
    for request in (metrics_request(5), traces_request(7)):
        assert count_elements(request.SerializeToString(), request.DESCRIPTOR, PLENTY) == count_parsed(request)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("resources", b"\n\0" * 3_000_000),
        ("scopes", wrap(1, b"\x12\0" * 3_000_000)),
        ("records", wrap(1, wrap(2, b"\x12\0" * 3_000_000))),
        ("attributes of one record", log_record(b"\x32\0" * 3_000_000)),
        ("attributes of many records", wrap(1, wrap(2, wrap(2, b"\x32\0" * 1000) * 3_000))),
        ("values of an array", log_record(wrap(5, wrap(5, b"\n\0" * 3_000_000)))),
        ("strings of an entity", wrap(1, wrap(1, wrap(3, b"\x1a\0" * 3_000_000)))),
        ("merged bodies", log_record(b"\x2a\0" * 3_000_000)),
    ],
)
def test_a_flood_is_seen_at_every_level(name: str, body: bytes) -> None:
    assert count_elements(body, LOGS, PLENTY) > PLENTY, name
    refusal = ingest(Signal.LOGS, body, WireFormat.PROTOBUF, DecodingLimits(2**26))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.TOO_LARGE


def test_a_flood_of_packed_bucket_counts_is_seen() -> None:
    buckets = wrap(8, wrap(2, b"\x01" * 10_000_000))
    body = wrap(1, wrap(2, wrap(2, wrap(10, wrap(1, buckets)))))
    assert count_elements(body, ExportMetricsServiceRequest.DESCRIPTOR, PLENTY) > PLENTY


def test_what_one_request_may_hold_is_at_least_half_a_million() -> None:
    body = wrap(1, wrap(2, b"\x12\0" * 499_998))
    assert count_elements(body, LOGS, 500_000) == 500_000
    big = wrap(1, wrap(2, b"\x12\0" * 998_000)) + wrap(1, wrap(3, b"x" * 300_000))
    assert not isinstance(ingest(Signal.LOGS, big, WireFormat.PROTOBUF, DecodingLimits(2**26)), Refusal)


def test_large_strings_are_no_elements() -> None:
    request = logs_request(2, body="x" * 20_000_000)
    assert count_parsed(request) <= count_elements(request.SerializeToString(), LOGS, PLENTY) < 50


def test_a_flood_of_numbers_is_not_walked_to_its_end() -> None:
    start_s = time.process_time()
    assert count_elements(b"\x78\x00" * 15_000_000, LOGS, PLENTY) > PLENTY
    with pytest.raises(MalformedError):
        count_elements(bytes(30_000_000), LOGS, PLENTY)
    assert time.process_time() - start_s < 5


@pytest.mark.parametrize(
    "body",
    [
        b"\n",
        b"\n\x05ab",
        b"\xff" * 30,
        log_record(b"\x32\x7f"),
        b"\x0b" * 10,
        log_record(b"\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
    ],
)
def test_malformed_bytes_are_told_apart(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MalformedError):
        count_elements(body, LOGS, PLENTY)
    monkeypatch.setattr(elements, "_WINDOW_BYTES", 0)
    with pytest.raises(MalformedError):
        count_elements(body, LOGS, PLENTY)


@given(st.binary(max_size=80))
def test_whatever_the_parser_takes_is_counted(body: bytes) -> None:
    for request_type in (ExportLogsServiceRequest, ExportMetricsServiceRequest, ExportTraceServiceRequest):
        try:
            request_type.FromString(body)
        except DecodeError:
            continue
        assert count_elements(body, request_type.DESCRIPTOR, PLENTY) >= 0


def test_absurd_nesting_ends_early() -> None:
    content = b"x" * 1_000_000
    for _ in range(400):
        content = wrap(5, wrap(1, content))
    start_s = time.process_time()
    with contextlib.suppress(MalformedError):
        assert count_elements(log_record(wrap(5, content)), LOGS, PLENTY) > PLENTY
    assert time.process_time() - start_s < 5


def test_json_floods_are_seen() -> None:
    body = b'{"resourceLogs":[' + b"{}," * 2_000_000 + b"{}]}"
    assert can_exceed(len(body), PLENTY)
    refusal = ingest(Signal.LOGS, body, WireFormat.JSON, DecodingLimits(2**26))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.TOO_LARGE
