"""What each action does to attributes."""

import hashlib
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.processors.attributes.action_config import ActionConfig
from otel_discord.processors.attributes.actions import Edit, compile_actions, edited
from otel_discord.signals import attributes_to_dict, to_plain
from otel_discord.testing.otlp import key_values

BEFORE = {"a": 1, "b": "two", "c": True, "url": "https://shop.example/cart?item=7"}


def run(before: dict[str, Any], *actions: dict[str, Any]) -> dict[str, Any] | None:
    compiled = compile_actions([ActionConfig.model_validate(action) for action in actions])
    edit = edited(key_values(before), compiled)
    return None if edit is None else applied(edit, key_values(before))


def applied(edit: Edit, before: list[KeyValue]) -> dict[str, Any]:
    record = LogRecord(attributes=before)
    edit.apply(record.attributes)
    assert len({pair.key for pair in record.attributes}) == len(attributes_to_dict(record.attributes))
    return dict(attributes_to_dict(record.attributes))


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"key": "new", "action": "insert", "value": 7}, {"new": 7}),
        ({"key": "a", "action": "insert", "value": 7}, None),
        ({"key": "new", "action": "insert", "from_attribute": "b"}, {"new": "two"}),
        ({"key": "new", "action": "insert", "from_attribute": "gone"}, None),
        ({"key": "new", "action": "insert", "from_attribute": "gone", "default_value": 0.5}, {"new": 0.5}),
        ({"key": "new", "action": "insert", "default_value": "d"}, {"new": "d"}),
        ({"key": "a", "action": "update", "value": "x"}, {"a": "x"}),
        ({"key": "new", "action": "update", "value": "x"}, None),
        ({"key": "a", "action": "update", "value": 1}, None),
        ({"key": "a", "action": "update", "value": True}, {"a": True}),
        ({"key": "a", "action": "UPSERT", "value": False}, {"a": False}),
        ({"key": "new", "action": "upsert", "value": ["x", 1]}, {"new": ["x", 1]}),
        ({"key": "new", "action": "upsert", "value": ""}, {"new": ""}),
        ({"key": "new", "action": "upsert", "from_context": "metadata.tenant"}, None),
        ({"key": "new", "action": "upsert", "from_context": "x", "default_value": "d"}, {"new": "d"}),
    ],
)
def test_setting(action: dict[str, Any], expected: dict[str, Any] | None) -> None:
    assert run(BEFORE, action) == (None if expected is None else BEFORE | expected)


def test_what_is_left_out_is_gone_also_where_it_came_twice() -> None:
    twice = [*key_values({"a": 1}), *key_values({"a": 2, "b": 3})]
    delete, hash_it = ({"key": "a", "action": action} for action in ("delete", "hash"))
    edit = edited(twice, compile_actions([ActionConfig.model_validate(delete)]))
    assert edit is not None
    assert applied(edit, twice) == {"b": 3}
    edit = edited(twice, compile_actions([ActionConfig.model_validate(hash_it)]))
    assert edit is not None
    record = LogRecord(attributes=twice)
    edit.apply(record.attributes)
    assert [type(to_plain(pair.value)) for pair in record.attributes] == [str, str, int]


@pytest.mark.parametrize(
    ("action", "left"),
    [
        ({"key": "a"}, {"b", "c", "url"}),
        ({"pattern": "^[ab]$"}, {"c", "url"}),
        ({"key": "c", "pattern": "rl"}, {"a", "b"}),
    ],
)
def test_delete(action: dict[str, Any], left: set[str]) -> None:
    after = run(BEFORE, {"action": "delete", **action})
    assert after is not None
    assert set(after) == left


def test_nothing_to_delete_changes_nothing() -> None:
    assert run(BEFORE, {"key": "gone", "action": "delete"}, {"pattern": "^x", "action": "hash"}) is None


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ("two", b"two"),
        ("ü", "ü".encode()),
        (True, b"\x01"),
        (False, b"\x00"),
        (258, struct.pack("<q", 258)),
        (-0.5, struct.pack("<d", -0.5)),
    ],
)
def test_hash(value: Any, data: bytes) -> None:
    assert run({"k": value}, {"key": "k", "action": "hash"}) == {"k": hashlib.sha256(data).hexdigest()}


def test_what_has_no_hash_becomes_empty() -> None:
    assert run({"k": [1], "m": {"x": 1}}, {"pattern": ".", "action": "hash"}) == {"k": "", "m": ""}
    assert run({"k": ""}, {"key": "k", "action": "hash"}) is None


def test_extract() -> None:
    pattern = r"^(?P<scheme>.*)://(?P<host>[^/]*)(?P<path>/[^?]*)(\?(?P<a>x))?"
    with pytest.raises(ValueError, match="every group must have a name"):
        run(BEFORE, {"key": "url", "action": "extract", "pattern": pattern})
    pattern = r"^(?P<scheme>.*)://(?P<host>[^/]*)(?P<a>z)?"
    expected = BEFORE | {"scheme": "https", "host": "shop.example", "a": ""}
    assert run(BEFORE, {"key": "url", "action": "extract", "pattern": pattern}) == expected
    assert run(BEFORE, {"key": "a", "action": "extract", "pattern": pattern}) is None
    assert run(BEFORE, {"key": "b", "action": "extract", "pattern": pattern}) is None


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        ("200", "int", 200),
        ("-7", "int", -7),
        ("+7", "int", 7),
        ("7.0", "int", None),
        (" 7", "int", None),
        ("1_000", "int", None),
        ("٣", "int", None),
        ("9223372036854775808", "int", None),
        ("9" * 5000, "int", None),
        (3.9, "int", 3),
        (-3.9, "int", -3),
        (float("inf"), "int", None),
        (1e30, "int", None),
        (True, "int", 1),
        ([1], "int", None),
        ("2.5", "double", 2.5),
        ("1e3", "double", 1000.0),
        ("1e999", "double", None),
        ("-Inf", "double", float("-inf")),
        ("x", "double", None),
        (4, "double", 4.0),
        (False, "double", 0.0),
        (4, "string", "4"),
        (4.0, "string", "4"),
        (True, "string", "true"),
        ({"b": 1, "a": [None]}, "string", '{"a":[null],"b":1}'),
        (b"ab", "string", "YWI="),
        ("same", "string", None),
        (None, "string", ""),
    ],
)
def test_convert(value: Any, wanted: str, expected: Any) -> None:
    after = run({"k": value}, {"key": "k", "action": "convert", "converted_type": wanted})
    assert after == (None if expected is None else {"k": expected})
    assert after is None or type(after["k"]) is type(expected)


def test_actions_run_in_order() -> None:
    fill, copy, remove = (
        {"key": "operation", "value": "default", "action": "insert"},
        {"key": "svc.operation", "from_attribute": "operation", "action": "upsert"},
        {"key": "operation", "action": "delete"},
    )
    assert run({"svc.operation": "division", "timeout": 3}, fill, copy, remove) == {
        "svc.operation": "default",
        "timeout": 3,
    }


@given(st.dictionaries(st.sampled_from("abcd"), st.one_of(st.integers(-5, 5), st.text(max_size=3), st.booleans())))
def test_what_is_unchanged_is_said_so_and_doing_it_twice_changes_nothing(before: dict[str, Any]) -> None:
    actions = [
        {"key": "a", "action": "upsert", "from_attribute": "b"},
        {"key": "c", "action": "delete"},
        {"key": "d", "action": "convert", "converted_type": "string"},
    ]
    once = run(before, *actions)
    assert once is None or once != before or any(type(once[key]) is not type(before[key]) for key in once)
    assert run(before if once is None else once, *actions) is None
