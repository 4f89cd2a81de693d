"""Bundles are cut apart into what was put in, whatever stands in it."""

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ScopeLogs

from otel_discord.exporters.discord.evidence.bundles import (
    bundled,
    bundles_in,
    each_framed,
    framed,
    pieces_of,
    records_in,
)
from otel_discord.testing.otlp import key_values

TEXTS = st.lists(st.one_of(st.text(max_size=20), st.integers(100, 40_000).map("x".__mul__)), max_size=8)


def scope_of(*texts: str, name: str = "", schema_url: str = "") -> ScopeLogs:
    scope_logs = ScopeLogs(schema_url=schema_url)
    if name:
        scope_logs.scope.name = name
    for number, text in enumerate(texts):
        scope_logs.log_records.add(severity_number=number % 25).body.string_value = text
    return scope_logs


@given(TEXTS, st.text(max_size=300), st.text(max_size=5))
def test_it_is_cut_into_what_was_put_in(texts: list[str], name: str, schema_url: str) -> None:
    scope_logs = scope_of(*texts, name=name, schema_url=schema_url)
    records = [record.SerializeToString() for record in scope_logs.log_records]
    bundle = bundled(scope_logs)
    assert bundle is not None
    assert records_in(bundle) == records
    assert (
        each_framed(scope_logs, bundle)
        == each_framed(scope_logs, None)
        == pieces_of(bundle)
        == [framed(record) for record in records]
    )
    assert records_in(b"".join(pieces_of(bundle))) == records
    assert not ScopeLogs.FromString(bundle).HasField("scope")


@pytest.mark.parametrize("unknown", [b"\x20\x05", b"\x7a\x01x", b"\xa2\x06\x01x", b"\x25abcd", b"\x21abcdefgh"])
def test_fields_that_nobody_knows_do_not_matter(unknown: bytes) -> None:
    scope_logs = ScopeLogs.FromString(unknown + scope_of("one", "two", name="n").SerializeToString() + unknown)
    bundle = bundled(scope_logs)
    assert bundle is not None
    assert [LogRecord.FromString(each).body.string_value for each in records_in(bundle)] == ["one", "two"]
    assert [records_in(each) for each in pieces_of(bundle)] == [[each] for each in records_in(bundle)]


def test_one_that_is_nested_too_deeply_to_be_read_costs_itself_alone() -> None:
    scope_logs = scope_of("one", "", "three")
    value = scope_logs.log_records[1].body
    for _ in range(120):
        value = value.array_value.values.add()
    value.string_value = "deep"
    bundle = bundled(scope_logs)
    assert bundle is not None
    first, second, third = records_in(bundle)
    with pytest.raises(DecodeError):
        LogRecord.FromString(second)
    assert [LogRecord.FromString(each).body.string_value for each in (first, third)] == ["one", "three"]


@given(st.lists(st.lists(TEXTS, max_size=3), max_size=3), st.text(max_size=5), st.text(max_size=5))
def test_a_request_is_cut_into_the_bundles_of_its_scopes(resources: list[list[list[str]]], name: str, url: str) -> None:
    request = ExportLogsServiceRequest()
    for scopes in resources:
        resource_logs = request.resource_logs.add(schema_url=url)
        resource_logs.resource.attributes.extend(key_values({"service.name": name}))
        resource_logs.scope_logs.extend(scope_of(*texts, name=name, schema_url=url) for texts in scopes)
    assert bundles_in(request.SerializeToString()) == [
        [bundled(scope_logs) for scope_logs in resource_logs.scope_logs] for resource_logs in request.resource_logs
    ]
