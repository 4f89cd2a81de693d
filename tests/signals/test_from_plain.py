"""Plain values as AnyValue, and back."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.signals import to_plain
from otel_discord.signals.from_plain import from_plain

LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text() | st.binary()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner), max_leaves=8)


@given(VALUES)
def test_there_and_back(value: Any) -> None:
    back = to_plain(from_plain(value))
    assert repr(back) == repr(value) or (isinstance(value, float) and math.isnan(value))


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, [2**64], {"a": object()}, {1, 2}])
def test_what_has_no_place_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_plain(value)
