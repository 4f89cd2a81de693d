"""Values as text, and their names."""

import pytest

from otel_discord.ottl import Duration, OttlError, Timestamp, Value
from otel_discord.ottl.values import a_type, as_text, bounded_int, type_name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (None, ""),
        (True, "true"),
        (False, "false"),
        (-5, "-5"),
        (1.0, "1"),
        (1.5, "1.5"),
        (-0.0, "-0"),
        (0.0, "0"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (-1.5e-9, "-1.5e-9"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.25e300, "1.25e+300"),
        (0.1 + 0.2, "0.30000000000000004"),
        (float("nan"), "NaN"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (b"\x01\x02", "AQI="),
        ([1, 2.0, None, "é", b"\x01"], '[1,2,null,"é","AQ=="]'),
        ({"b": {"x": [True]}, "a": 1.5}, '{"a":1.5,"b":{"x":[true]}}'),
    ],
)
def test_text(value: Value, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize("value", [Timestamp(1), Duration(1), [Timestamp(1)], {"a": Duration(1)}, [2**70]])
def test_what_has_no_text(value: Value) -> None:
    with pytest.raises(OttlError):
        as_text(value)


def test_text_of_what_nests_too_deep() -> None:
    value: Value = []
    for _ in range(1000):
        value = [value]
    with pytest.raises(OttlError, match="nested too deep"):
        as_text(value)


def test_names() -> None:
    values = [None, True, 1, 1.0, "", b"", [], {}, Timestamp(0), Duration(0)]
    names = ["nil", "bool", "int", "float", "string", "bytes", "list", "map", "time", "duration"]
    assert [type_name(value) for value in values] == names
    assert type_name(object()) == "object"
    assert [a_type(1), a_type(""), a_type(None)] == ["an int", "a string", "nil"]


def test_integers_have_64_bits() -> None:
    assert bounded_int(2**63 - 1) == 2**63 - 1
    assert bounded_int(-(2**63)) == -(2**63)
    for number in (2**63, -(2**63) - 1):
        with pytest.raises(OttlError):
            bounded_int(number)
