"""Format: what Go's Sprintf gives."""

import contextlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions.go_format import format_text
from otel_discord.ottl.values import Duration, Timestamp

T = Timestamp(1_700_000_000_123_456_789)

CASES: list[tuple[str, list[Any], str]] = [
    ("%02d", [7], "07"),
    ("%04d-%02d-%02d", [2023, 4, 7], "2023-04-07"),
    ("%s/%s.log", ["host", "prog"], "host/prog.log"),
    ("100%%", [], "100%"),
    ("%v %v %v %v %v", [1, 1.5, "a", True, None], "1 1.5 a true <nil>"),
    ("%5d|%-5d|%+d|% d|%05d", [42, 42, 42, 42, -42], "   42|42   |+42| 42|-0042"),
    ("%.4d|%8.3d", [42, -42], "0042|    -042"),
    ("%x %X %#x %o %#o %O %b %#b", [255, 255, -255, 8, 8, 8, 5, 5], "ff FF -0xff 10 010 0o10 101 0b101"),
    ("%c %q %U", [65, 65, 65], "A 'A' U+0041"),
    ("%c", [-1], "%!c(int64=-1)"),
    (
        "%f %.2f %8.3f %-8.1f| %e %g %G",
        [1.5, 1.005, 3.14159, 2.25, 150.0, 1e21, 1e-7],
        "1.500000 1.00    3.142 2.2     | 1.500000e+02 1e+21 1E-07",
    ),
    ("%v %v %v %v", [1e6, 123456.0, 1.25e-5, 0.0], "1e+06 123456 1.25e-05 0"),
    ("%06.1f %+.1f %#g %.3v", [-2.5, 2.5, 1.0, 2.71828], "-002.5 +2.5 1 2.72"),
    ("%v %+v %v %6v", [math.inf, math.inf, math.nan, -math.inf], "+Inf +Inf NaN   -Inf"),
    ("%t %v", [True, False], "true false"),
    ("%10s|%-10s|%.2s|%5.1s", ["hi", "hi", "hello", "xyz"], "        hi|hi        |he|    x"),
    ("%q %x %X % x %#x %.1x", ['a"b', "hi", "hi", "hi", "hi", "hi"], '"a\\"b" 6869 6869 68 69 0x6869 68'),
    ("%s %x %v %d", [b"hi", b"hi", b"hi", b"hi"], "hi 6869 [104 105] [104 105]"),
    ("%v %d %s", [[1, "a"], [1, 2], ["a", "b"]], "[1 a] [1 2] [a b]"),
    ("%v", [{"b": 1, "a": [True]}], "map[a:[true] b:1]"),
    ("%s", [{"a": "b"}], "map[a:b]"),
    ("%v %s %d", [Duration(5_400_000_000_000), Duration(1_500_000), Duration(5)], "1h30m0s 1.5ms 5"),
    ("%v", [T], "2023-11-14 22:13:20.123456789 +0000 UTC"),
    ("%T %T %T", [1, None, {}], "int64 <nil> map[string]interface {}"),
    ("%*d|%-*d|%.*f", [5, 42, 5, 42, 1, 2.25], "   42|42   |2.2"),
    ("%*d", [-5, 42], "42   "),
    ("%d", ["hi"], "%!d(string=hi)"),
    ("%d", [[1, "x"]], "%!d([]interface {}=[1 x])"),
    ("%d", [{"a": 1}], "%!d(map[string]interface {}=map[a:1])"),
    ("%s", [5], "%!s(int64=5)"),
    ("%d", [None], "%!d(<nil>)"),
    ("%z", [5], "%!z(int64=5)"),
    ("%s", [True], "%!s(bool=true)"),
    ("%d", [1.5], "%!d(float64=1.5)"),
    ("%f", ["x"], "%!f(string=x)"),
    ("%d", [T], "%!d(time.Time=2023-11-14 22:13:20.123456789 +0000 UTC)"),
    ("%d %d", [1], "1 %!d(MISSING)"),
    ("%d", [1, "a", None], "1%!(EXTRA string=a, <nil>)"),
    ("50%", [], "50%!(NOVERB)"),
]


@pytest.mark.parametrize(("layout", "values", "expected"), CASES)
def test_formats(call: Any, layout: str, values: list[Any], expected: str) -> None:
    assert call("Format", layout, values) == expected


@pytest.mark.parametrize(
    ("layout", "values"),
    [
        ("%1001d", [1]),
        ("%.1001f", [1.0]),
        ("%" + "9" * 5_000 + "d", [1]),
        ("%*d", ["wide", 1]),
        ("%*d", []),
        ("%s" * 5, ["x" * 2**20] * 5),
    ],
)
def test_widths_and_lengths_are_bounded(call: Any, layout: str, values: list[Any]) -> None:
    with pytest.raises(OttlError):
        call("Format", layout, values)


def test_only_a_string_is_a_format(call: Any) -> None:
    for layout in (None, 5):
        with pytest.raises(OttlError):
            call("Format", layout, [])


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text()
    | st.binary()
    | st.integers(-(2**70), 2**70).map(Timestamp)
    | st.integers(-(2**63), 2**63).map(Duration),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.text(alphabet="%+-# 0123.*vTtbcdoOqxXUeEfFgGspz!"), st.lists(VALUES, max_size=4))
def test_formatting_ends_in_a_text_or_an_error(layout: str, values: list[Any]) -> None:
    with contextlib.suppress(OttlError):
        assert isinstance(format_text(layout, values), str)
