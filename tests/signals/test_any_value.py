"""AnyValue as plain Python, and attributes found in it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from otel_discord.signals import attributes_to_dict, find_attribute, to_plain
from otel_discord.testing.otlp import any_value, key_values

SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.binary() | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4)
)


@given(VALUES)
def test_what_goes_in_comes_out(value: object) -> None:
    assert to_plain(any_value(value)) == value


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (AnyValue(), None),
        (AnyValue(string_value=""), ""),
        (AnyValue(int_value=0), 0),
        (AnyValue(double_value=0.0), 0.0),
        (AnyValue(bool_value=False), False),
        (AnyValue(bytes_value=b""), b""),
        (AnyValue(array_value=ArrayValue()), []),
        (AnyValue(kvlist_value=KeyValueList()), {}),
    ],
)
def test_empty_and_unset_differ(value: AnyValue, plain: object) -> None:
    assert to_plain(value) == plain
    assert type(to_plain(value)) is type(plain)


def test_not_a_number_stays_none() -> None:
    assert math.isnan(to_plain(AnyValue(double_value=math.nan)))


TWICE = [*key_values({"a": 1, "b": 2}), *key_values({"a": 3}), KeyValue(value=any_value("no key"))]


def test_of_duplicates_the_last_stays_and_a_value_needs_a_key() -> None:
    assert attributes_to_dict(TWICE) == {"a": 3, "b": 2}


@pytest.mark.parametrize("key", ["a", "b", "c"])
def test_one_attribute_is_what_it_is_among_all(key: str) -> None:
    assert find_attribute(TWICE, key) == attributes_to_dict(TWICE).get(key)


def test_an_attribute_without_a_value_is_none() -> None:
    assert find_attribute([KeyValue(key="a")], "a") is None
