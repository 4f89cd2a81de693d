import base64
import json

import orjson
import pytest
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.signals.otlp_json import MAX_MESSAGE_DEPTH, OtlpJsonError, decode, encode


def record(**fields: object) -> LogRecord:
    return decode(json.dumps(fields).encode(), LogRecord)


def in_request(body: object) -> bytes:
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": body}]}]}]}).encode()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"timeUnixNano": "1790000000000000000"}, LogRecord(time_unix_nano=1790000000000000000)),
        ({"timeUnixNano": 1790000000000000000}, LogRecord(time_unix_nano=1790000000000000000)),
        ({"timeUnixNano": "1.79e18"}, LogRecord(time_unix_nano=1790000000000000000)),
        ({"timeUnixNano": "18446744073709551615"}, LogRecord(time_unix_nano=2**64 - 1)),
        ({"severityNumber": 17}, LogRecord(severity_number=17)),
        ({"severityNumber": 17.0}, LogRecord(severity_number=17)),
        ({"severityNumber": 240}, LogRecord(severity_number=240)),
        ({"severityNumber": "17"}, LogRecord(severity_number=17)),
        ({"severityNumber": "SEVERITY_NUMBER_ERROR"}, LogRecord(severity_number=17)),
        ({"severityNumber": "NO_SUCH"}, LogRecord()),
        ({"severity_text": "x", "trace_id": "0aFF"}, LogRecord(severity_text="x", trace_id=b"\x0a\xff")),
        ({"traceId": "0AfF", "spanId": ""}, LogRecord(trace_id=b"\x0a\xff")),
        ({"traceId": None, "body": None, "attributes": None, "severityNumber": None}, LogRecord()),
        ({"body": {"intValue": "-42"}}, LogRecord(body={"int_value": -42})),
        ({"body": {"intValue": -(2**63)}}, LogRecord(body={"int_value": -(2**63)})),
        ({"body": {"intValue": "0"}}, LogRecord(body={"int_value": 0})),
        ({"body": {"doubleValue": "Infinity"}}, LogRecord(body={"double_value": float("inf")})),
        ({"body": {"doubleValue": "-Infinity"}}, LogRecord(body={"double_value": float("-inf")})),
        ({"body": {"doubleValue": "1.5"}}, LogRecord(body={"double_value": 1.5})),
        ({"body": {"doubleValue": 2}}, LogRecord(body={"double_value": 2.0})),
        ({"body": {"boolValue": False}}, LogRecord(body={"bool_value": False})),
        (
            {"body": {"bytesValue": base64.b64encode(b"\xff\xfe\xfd").decode()}},
            LogRecord(body={"bytes_value": b"\xff\xfe\xfd"}),
        ),
        ({"body": {"bytesValue": "__79"}}, LogRecord(body={"bytes_value": b"\xff\xfe\xfd"})),
        ({"body": {"bytesValue": "_w"}}, LogRecord(body={"bytes_value": b"\xff"})),
        ({"body": {}}, LogRecord(body={})),
        ({"body": {"arrayValue": {}}}, LogRecord(body={"array_value": {}})),
        ({"body": {"arrayValue": {"values": [None, {}]}}}, LogRecord(body={"array_value": {"values": [{}, {}]}})),
        ({"body": {"stringValue": "a", "intValue": "1"}}, LogRecord(body={"int_value": 1})),
        ({"attributes": [None]}, LogRecord(attributes=[{}])),
        ({"new": {"deep": [1]}, "body": {"newValue": 1, "stringValue": "a"}}, LogRecord(body={"string_value": "a"})),
    ],
)
def test_a_value_reads_as(fields: dict[str, object], expected: LogRecord) -> None:
    assert record(**fields) == expected


def test_nan_reads_as_nan() -> None:
    value = record(body={"doubleValue": "NaN"}).body.double_value
    assert value != value


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"traceId": "xyz"}, "traceId"),
        ({"traceId": "abc"}, "traceId"),
        ({"traceId": "ab cd"}, "traceId"),
        ({"traceId": "q83vASNFZ4mrze8BI0VniQ=="}, "traceId"),
        ({"spanId": "é"}, "spanId"),
        ({"spanId": 12}, "spanId"),
        ({"timeUnixNano": "1_0"}, "timeUnixNano"),
        ({"timeUnixNano": "٣"}, "timeUnixNano"),
        ({"timeUnixNano": "1.5"}, "timeUnixNano"),
        ({"timeUnixNano": 1.5}, "timeUnixNano"),
        ({"timeUnixNano": True}, "timeUnixNano"),
        ({"timeUnixNano": -1}, "timeUnixNano"),
        ({"timeUnixNano": 2**64}, "timeUnixNano"),
        ({"timeUnixNano": "1e999"}, "timeUnixNano"),
        ({"timeUnixNano": "9" * 5000}, "timeUnixNano"),
        ({"severityNumber": 2**31}, "severityNumber"),
        ({"severityText": 1}, "severityText"),
        ({"body": []}, "body"),
        ({"body": {"boolValue": "true"}}, "body.boolValue"),
        ({"body": {"doubleValue": "nan"}}, "body.doubleValue"),
        ({"body": {"bytesValue": "a"}}, "body.bytesValue"),
        ({"body": {"bytesValue": "ab!d"}}, "body.bytesValue"),
        ({"attributes": {}}, "attributes"),
        ({"attributes": [{}, {"key": 1}]}, "attributes[1].key"),
        (
            {"attributes": [{"value": {"kvlistValue": {"values": [{"value": 1}]}}}]},
            "attributes[0].value.kvlistValue.values[0].value",
        ),
    ],
)
def test_a_value_that_does_not_fit_names_its_path(fields: dict[str, object], path: str) -> None:
    with pytest.raises(OtlpJsonError) as caught:
        record(**fields)
    assert caught.value.path == path


def test_strict_ignores_snake_case_and_refuses_enum_names() -> None:
    assert decode(b'{"severity_text": "x", "eventName": "e"}', LogRecord, strict=True) == LogRecord(event_name="e")
    for name in ('"SEVERITY_NUMBER_ERROR"', '"17"', '"ERROR"'):
        with pytest.raises(OtlpJsonError) as caught:
            decode(b'{"severityNumber": %s}' % name.encode(), LogRecord, strict=True)
        assert caught.value.path == "severityNumber"


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"1", b'"x"', b"{", b'{"a": NaN}', b'{"a": "\xff"}', b"\xef\xbb\xbf", b"{}{}"]
)
def test_what_is_no_json_object_is_an_error(body: bytes) -> None:
    with pytest.raises(OtlpJsonError):
        decode(body, ExportLogsServiceRequest)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rb"a\ud800", "a\ufffd"),
        (rb"\udc00b", "\ufffdb"),
        (rb"\ud83d\ude00\ud83d", "😀\ufffd"),
        (rb"\uD83D\uD83D\uDE00", "\ufffd😀"),
        (rb"\\ud800\ud800", "\\ud800\ufffd"),
        (rb"\\\ud800", "\\\ufffd"),
        (rb"\\ud83d\udc00", "\\ud83d\ufffd"),
        (rb"\n\u0041\ud800", "\nA\ufffd"),
    ],
)
def test_half_a_surrogate_pair_costs_one_character_not_the_batch(text: bytes, expected: str) -> None:
    assert decode(b'{"body": {"stringValue": "%s"}}' % text, LogRecord).body.string_value == expected


def test_duplicate_keys_keep_the_last() -> None:
    assert decode(b'{"flags": 1, "flags": 2}', LogRecord).flags == 2


@pytest.mark.parametrize(
    "wrap", [lambda v: {"arrayValue": {"values": [v]}}, lambda v: {"kvlistValue": {"values": [{"value": v}]}}]
)
def test_depth_is_bounded_as_in_protobuf(wrap) -> None:
    value: object = {"stringValue": "x"}
    accepted = refused = 0
    for _ in range(60):
        try:
            message = decode(in_request(value), ExportLogsServiceRequest)
        except OtlpJsonError:
            refused += 1
        else:
            assert refused == 0
            accepted += 1
            again = ExportLogsServiceRequest.FromString(message.SerializeToString())
            assert decode(encode(message), ExportLogsServiceRequest) == message == again
        value = wrap(value)
    assert accepted > 30
    assert refused > 0


@pytest.mark.parametrize("depth", [300, 1_000, 100_000])
def test_absurd_depth_is_an_error_not_a_crash(depth: int) -> None:
    deep = b'{"arrayValue":{"values":[' * depth + b"{}" + b"]}}" * depth
    with pytest.raises(OtlpJsonError):
        decode(b'{"body":%s}' % deep, LogRecord)


def test_encoding_what_is_too_deep_is_an_error() -> None:
    message = LogRecord()
    value = message.body
    for _ in range(MAX_MESSAGE_DEPTH):
        value = value.array_value.values.add()
    with pytest.raises(ValueError, match="nested deeper"):
        encode(message)


def test_output_is_the_specifications() -> None:
    message = LogRecord(
        time_unix_nano=1,
        severity_number=17,
        trace_id=b"\xab" * 16,
        span_id=b"\xcd" * 8,
        dropped_attributes_count=7,
        attributes=[
            {"key": "i", "value": {"int_value": -5}},
            {"key": "d", "value": {"double_value": float("nan")}},
            {"key": "b", "value": {"bytes_value": b"\xff"}},
            {"key": "e", "value": {}},
        ],
    )
    assert orjson.loads(encode(message)) == {
        "timeUnixNano": "1",
        "severityNumber": 17,
        "traceId": "ab" * 16,
        "spanId": "cd" * 8,
        "droppedAttributesCount": 7,
        "attributes": [
            {"key": "i", "value": {"intValue": "-5"}},
            {"key": "d", "value": {"doubleValue": "NaN"}},
            {"key": "b", "value": {"bytesValue": "/w=="}},
            {"key": "e", "value": {}},
        ],
    }
    assert b"\n" not in encode(LogRecord(body={"string_value": "a\nb"}))


def test_answers_have_the_same_form() -> None:
    answer = ExportLogsServiceResponse(partial_success={"rejected_log_records": 3, "error_message": "why"})
    assert orjson.loads(encode(answer)) == {"partialSuccess": {"rejectedLogRecords": "3", "errorMessage": "why"}}
    assert encode(ExportLogsServiceResponse()) == b"{}"


@pytest.mark.parametrize(
    "message_type", [ExportLogsServiceRequest, ExportMetricsServiceRequest, ExportTraceServiceRequest]
)
def test_an_empty_object_is_an_empty_message(message_type) -> None:
    assert decode(b"{}", message_type) == message_type()


def test_it_agrees_with_protobufs_own_reader_where_both_know_the_field() -> None:
    source = {
        "resourceMetrics": [
            {
                "scopeMetrics": [
                    {
                        "metrics": [
                            {
                                "name": "g",
                                "gauge": {"dataPoints": [{"asInt": "-3", "timeUnixNano": "5"}, {"asDouble": "NaN"}]},
                            },
                            {
                                "name": "s",
                                "sum": {
                                    "isMonotonic": True,
                                    "aggregationTemporality": 2,
                                    "dataPoints": [{"asDouble": 1}],
                                },
                            },
                            {
                                "name": "h",
                                "histogram": {
                                    "dataPoints": [
                                        {"count": "2", "bucketCounts": ["1", 1], "explicitBounds": [1.5], "min": 0}
                                    ]
                                },
                            },
                            {
                                "name": "e",
                                "exponentialHistogram": {
                                    "dataPoints": [
                                        {
                                            "scale": -2,
                                            "positive": {"offset": -1, "bucketCounts": ["9"]},
                                            "zeroThreshold": 0.1,
                                        }
                                    ]
                                },
                            },
                            {
                                "name": "y",
                                "summary": {
                                    "dataPoints": [{"quantileValues": [{"quantile": 0.5, "value": "Infinity"}]}]
                                },
                            },
                        ]
                    }
                ]
            }
        ]
    }
    text = json.dumps(source)
    expected = json_format.Parse(text, ExportMetricsServiceRequest())
    assert decode(text.encode(), ExportMetricsServiceRequest).SerializeToString() == expected.SerializeToString()


def test_a_value_that_protobuf_itself_refuses_is_refused() -> None:
    with pytest.raises(OtlpJsonError, match="a value does not fit its field"):
        decode(b'{"fields": [{"key": "a"}]}', Struct)
