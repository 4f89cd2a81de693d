"""Whatever message there is: encode and decode give it back; whatever text there is: a message or an OtlpJsonError."""

import contextlib
import json

import orjson
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_discord.signals.otlp_json import OtlpJsonError, decode, encode

REQUESTS = [ExportLogsServiceRequest, ExportMetricsServiceRequest, ExportTraceServiceRequest]
IDS = {"trace_id", "span_id", "parent_span_id"}


def values(field: FieldDescriptor) -> st.SearchStrategy:
    kinds = {
        FieldDescriptor.CPPTYPE_STRING: st.text(max_size=8),
        FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
        FieldDescriptor.CPPTYPE_DOUBLE: st.floats(),
        FieldDescriptor.CPPTYPE_INT32: st.integers(-(2**31), 2**31 - 1),
        FieldDescriptor.CPPTYPE_ENUM: st.integers(-(2**31), 2**31 - 1),
        FieldDescriptor.CPPTYPE_UINT32: st.integers(0, 2**32 - 1),
        FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
        FieldDescriptor.CPPTYPE_UINT64: st.integers(0, 2**64 - 1),
    }
    return st.binary(max_size=20) if field.type == FieldDescriptor.TYPE_BYTES else kinds[field.cpp_type]


def fields(draw: st.DrawFn, descriptor: Descriptor, room: int) -> dict[str, object]:
    """Draw a few fields of a message as its constructor takes them."""
    chosen = draw(st.lists(st.sampled_from(list(descriptor.fields)), max_size=3, unique_by=lambda f: f.number))
    drawn: dict[str, object] = {}
    for field in chosen:
        if field.message_type is None:
            one = values(field)
            drawn[field.name] = draw(st.lists(one, max_size=3)) if field.is_repeated else draw(one)
        elif room > 0 and field.is_repeated:
            drawn[field.name] = [fields(draw, field.message_type, room - 1) for _ in range(draw(st.integers(0, 2)))]
        elif room > 0:
            drawn[field.name] = fields(draw, field.message_type, room - 1)
    return drawn


@st.composite
def messages(draw: st.DrawFn):
    message_type = draw(st.sampled_from(REQUESTS))
    return message_type(**fields(draw, message_type.DESCRIPTOR, 9))


def same(one: Message, other: Message) -> bool:
    """Compare as bytes, since NaN is not equal to itself."""
    return one.SerializeToString(deterministic=True) == other.SerializeToString(deterministic=True)


@given(messages())
@settings(max_examples=200, deadline=None)
def test_encode_and_decode_give_the_message_back(message) -> None:
    text = encode(message)
    assert b"\n" not in text
    for strict in (False, True):
        assert decode(text, type(message), strict=strict).SerializeToString(
            deterministic=True
        ) == message.SerializeToString(deterministic=True)


def without_ids(node: object) -> object:
    if isinstance(node, dict):
        return {k: without_ids(v) for k, v in node.items() if k not in {"traceId", "spanId", "parentSpanId"}}
    return [without_ids(item) for item in node] if isinstance(node, list) else node


@given(messages())
@settings(max_examples=200, deadline=None)
def test_protobufs_own_json_agrees_but_for_ids(message) -> None:
    text = json.dumps(without_ids(orjson.loads(encode(message))))
    expected = json_format.Parse(text, type(message)())
    assert decode(text.encode(), type(message)).SerializeToString(deterministic=True) == expected.SerializeToString(
        deterministic=True
    )
    printed = json_format.MessageToJson(message, use_integers_for_enums=True)
    assert without_ids(json.loads(printed)) == without_ids(orjson.loads(encode(message)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "resourceLogs",
                    "scopeLogs",
                    "logRecords",
                    "body",
                    "attributes",
                    "key",
                    "value",
                    "arrayValue",
                    "values",
                    "intValue",
                    "traceId",
                    "severityNumber",
                    "resource_logs",
                    "unknown",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(json_values, st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_json_is_a_message_or_an_error(value: object, strict: bool) -> None:
    with contextlib.suppress(OtlpJsonError):
        decode(json.dumps(value).encode(), ExportLogsServiceRequest, strict=strict)


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_message_or_an_error(body: bytes) -> None:
    with contextlib.suppress(OtlpJsonError):
        decode(body, ExportLogsServiceRequest)
