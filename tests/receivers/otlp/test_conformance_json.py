"""The OTLP checklist of servers, items 35 to 41, over real sockets: JSON."""

import base64

import orjson
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.signals import attributes_to_dict, otlp_json
from tests.receivers.otlp.conforming import LOGS_JSON, received, record_json
from tests.receivers.otlp.rig import JSON, PROTOBUF, running


async def test_35_ids_are_hex_in_any_case() -> None:
    record = await received({"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174"})
    assert record.trace_id.hex() == "5b8efff798038103d269b633813fc60c"
    assert record.span_id.hex() == "eee19b7ec3c1b174"
    async with running() as otlp:
        span = {"traceId": "AA" * 16, "spanId": "bB" * 8, "parentSpanId": "Cc" * 8, "links": [{"traceId": "dD" * 16}]}
        body = orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
        assert (await otlp.post(body, JSON, "/v1/traces")).status == 200
        sent = otlp.sink.batches[0].request.resource_spans[0].scope_spans[0].spans[0]
        assert (sent.parent_span_id, sent.links[0].trace_id) == (b"\xcc" * 8, b"\xdd" * 16)
        for wrong in ("xyz", "abc", base64.b64encode(b"\xff" * 16).decode(), 12):
            assert (await otlp.post(record_json(traceId=wrong), JSON)).status == 400


async def test_36_enums_are_integers_and_names_only_when_lenient() -> None:
    assert (await received({"severityNumber": 17})).severity_number == 17
    assert (await received({"severityNumber": "SEVERITY_NUMBER_ERROR"})).severity_number == 17
    assert orjson.loads(otlp_json.encode(LogRecord(severity_number=17))) == {"severityNumber": 17}
    for strict in ({"http__strict_json": True}, {"strict_json": True}):
        async with running(**strict) as otlp:
            assert (await otlp.post(record_json(severityNumber=17), JSON)).status == 200
            assert (await otlp.post(record_json(severityNumber="SEVERITY_NUMBER_ERROR"), JSON)).status == 400


async def test_37_unknown_fields_are_ignored_at_every_level() -> None:
    extra = {"someday": {"x": [1, None, {"y": "z"}]}, "other": 1}
    body = {
        "resourceLogs": [
            {
                "resource": {"attributes": [{"key": "k", "value": {"stringValue": "v", **extra}, **extra}], **extra},
                "scopeLogs": [{"scope": {"name": "s", **extra}, "logRecords": [{"flags": 1, **extra}], **extra}],
                **extra,
            }
        ],
        **extra,
    }
    for strict in (False, True):
        async with running(http__strict_json=strict) as otlp:
            assert (await otlp.post(orjson.dumps(body), JSON)).status == 200
            assert otlp.sink.log_records[0].flags == 1
            resource = otlp.sink.batches[0].request.resource_logs[0].resource
            assert attributes_to_dict(resource.attributes) == {"k": "v"}


async def test_38_keys_are_lower_camel_case() -> None:
    record = {"severityText": "a", "event_name": "b", "time_unix_nano": "5"}
    lenient = await received(record)
    assert (lenient.severity_text, lenient.event_name, lenient.time_unix_nano) == ("a", "b", 5)
    strict = await received(record, http__strict_json=True)
    assert (strict.severity_text, strict.event_name, strict.time_unix_nano) == ("a", "", 0)
    assert b"timeUnixNano" in otlp_json.encode(LogRecord(time_unix_nano=1))


async def test_39_64_bit_integers_as_strings_and_numbers() -> None:
    big = 1_790_000_000_123_456_789
    for written in (big, str(big)):
        assert (await received({"timeUnixNano": written})).time_unix_nano == big
        assert (await received({"body": {"intValue": written}})).body.int_value == big
    assert (await received({"body": {"intValue": str(-(2**63))}})).body.int_value == -(2**63)
    assert orjson.loads(otlp_json.encode(LogRecord(time_unix_nano=big))) == {"timeUnixNano": str(big)}


async def test_40_bytes_special_doubles_and_null() -> None:
    assert (
        await received({"body": {"bytesValue": base64.b64encode(b"\0\xff").decode()}})
    ).body.bytes_value == b"\0\xff"
    assert (await received({"body": {"doubleValue": "Infinity"}})).body.double_value == float("inf")
    assert (await received({"body": {"doubleValue": "-Infinity"}})).body.double_value == float("-inf")
    not_a_number = (await received({"body": {"doubleValue": "NaN"}})).body.double_value
    assert not_a_number != not_a_number
    nulls = dict.fromkeys(("body", "attributes", "severityNumber", "traceId", "timeUnixNano", "flags"))
    assert await received(nulls) == LogRecord()


async def test_41_json_content_type_on_requests_and_answers() -> None:
    async with running() as otlp:
        assert (await otlp.post(LOGS_JSON, JSON)).content_type == JSON
        assert (await otlp.post(b"{", JSON)).content_type == JSON
        assert (await otlp.post(LOGS_JSON, PROTOBUF)).status == 400
