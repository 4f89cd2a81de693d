"""What each editor leaves in a field. Expected values: contrib's documentation, or worked out by hand."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions import FUNCTIONS
from otel_discord.ottl.functions.editors_replace import replace_found
from otel_discord.ottl.regex import compile_regex
from otel_discord.ottl.registry import Arguments, Target, constant

ERROR = OttlError
NESTED = {
    "name": "test",
    "address": {"street": "first", "house": 1234},
    "occupants": ["user 1", "user 2"],
}
CONFLICTS = {
    "address": {"street": {"number": "first"}, "house": "1234"},
    "address.street": {"number": ["second", "third"]},
    "address.street.number": "fourth",
    "occupants": ["user 1", "user 2"],
}


def sha256(value: Any) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def upper(value: Any) -> str:
    return str(value).upper()


CASES: list[tuple[str, Any, tuple[Any, ...], dict[str, Any], Any]] = [
    # name, before, arguments, named arguments, after
    ("set", "old", ("new",), {}, "new"),
    ("set", "old", (None,), {}, "old"),
    ("set", None, ({"a": 1},), {}, {"a": 1}),
    ("append", None, ("prod",), {}, ["prod"]),
    ("append", "a", ("b",), {}, ["a", "b"]),
    ("append", ["a"], (), {"values": ["b", 1]}, ["a", "b", 1]),
    ("append", 1, (2, [3]), {}, [1, 2, 3]),
    ("append", ["a"], (None,), {}, ["a", None]),
    ("append", ["a"], (), {"values": 7}, ERROR),
    ("append", ["a"], (), {}, ValueError),
    ("delete_index", ["a", "b", "c"], (0,), {}, ["b", "c"]),
    ("delete_index", ["a", "b", "c"], (1, 3), {}, ["a"]),
    ("delete_index", ["a", "b", "c"], (0, 3), {}, []),
    ("delete_index", ["a", "b"], (1, 1), {}, ["a", "b"]),
    ("delete_index", ["a"], (1,), {}, ERROR),
    ("delete_index", ["a"], (-1,), {}, ERROR),
    ("delete_index", ["a", "b"], (1, 0), {}, ERROR),
    ("delete_index", ["a", "b"], (0, 3), {}, ERROR),
    ("delete_index", "text", (0,), {}, ERROR),
    ("delete_key", {"a": 1, "b": 2}, ("a",), {}, {"b": 2}),
    ("delete_key", {"a": 1}, ("z",), {}, {"a": 1}),
    ("delete_key", {"a": 1}, (None,), {}, ERROR),
    ("delete_key", None, ("a",), {}, ERROR),
    ("delete_key", "text", ("a",), {}, ERROR),
    ("delete_matching_keys", {"db.Password": 1, "user": 2}, ("(?i).*password.*",), {}, {"user": 2}),
    ("delete_matching_keys", {"user": 2}, ("[",), {}, ValueError),
    ("keep_matching_keys", {"app.version": 1, "user": 2}, ("version",), {}, {"app.version": 1}),
    ("keep_keys", {"a": 1, "b": 2, "c": 3}, (["c", "a"],), {}, {"a": 1, "c": 3}),
    ("keep_keys", {"a": 1}, ([],), {}, {}),
    ("keep_keys", {"a": 1}, ([1],), {}, ERROR),
    ("limit", {"a": 1, "b": 2, "c": 3}, (2, ["c"]), {}, {"a": 1, "c": 3}),
    ("limit", {"a": 1, "b": 2, "c": 3}, (1, ["c"]), {}, {"c": 3}),
    ("limit", {"a": 1, "b": 2}, (1, ["z"]), {}, {"a": 1}),
    ("limit", {"a": 1, "b": 2}, (5, []), {}, {"a": 1, "b": 2}),
    ("limit", {"a": 1, "b": 2}, (0,), {}, {}),
    ("limit", {"a": 1}, (-1, []), {}, ValueError),
    ("limit", {"a": 1}, (1, ["a", "b"]), {}, ValueError),
    ("limit", [1, 2], (1, []), {}, ERROR),
    ("merge_maps", {"a": 1, "b": 2}, ({"b": 3, "c": 4}, "insert"), {}, {"a": 1, "b": 2, "c": 4}),
    ("merge_maps", {"a": 1, "b": 2}, ({"b": 3, "c": 4}, "update"), {}, {"a": 1, "b": 3}),
    ("merge_maps", {"a": 1, "b": 2}, ({"b": 3, "c": 4}, "upsert"), {}, {"a": 1, "b": 3, "c": 4}),
    ("merge_maps", {"a": 1}, ("text", "upsert"), {}, ERROR),
    ("merge_maps", {"a": 1}, ({}, "replace"), {}, ValueError),
    (
        "flatten",
        NESTED,
        (),
        {},
        {
            "name": "test",
            "address.street": "first",
            "address.house": 1234,
            "occupants.0": "user 1",
            "occupants.1": "user 2",
        },
    ),
    ("flatten", {"a": {"b": 1}}, ("app",), {}, {"app.a.b": 1}),
    ("flatten", {"0": {"1": {"2": {"3": {"4": "value"}}}}}, (), {"depth": 2}, {"0.1.2": {"3": {"4": "value"}}}),
    ("flatten", {"a": {"b": 1}, "c": [1]}, (), {"depth": 0}, {"a": {"b": 1}, "c": [1]}),
    (
        "flatten",
        CONFLICTS,
        (),
        {"resolve_conflicts": True},
        {
            "address.street.number": "first",
            "address.house": "1234",
            "address.street.number.0": "second",
            "address.street.number.1": "third",
            "address.street.number.2": "fourth",
            "occupants": "user 1",
            "occupants.0": "user 2",
        },
    ),
    ("flatten", {"a": {"b": 1}, "a.b": 2}, (), {}, {"a.b": 2}),
    ("flatten", {"a": 1}, (), {"depth": -1}, ValueError),
    ("flatten", [1], (), {}, ERROR),
    (
        "stringify_all",
        {"a": 1, "b": 1.5, "c": True, "d": b"hi", "e": [1], "f": {"x": 1}, "g": None, "h": "s"},
        (),
        {},
        {"a": "1", "b": "1.5", "c": "true", "d": "aGk=", "e": "[1]", "f": '{"x":1}', "g": "", "h": "s"},
    ),
    ("stringify_all", {"a": "s"}, (), {}, {"a": "s"}),
    ("truncate_all", {"a": "hello", "b": 12345678, "c": "hi"}, (3,), {}, {"a": "hel", "b": 12345678, "c": "hi"}),
    ("truncate_all", {"a": "一二三"}, (4,), {}, {"a": "一"}),
    ("truncate_all", {"a": "一二三"}, (4, False), {}, {"a": "一"}),
    ("truncate_all", {"a": "é"}, (2,), {}, {"a": "é"}),
    ("truncate_all", {"a": "hello world"}, (8,), {"truncation_marker": "(..)"}, {"a": "hell(..)"}),
    ("truncate_all", {"a": "hello"}, (0,), {}, {"a": ""}),
    ("truncate_all", {"a": "hello"}, (-1,), {}, ValueError),
    ("truncate_all", {"a": "hello"}, (2, True, "..."), {}, ValueError),
    ("replace_match", "/user/1/list/2", ("/user/*/list/*", "/user/{id}"), {}, "/user/{id}"),
    ("replace_match", "/other", ("/user/*", "x"), {}, "/other"),
    ("replace_match", "/user/1", ("/user/*", "/user/{id}", sha256, "/user/%s"), {}, "/user/" + sha256("/user/{id}")),
    ("replace_match", 5, ("*", "x"), {}, 5),
    ("replace_match", None, ("*", "x"), {}, None),
    ("replace_match", "a", ("*", None), {}, ERROR),
    ("replace_match", "a", ("[a", "x"), {}, ValueError),
    ("replace_all_matches", {"a": "/user/1", "b": "/x", "c": 5}, ("/user/*", "U"), {}, {"a": "U", "b": "/x", "c": 5}),
    ("replace_all_matches", "text", ("*", "U"), {}, ERROR),
    (
        "replace_pattern",
        "app password=secret x",
        (r"password\=[^\s]*(\s?)", "password=***$1"),
        {},
        "app password=*** x",
    ),
    ("replace_pattern", "kube_pod_x", ("^kube_([0-9A-Za-z]+_)", "k8s.${1}."), {}, "k8s.pod_.x"),
    ("replace_pattern", "a1b22", (r"\d+", "$0", sha256, "<%s>"), {}, f"a<{sha256('1')}>b<{sha256('22')}>"),
    ("replace_pattern", "a b a", ("a", "$0x", upper), {}, " b "),
    ("replace_pattern", "a b a", ("a", "${0}x", upper), {}, "AX b AX"),
    ("replace_pattern", "a", ("a", "b"), {"replacement_format": "<%s>"}, "b"),
    ("replace_pattern", "nothing", ("x", "y"), {}, "nothing"),
    ("replace_pattern", 5, ("5", "y"), {}, 5),
    ("replace_pattern", "a", ("a", "b", len), {}, ERROR),
    ("replace_pattern", "a", ("a", None), {}, ERROR),
    ("replace_pattern", "a", ("(", "b"), {}, ValueError),
    *[("replace_pattern", "a", ("a", "b", sha256, bad), {}, ValueError) for bad in ("x", "%s%s", "%d", "%s%")],
    (
        "replace_all_patterns",
        {"a": "/account/1234", "b": 5},
        ("value", r"/account/\d{4}", "/account/{id}"),
        {},
        {"a": "/account/{id}", "b": 5},
    ),
    (
        "replace_all_patterns",
        {"kube_a_x": 1, "b": 2},
        ("key", "^kube_([0-9A-Za-z]+_)", "k8s.$1."),
        {},
        {"k8s.a_.x": 1, "b": 2},
    ),
    ("replace_all_patterns", {"a": "x"}, ("value", "x", "$0", sha256), {}, {"a": sha256("x")}),
    ("replace_all_patterns", {"a": "x"}, ("both", "x", "y"), {}, ValueError),
    ("replace_all_patterns", None, ("key", "x", "y"), {}, ERROR),
]


@pytest.mark.parametrize(
    ("name", "before", "arguments", "named", "after"),
    [pytest.param(*case, id=f"{case[0]}-{number}") for number, case in enumerate(CASES)],
)
def test_leaves(
    edit: Any, name: str, before: Any, arguments: tuple[Any, ...], named: dict[str, Any], after: Any
) -> None:
    copy = _copy(before)
    if isinstance(after, type) and issubclass(after, Exception):
        with pytest.raises(after):
            edit(name, before, *arguments, **named)
    else:
        assert edit(name, before, *arguments, **named) == after
    assert before == copy, "what was there belongs to others too"


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(member) for key, member in value.items()}
    return list(value) if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("name", "before", "rest"),
    [
        ("delete_key", {"a": 1}, {"key": constant("z")}),
        ("keep_keys", {"a": 1}, {"keys": constant(["a"])}),
        ("truncate_all", {"a": "x"}, {"limit": 5, "truncation_marker": "", "utf8_safe": True}),
        ("limit", {"a": "x"}, {"limit": 5, "priority_keys": []}),
        ("flatten", {"a": "x"}, {"prefix": "", "depth": 0, "resolve_conflicts": False}),
        ("stringify_all", {"a": "x"}, {}),
        ("set", 5, {"value": constant(None)}),
        (
            "replace_all_patterns",
            {"a": "x"},
            {
                "mode": "value",
                "regex_pattern": compile_regex("y"),
                "replacement": constant(str),
                "function": None,
                "replacement_format": None,
            },
        ),
    ],
)
def test_nothing_is_written_where_nothing_changes(name: str, before: Any, rest: dict[str, Any]) -> None:
    def refuse(_item: Any, _value: Any) -> None:
        pytest.fail("written")

    FUNCTIONS[name].build(Arguments({"target": Target(lambda _item: before, refuse), **rest}))(None)


@pytest.mark.parametrize(
    ("glob", "matching", "others"),
    [
        ("/user/*", ("/user/", "/user/a/b"), ("user/", "x/user/")),
        ("a?c", ("abc", "a\nc"), ("ac", "abbc")),
        ("[a-c]x", ("ax", "cx"), ("dx", "x")),
        ("[!a-c]x", ("dx",), ("ax",)),
        ("[^a]", ("b", "^"), ("a",)),
        ("[!]", ("!",), ("a",)),
        ("{one,t*o}!", ("one!", "two!", "to!"), ("one", "three!")),
        ("a,b}", ("a,b}",), ("a",)),
        (r"\*\[x", ("*[x",), ("a[x",)),
        ("1.5+(x)|$^", ("1.5+(x)|$^",), ("115+(x)|$^",)),
        ("**", ("", "abc"), ()),
        ("", ("",), ("a",)),
    ],
)
def test_globs(edit: Any, glob: str, matching: tuple[str, ...], others: tuple[str, ...]) -> None:
    for text in matching:
        assert edit("replace_match", text, glob, "MATCH") == "MATCH", text
    for text in others:
        assert edit("replace_match", text, glob, "MATCH") == text, text


@pytest.mark.parametrize("glob", ["[", "a[b", "x\\", "{a", "[]", "a" * 1001, "[z-a]"])
def test_what_is_no_glob(edit: Any, glob: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|regular"):
        edit("replace_match", "a", glob, "b")


def test_a_glob_of_many_stars_is_quick(edit: Any) -> None:
    assert edit("replace_match", "a" * 20_000, "*a" * 200 + "b", "x") == "a" * 20_000


def test_replacing_is_bounded(edit: Callable[..., Any]) -> None:
    with pytest.raises(OttlError, match="longer than"):
        replace_found(compile_regex(""), "x" * 17_000, lambda _match: "y" * 1_000)
