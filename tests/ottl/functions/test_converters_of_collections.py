"""What converters of lists and maps give."""

from typing import Any

import pytest

from tests.ottl.functions.converter_cases import ERROR, Case, check, named

CASES: list[Case] = [
    ("Coalesce", ([None, 0, 1],), 0),
    ("Coalesce", ([None, None],), None),
    ("ContainsValue", ([1, 2, 3], 3), True),
    ("ContainsValue", ([1.1, 2.0], 2), True),
    ("ContainsValue", ([1, "a"], True), False),
    ("ContainsValue", ([[1, {"a": 2}]], [1, {"a": 2.0}]), True),
    ("ContainsValue", (["GET"], "POST"), False),
    ("ContainsValue", ("GET", "G"), ERROR),
    ("Index", ("hello world", "world"), 6),
    ("Index", ("é!", "!"), 2),
    ("Index", ("abc", ""), 0),
    ("Index", ("abc", "z"), -1),
    ("Index", (["x", "error"], "error"), 1),
    ("Index", ([95.0], 95), 0),
    ("Index", ([], 1), -1),
    ("Index", ("abc", 1), ERROR),
    ("Index", (None, 1), ERROR),
    ("Keys", ({"k1": 1, "k2": 2},), ["k1", "k2"]),
    ("Keys", ([],), ERROR),
    ("Values", ({"k1": "v", "k2": 5},), ["v", 5]),
    ("Values", (None,), ERROR),
    ("Len", ("héllo",), 6),
    ("Len", ([1, 2],), 2),
    ("Len", ({"a": 1},), 1),
    ("Len", (b"abc",), 3),
    ("Len", (5,), ERROR),
    (
        "SliceToMap",
        ([{"name": "foo", "value": 2}, {"name": "bar", "value": 5}], ["name"], ["value"]),
        {"foo": 2, "bar": 5},
    ),
    ("SliceToMap", ([{"name": "foo"}, 7],), {"0": {"name": "foo"}, "1": 7}),
    (
        "SliceToMap",
        ([{"a": {"b": "k"}, "v": 1}, {"a": {"b": 7}}, {"a": 1}, "x"], ["a", "b"]),
        {"k": {"a": {"b": "k"}, "v": 1}},
    ),
    ("SliceToMap", ([{"n": "a"}, {"n": "b", "v": None}], ["n"], ["v"]), {"b": None}),
    ("SliceToMap", ({}, ["n"]), ERROR),
    ("Sort", ([3, 1, 2],), [1, 2, 3]),
    ("Sort", ([3, 1.5, 2], "desc"), [3, 2, 1.5]),
    ("Sort", (["b", "a"],), ["a", "b"]),
    ("Sort", ([True, False],), [False, True]),
    ("Sort", (["b", 1, None, True],), [None, 1, "b", True]),
    ("Sort", ([{"a": 1}, 0],), [{"a": 1}, 0]),
    ("Sort", ([],), []),
    ("Sort", ("text",), "text"),
    ("Sort", ([1], "up"), ValueError),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), named(CASES))
def test_gives(call: Any, name: str, arguments: tuple[Any, ...], expected: Any) -> None:
    check(call, name, arguments, expected)
