"""What is the same, what is held, how it leaves."""

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from pydantic import ValidationError

from otel_discord.config.model_errors import explain
from otel_discord.processors.log_dedup.config import LogDedupConfig
from otel_discord.processors.log_dedup.fields import find_field, remove_field, split_field
from otel_discord.processors.log_dedup.held import Held, Sightings
from otel_discord.processors.log_dedup.identity import record_digest, resource_digest, scope_digest
from otel_discord.processors.log_dedup.zones import zone_of
from otel_discord.signals import LogsBatch, attributes_to_dict, to_plain
from otel_discord.testing.otlp import START_NS, any_value, key_values, logs_batch

S = 1_000_000_000


def record(body: Any = "b", attributes: dict[str, Any] | None = None, **fields: Any) -> LogRecord:
    return LogRecord(body=any_value(body), attributes=key_values(attributes or {}), **fields)


# ------------------------------------------------------------------------------------------------------------- fields
@pytest.mark.parametrize(
    ("field", "parts"),
    [
        ("body.a.b", ["body", "a", "b"]),
        (r"attributes.host\.name", ["attributes", "host.name"]),
        ("attributes", ["attributes"]),
        (r"attributes.src.x\.y\.z.ip", ["attributes", "src", "x.y.z", "ip"]),
    ],
)
def test_paths(field: str, parts: list[str]) -> None:
    assert split_field(field) == parts


@pytest.mark.parametrize(
    ("field", "body", "attributes"),
    [
        ("attributes", {"t": 1, "u": {"id": 2}}, {}),
        (r"attributes.host\.name", {"t": 1, "u": {"id": 2}}, {"src": {"ip": "x", "n": 1}}),
        ("attributes.src.ip", {"t": 1, "u": {"id": 2}}, {"host.name": "h", "src": {"n": 1}}),
        ("body.t", {"u": {"id": 2}}, {"host.name": "h", "src": {"ip": "x", "n": 1}}),
        ("body.u.id", {"t": 1, "u": {}}, {"host.name": "h", "src": {"ip": "x", "n": 1}}),
        ("body.t.deeper", {"t": 1, "u": {"id": 2}}, {"host.name": "h", "src": {"ip": "x", "n": 1}}),
        ("attributes.gone.x", {"t": 1, "u": {"id": 2}}, {"host.name": "h", "src": {"ip": "x", "n": 1}}),
    ],
)
def test_removing(field: str, body: Any, attributes: Any) -> None:
    one = record({"t": 1, "u": {"id": 2}}, {"host.name": "h", "src": {"ip": "x", "n": 1}})
    remove_field(one, split_field(field))
    assert (to_plain(one.body), attributes_to_dict(one.attributes)) == (body, attributes)


def test_removing_from_a_body_of_text_changes_nothing() -> None:
    remove_field(one := record("text"), ["body", "t"])
    assert one == record("text")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("body.u.id", 2),
        ("body", {"u": {"id": 2}}),
        ("attributes.a", 1),
        ("attributes", {"a": 1}),
        ("attributes.b", None),
        ("attributes.a.b", None),
    ],
)
def test_finding(field: str, value: Any) -> None:
    found = find_field(record({"u": {"id": 2}}, {"a": 1}), split_field(field))
    assert (None if found is None else to_plain(found)) == value


# ----------------------------------------------------------------------------------------------------------- identity
def test_order_does_not_matter_and_types_do() -> None:
    assert record_digest(record({"a": 1, "b": {"c": 2, "d": 3}}, {"x": 1, "y": 2})) == record_digest(
        record({"b": {"d": 3, "c": 2}, "a": 1}, {"y": 2, "x": 1})
    )
    different = [1, 1.0, True, "1", b"1", None, "", [1], {"1": 1}, [], {}, "None"]
    assert len({record_digest(record("b", {"a": value})) for value in different}) == len(different)
    assert len({record_digest(record(value)) for value in different}) == len(different)


def test_what_tells_records_apart_and_what_does_not() -> None:
    same = [record(), record(time_unix_nano=5, observed_time_unix_nano=6, trace_id=b"t" * 16)]
    other = [record("c"), record("b", {"x": 1}), record(severity_number=9), record(severity_text="INFO")]
    other.append(record(event_name="alert.firing"))
    assert len({record_digest(each) for each in same}) == 1
    assert len({record_digest(each) for each in [same[0], *other]}) == 6


def test_chosen_fields_alone_matter_where_one_of_them_is_there() -> None:
    fields = [["attributes", "id"], ["body", "user"]]
    one, other = record("x", {"id": 1, "n": 1}), record("y", {"id": 1, "n": 2}, severity_number=17)
    assert record_digest(one, fields) == record_digest(other, fields)
    assert record_digest(one, fields) != record_digest(record("x", {"id": 2, "n": 1}), fields)
    assert record_digest(record({"user": 1}), fields) != record_digest(record("b", {"id": 1}), fields)
    assert record_digest(record("x"), fields) != record_digest(record("y"), fields)


def test_resources_and_scopes_are_told_apart() -> None:
    batch = logs_batch()
    group = batch.request.resource_logs[0]
    scope = group.scope_logs[0].scope
    before = scope_digest(scope)
    scope.version = "1"
    assert scope_digest(scope) != before
    first = resource_digest(group.resource)
    group.resource.attributes.extend(key_values({"x": 1}))
    assert resource_digest(group.resource) != first


# --------------------------------------------------------------------------------------------------------------- held
def hold(held: Held, *batches: LogsBatch, at_ns: int = START_NS, **fields: Any) -> None:
    sightings = Sightings(fields.get("exclude", ()), fields.get("include", ()))
    for batch in batches:
        held.add(list(sightings.each(batch)), at_ns)


def held_of(max_distinct: int = 100, max_bytes: int = 1 << 20) -> Held:
    return Held(max_distinct=max_distinct, max_bytes=max_bytes)


def out(held: Held, **more: Any) -> list[dict[str, Any]]:
    batch = held.let_out(count_key="log_count", zone=UTC, now_ns=START_NS + 10 * S, **more)
    return [{"body": to_plain(r.body), **attributes_to_dict(r.attributes)} for _, _, r in batch.records()]


def test_one_of_each_leaves_with_its_count_and_times() -> None:
    held, batch = held_of(), logs_batch(2, body="same", attributes={"log_count": "old", "k": 1})
    before = batch.request.SerializeToString()
    hold(held, batch, at_ns=START_NS)
    hold(held, batch, logs_batch(1, body="other"), at_ns=START_NS + 3 * S)
    assert held.records == 5
    first, last = "2026-01-01T00:00:00Z", "2026-01-01T00:00:03Z"
    times = {"first_observed_timestamp": first, "last_observed_timestamp": last}
    assert out(held) == [
        {"body": "same", "k": 1, "log_count": 4, **times},
        {"body": "other", "log_count": 1, "first_observed_timestamp": last, "last_observed_timestamp": last},
    ]
    assert (held.records, out(held)) == (0, [])
    assert batch.request.SerializeToString() == before


def test_times_of_the_record_and_of_its_zone() -> None:
    for keeps_time, time_ns in ((False, START_NS + 10 * S), (True, START_NS)):
        held = held_of()
        hold(held, logs_batch(1), at_ns=START_NS + 4 * S)
        batch = held.let_out(
            count_key="n", zone=zone_of("Europe/Berlin"), now_ns=START_NS + 10 * S, keeps_time=keeps_time
        )
        ((_, _, one),) = batch.records()
        assert (one.time_unix_nano, one.observed_time_unix_nano) == (time_ns, START_NS + 4 * S)
        assert attributes_to_dict(one.attributes)["first_observed_timestamp"] == "2026-01-01T01:00:04+01:00"


def test_resource_scope_and_schema_stay() -> None:
    held = held_of()
    for number in (1, 2):
        batch = logs_batch(2, body="same", resource={"service.name": f"s{number}"}, scope=f"scope{number}")
        batch.request.resource_logs[0].schema_url = f"r{number}"
        batch.request.resource_logs[0].scope_logs[0].schema_url = f"u{number}"
        hold(held, batch)
    groups = held.let_out(count_key="n", zone=UTC, now_ns=1).request.resource_logs
    found = [
        (attributes_to_dict(g.resource.attributes)["service.name"], g.schema_url, s.scope.name, s.schema_url)
        for g in groups
        for s in g.scope_logs
    ]
    assert found == [("s1", "r1", "scope1", "u1"), ("s2", "r2", "scope2", "u2")]


def test_excluded_fields_neither_tell_apart_nor_leave() -> None:
    held, batch = held_of(), logs_batch(3, body=lambda n: {"t": n, "m": "x"})
    hold(held, batch, exclude=[["body", "t"]])
    (one,) = out(held)
    assert (one["body"], one["log_count"]) == ({"m": "x"}, 3)
    assert "t" in str(batch.request)


def test_there_is_room_for_so_many_different_ones() -> None:
    held, sightings = held_of(max_distinct=2), Sightings((), ())
    names = iter("abcabcab")
    each = list(sightings.each(logs_batch(8, body=lambda _: next(names))))
    assert held.fitting(each) == [True, True, False, True, True, False, True, True]
    held.add([s for s, fits in zip(each, held.fitting(each), strict=True) if fits], START_NS)
    assert held.fitting(each) == [True, True, False, True, True, False, True, True]


def test_and_for_so_many_bytes() -> None:
    held, sightings = held_of(max_bytes=3000), Sightings((), ())
    each = list(sightings.each(logs_batch(5, body=lambda n: str(n) * 1000)))
    assert held.fitting(each) == [True, True, False, False, False]
    held.add(each[:2], START_NS)
    assert held.fitting(each) == [True, True, False, False, False]


@given(st.lists(st.lists(st.integers(0, 5), max_size=6), max_size=6), st.integers(1, 6))
def test_counts_are_exact_and_bounds_hold(batches: list[list[int]], max_distinct: int) -> None:
    held, sightings, passed = held_of(max_distinct=max_distinct), Sightings((), ()), 0
    for numbers in batches:
        left = iter(numbers)
        each = list(sightings.each(logs_batch(len(numbers), body=lambda _, left=left: next(left))))
        fits = held.fitting(each)
        held.add([s for s, fit in zip(each, fits, strict=True) if fit], START_NS)
        passed += fits.count(False)
    leaving = out(held)
    assert len(leaving) <= max_distinct
    assert sum(each["log_count"] for each in leaving) + passed == sum(map(len, batches))


# ------------------------------------------------------------------------------------------------------ configuration
def test_good_ones_load() -> None:
    config = LogDedupConfig.model_validate(
        {
            "interval": "60s",
            "conditions": ['log.attributes["ID"] == 1', 'resource.attributes["service.name"] == "my-service"'],
            "log_count_attribute": "dedup_count",
            "timezone": "America/Los_Angeles",
            "exclude_fields": ["body.timestamp", r"attributes.host\.name", "attributes.src.ip"],
            "metadata_keys": ["x-scope-orgid"],
        }
    )
    assert config.interval == 60.0
    assert LogDedupConfig.model_validate({"include_fields": ["attributes.id"]}).log_count_attribute == "log_count"


@pytest.mark.parametrize(
    ("keys", "path", "words"),
    [
        ({"interval": "0s"}, "interval", "above 0s, as in 10s"),
        ({"interval": "-1s"}, "interval", "must not be negative"),
        ({"log_count_attribute": ""}, "log_count_attribute", "at least 1 characters"),
        ({"timezone": "Europe/Nowhere"}, "timezone", "use a name such as UTC"),
        ({"timezone": "../etc/passwd"}, "timezone", "use a name such as UTC"),
        ({"exclude_fields": ["body"]}, "exclude_fields::0", "name a field of it"),
        ({"exclude_fields": ["attributes.a", "attributes.a"]}, "exclude_fields::1", "is there twice"),
        ({"exclude_fields": ["resource.a"]}, "exclude_fields::0", "below body or attributes"),
        ({"include_fields": ["attributes."]}, "include_fields::0", "below body or attributes"),
        (
            {"include_fields": ["attributes.a"], "exclude_fields": ["attributes.b"]},
            "include_fields",
            "not together with exclude_fields",
        ),
        ({"conditions": ["true", "severity = 1"]}, "conditions::1", "column"),
        ({"max_distinct": 0}, "max_distinct", "at least 1"),
        ({"window": "1s"}, "window", "has invalid keys"),
    ],
)
def test_wrong_ones_are_refused(keys: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        LogDedupConfig.model_validate(keys)
    problems = {"::".join(map(str, each[0])): each[1] for each in explain(refused.value, LogDedupConfig, keys)}
    assert words in problems[path]
