import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.attachments import requested_attachments
from otel_discord.sdk.capture import capture
from otel_discord.sdk.freeze import freeze, freeze_attributes
from otel_discord.sdk.snapshot import Snapshot
from otel_discord.sdk.to_otlp import MAX_TEXT_BYTES, logs_batch
from otel_discord.signals import attributes_to_dict, to_plain

RESOURCE = {"service.name": "shop"}


def snapshot(body: object = "text", scope: str = "shop", resource: object = RESOURCE, **more: object) -> Snapshot:
    attributes = more.pop("attributes", {})
    return Snapshot(1, 17, "ERROR", body, attributes, scope, resource, **more)  # type: ignore[arg-type]


def only(each: Snapshot) -> LogRecord:
    batch = logs_batch([each])
    assert ExportLogsServiceRequest.FromString(batch.request.SerializeToString()) == batch.request
    ((_, _, record),) = batch.records()
    return record


def test_a_record_with_all_its_fields() -> None:
    whole = Snapshot(
        time_ns=1_700_000_000_000_000_000, severity=17, severity_text="ERROR", body={"a": (1, b"x")},
        attributes={"order": 5, "ok": True, "ratio": 0.5, "none": None, "list": ("a", 1)}, scope="shop.cart",
        resource=RESOURCE, scope_version="1.2", event_name="cart.failed", trace_id=0xABC, span_id=0xDEF, flags=1,
    )  # fmt: skip
    batch = logs_batch([whole])
    ((resource, scope, record),) = batch.records()
    assert attributes_to_dict(resource.attributes) == RESOURCE
    assert (scope.name, scope.version) == ("shop.cart", "1.2")
    assert record.time_unix_nano == record.observed_time_unix_nano == 1_700_000_000_000_000_000
    assert (record.severity_number, record.severity_text, record.event_name) == (17, "ERROR", "cart.failed")
    assert (record.trace_id, record.span_id, record.flags) == (bytes(14) + b"\x0a\xbc", bytes(6) + b"\x0d\xef", 1)
    assert to_plain(record.body) == {"a": [1, b"x"]}
    expected = {"order": 5, "ok": True, "ratio": 0.5, "none": None, "list": ["a", 1]}
    assert attributes_to_dict(record.attributes) == expected


def test_no_snapshots_are_an_empty_batch() -> None:
    assert logs_batch([]).item_count == 0


def test_records_stand_by_resource_and_in_their_order_by_scope() -> None:
    other = {"service.name": "other"}
    records = [
        ("1", "a", RESOURCE),
        ("2", "a", RESOURCE),
        ("3", "b", other),
        ("4", "b", dict(RESOURCE)),
        ("5", "a", RESOURCE),
    ]
    batch = logs_batch(snapshot(body, scope, resource) for body, scope, resource in records)
    found = [
        (each.resource.attributes[0].value.string_value, [(s.scope.name, len(s.log_records)) for s in each.scope_logs])
        for each in batch.request.resource_logs
    ]
    assert found == [("shop", [("a", 2), ("b", 1), ("a", 1)]), ("other", [("b", 1)])]
    assert [record.body.string_value for _, _, record in batch.records()] == ["1", "2", "4", "5", "3"]


def test_a_count_is_an_attribute_with_first_and_last_time() -> None:
    record = only(snapshot(count=412, last_ns=99))
    assert attributes_to_dict(record.attributes) == {"discord.count": 412}
    assert (record.time_unix_nano, record.observed_time_unix_nano) == (1, 99)
    assert not only(snapshot()).attributes


def test_a_record_that_stood_for_several_brings_its_count_along() -> None:
    own = {"discord.count": 5, "order": 1}
    assert attributes_to_dict(only(snapshot(count=3, attributes=own)).attributes) == {"discord.count": 7, "order": 1}
    assert attributes_to_dict(only(snapshot(attributes=own)).attributes) == own
    own = {"discord.count": "many"}
    assert attributes_to_dict(only(snapshot(count=3, attributes=own)).attributes) == {"discord.count": 3}


def test_an_exception_becomes_attributes_behind_those_of_the_record() -> None:
    captured = capture(ValueError("why"))
    attributes = attributes_to_dict(only(snapshot(exception=captured)).attributes)
    assert attributes == {
        "exception.type": "ValueError",
        "exception.message": "why",
        "exception.stacktrace": "ValueError: why\n",
    }
    own = {"exception.type": "Mine", "order": 1}
    attributes = attributes_to_dict(only(snapshot(exception=captured, attributes=own)).attributes)
    assert attributes == {**attributes, "exception.type": "Mine", "order": 1, "exception.message": "why"}
    assert len(attributes) == 4


def test_attachments_arrive_as_the_exporter_reads_them() -> None:
    frozen = freeze_attributes({"discord.attachments": [{"filename": "a.bin", "data": bytearray(b"\x00\xff")}]})
    value = attributes_to_dict(only(snapshot(attributes=frozen)).attributes)["discord.attachments"]
    (asked,) = requested_attachments(value, [], 1000)
    assert (asked.filename, asked.data, asked.refused) == ("a.bin", b"\x00\xff", "")


@pytest.mark.parametrize(
    ("text", "arrives"),
    [
        ("lone \ud800 here", "lone \ufffd here"),
        ("pair \ud83d\ude00", "pair \U0001f600"),
        ("byte \udcff from a file name", "byte \ufffd from a file name"),
        ("nul \0 and é", "nul \0 and é"),
    ],
)
def test_surrogates_are_mended_everywhere(text: str, arrives: str) -> None:
    broken = snapshot(
        {text: (text,)}, text, {text: text}, attributes={text: text}, event_name=text, scope_version=text,
        exception=capture(ValueError(text)),
    )  # fmt: skip
    broken.severity_text = text
    batch = logs_batch([broken])
    ((resource, scope, record),) = batch.records()
    assert attributes_to_dict(resource.attributes) == {arrives: arrives}
    assert (scope.name, scope.version, record.event_name, record.severity_text) == (arrives,) * 4
    assert to_plain(record.body) == {arrives: [arrives]}
    attributes = attributes_to_dict(record.attributes)
    assert attributes[arrives] == attributes["exception.message"] == arrives


@pytest.mark.parametrize("fill", ["x", "ü", "\U0001f600", "\ud800"])
def test_huge_texts_are_cut_in_the_middle(fill: str) -> None:
    text = only(snapshot("begin" + fill * 300_000 + "end")).body.string_value
    assert MAX_TEXT_BYTES - 200 < len(text.encode()) <= MAX_TEXT_BYTES
    assert text.startswith("begin")
    assert text.endswith("end")
    assert "left out" in text
    exact = "ü" * (MAX_TEXT_BYTES // 2)
    assert only(snapshot(exact)).body.string_value == exact


@pytest.mark.parametrize(
    ("field", "value", "written"),
    [
        ("time_ns", -5, 0),
        ("time_ns", 2**70, 2**64 - 1),
        ("severity", 99, 0),
        ("severity", -1, 0),
        ("flags", 2**40 + 1, 1),
        ("trace_id", 2**128, b""),
        ("span_id", -1, b""),
        ("span_id", 2**64 - 1, b"\xff" * 8),
        ("severity_text", None, ""),
        ("event_name", None, ""),
    ],
)
def test_what_is_out_of_range_is_brought_into_it(field: str, value: object, written: object) -> None:
    names = {"time_ns": "time_unix_nano", "severity": "severity_number"}
    odd = snapshot()
    setattr(odd, field, value)
    assert getattr(only(odd), names.get(field, field)) == written
    assert only(odd).body.string_value == "text"


def test_values_that_were_not_frozen_are_converted_all_the_same() -> None:
    class Odd:
        def __str__(self) -> str:
            return "odd"

    odd = {"big": 2**70, "object": Odd(), 5: [1, {2: Odd()}], "set": {1}, "nan": math.nan}
    attributes = attributes_to_dict(only(snapshot(odd["object"], attributes=odd)).attributes)
    assert math.isnan(attributes.pop("nan"))
    assert attributes == {"big": str(2**70), "object": "odd", "5": [1, {"2": "odd"}], "set": [1]}


def test_a_deep_value_is_cut_off() -> None:
    deep: object = "leaf"
    for _ in range(500):
        deep = (deep,)
    batch = logs_batch([snapshot(deep, attributes={"deep": {"deeper": deep}})])
    assert ExportLogsServiceRequest.FromString(batch.request.SerializeToString()).resource_logs


@pytest.mark.parametrize(
    "field", ["attributes", "time_ns", "trace_id", "count", "exception", "last_ns", "flags", "severity"]
)
def test_what_cannot_be_converted_is_told_as_text(field: str) -> None:
    broken = snapshot("the body")
    setattr(broken, field, object())
    batch = logs_batch([snapshot("before"), broken, snapshot("after")])
    before, told, after = [record.body.string_value for _, _, record in batch.records()]
    assert (before, after) == ("before", "after")
    assert told.startswith("the body")


def test_a_resource_that_cannot_be_read_costs_no_record() -> None:
    assert only(snapshot("text", resource=5)).body.string_value == "text"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary() | st.decimals(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=20,
)


@given(anything, st.dictionaries(st.text(st.characters()), anything, max_size=5))
def test_any_frozen_value_becomes_a_valid_record(body: object, attributes: dict[str, object]) -> None:
    record = only(snapshot(freeze(body), attributes=freeze_attributes(attributes)))
    assert len(record.attributes) == len(attributes)


def test_what_the_application_waits_for_is_light() -> None:
    program = (
        "import sys, otel_discord.sdk.buffer, otel_discord.sdk.capture, otel_discord.sdk.freeze;"
        "print([name for name in ('google', 'opentelemetry', 'pydantic', 'aiohttp', 'asyncio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
