"""The OTLP checklist of servers, items 42 to 51, over real sockets: the data model of logs."""

from otel_discord.exporters.discord.facts import record_facts
from otel_discord.exporters.discord.facts_source import source_facts
from otel_discord.signals import (
    LogsBatch,
    Severity,
    attributes_to_dict,
    effective_severity,
    otlp_json,
    severity_range,
    span_id_hex,
    to_plain,
    trace_id_hex,
)
from otel_discord.testing.otlp import logs_request
from tests.receivers.otlp.conforming import received, record_json
from tests.receivers.otlp.rig import JSON, running


async def facts(**fields: object):
    async with running() as otlp:
        assert (await otlp.post(record_json(**fields), JSON)).status == 200
        ((resource, scope, record),) = otlp.sink.batches[0].records()
        return record_facts(source_facts(resource.SerializeToString()), scope, record)


async def test_42_timestamp_falls_back_to_observed() -> None:
    assert (await facts(timeUnixNano="5", observedTimeUnixNano="7")).time_unix_ns == 5
    assert (await facts(observedTimeUnixNano="7")).time_unix_ns == 7


async def test_43_ids_of_zeros_or_the_wrong_length_are_no_ids() -> None:
    for trace_id in ("", "00" * 16, "ab" * 15, "ab" * 17):
        assert trace_id_hex((await received({"traceId": trace_id})).trace_id) == ""
    for span_id in ("", "00" * 8, "ab" * 7):
        assert span_id_hex((await received({"spanId": span_id})).span_id) == ""
    assert trace_id_hex((await received({"traceId": "AB" * 16})).trace_id) == "ab" * 16


async def test_44_upper_bits_of_flags_do_no_harm() -> None:
    record = await received({"flags": 0xFFFFFF01})
    assert record.flags & 0xFF == 1


async def test_45_bodies_and_attributes_of_every_type() -> None:
    values = {
        "string": "s",
        "true": True,
        "int": -5,
        "double": 1.5,
        "bytes": b"\xff\0",
        "array": ["a", 1, None, ["b"]],
        "map": {"a": {"b": [1]}},
        "empty": None,
    }
    async with running() as otlp:
        for value in values.values():
            await otlp.call(logs_request(1, body=lambda _, value=value: value, attributes=values))
            reply = await otlp.post(
                otlp_json.encode(logs_request(1, body=lambda _, v=value: v, attributes=values)), JSON
            )
            assert reply.status == 200
        assert list(otlp.sink.bodies) == [v for value in values.values() for v in (value, value)]
        assert all(attributes_to_dict(record.attributes) == values for record in otlp.sink.log_records)


async def test_46_strindex_outside_profiles_counts_as_absent() -> None:
    record = await received(
        {
            "body": {"stringValueStrindex": 5},
            "attributes": [{"keyStrindex": 3, "value": {"stringValue": "x"}}, {"key": "a", "value": {"intValue": "1"}}],
        }
    )
    assert to_plain(record.body) is None
    assert attributes_to_dict(record.attributes) == {"a": 1}


async def test_47_severity_is_compared_by_number() -> None:
    ranges = {
        1: Severity.TRACE,
        8: Severity.DEBUG,
        9: Severity.INFO,
        16: Severity.WARN,
        17: Severity.ERROR,
        24: Severity.FATAL,
    }
    for number, severity in ranges.items():
        record = await received({"severityNumber": number, "severityText": "whatever"})
        assert severity_range(effective_severity(record.severity_number, record.severity_text)) is severity
    for number in (0, 25, 99, -1):
        record = await received({"severityNumber": number})
        assert severity_range(record.severity_number) is Severity.UNSPECIFIED


async def test_48_severity_label_is_short_name_and_text() -> None:
    assert (await facts(severityNumber=9, severityText="Informational")).severity_label == "INFO (Informational)"
    assert (await facts(severityNumber=9)).severity_label == "INFO"


async def test_49_event_name_marks_an_event() -> None:
    assert (await facts(eventName="alert.firing")).event_name == "alert.firing"
    assert (await facts(severityText="x")).event_name == ""


async def test_50_duplicate_attribute_keys_do_not_crash() -> None:
    pairs = [{"key": "k", "value": {"intValue": str(n)}} for n in range(3)]
    record = await received({"attributes": pairs})
    assert [pair.key for pair in record.attributes] == ["k", "k", "k"]
    assert attributes_to_dict(record.attributes) == {"k": 2}
    async with running() as otlp:
        twice = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"flags":1,"flags":2}]}]}]}'
        assert (await otlp.post(twice, JSON)).status == 200


async def test_51_counts_schema_and_scope_are_preserved() -> None:
    request = logs_request(1)
    resource_logs = request.resource_logs[0]
    resource_logs.schema_url = "https://opentelemetry.io/schemas/1.44.0"
    resource_logs.resource.dropped_attributes_count = 3
    scope_logs = resource_logs.scope_logs[0]
    scope_logs.schema_url = "https://opentelemetry.io/schemas/1.43.0"
    scope_logs.scope.version = "2.1"
    scope_logs.scope.dropped_attributes_count = 4
    scope_logs.log_records[0].dropped_attributes_count = 5
    async with running() as otlp:
        await otlp.call(request)
        assert (await otlp.post(request.SerializeToString())).status == 200
        assert (await otlp.post(otlp_json.encode(request), JSON)).status == 200
        assert [batch.request for batch in otlp.sink.batches] == [request] * 3
        as_sent = request.SerializeToString()
        assert [batch.wire for batch in otlp.sink.batches if isinstance(batch, LogsBatch)] == [as_sent, as_sent, b""]
