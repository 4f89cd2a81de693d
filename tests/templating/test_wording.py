"""Numbers as people say them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.templating import wording
from otel_discord.templating.readable import MAX_ITEMS, readable


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (1240, "1,240"), (-5_201, "-5,201"), (0.5, "0.5"), (12.345, "12.3"), (1234.5, "1,234"), (2.0, "2"),
     (0.000123, "0.000123"), (True, "True"), (math.inf, "inf"), (1e20, "1e+20"), (10**400, "1e+300")],
)  # fmt: skip
def test_number(value: float, said: str) -> None:
    assert wording.number(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0 B"), (1023, "1,023 B"), (1024, "1 KiB"), (1_503_238_554, "1.4 GiB"), (2**70, "1,048,576 PiB")],
)
def test_size(value: float, said: str) -> None:
    assert wording.size(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (0.0123, "12.3 ms"), (0.000_002, "2 µs"), (1, "1 s"),
     (59.94, "59.9 s"), (192, "3 m 12 s"), (3600, "1 h"),
     (90_061, "1 d 1 h"), (-192, "-3 m 12 s"), (60, "1 m"), (math.inf, "inf s"), (math.nan, "nan s")],
)  # fmt: skip
def test_duration(seconds: float, said: str) -> None:
    assert wording.duration(seconds) == said


def test_percent() -> None:
    assert wording.percent(0.82) == "82 %"


@pytest.mark.parametrize(
    ("time_ns", "style", "stamp"),
    [(0, "R", ""), (-1, "R", ""), (1_700_000_000_999_999_999, "R", "<t:1700000000:R>"), (10**9, "T", "<t:1:T>"),
     (10**9, "x> @everyone", "<t:1:R>"), (2**64 - 1, "R", "<t:18446744073:R>"), (10**40, "R", "")],
)  # fmt: skip
def test_timestamp(time_ns: int, style: str, stamp: str) -> None:
    assert wording.timestamp(time_ns, style) == stamp


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text", "text"),
        (None, "null"),
        (True, "true"),
        (3, "3"),
        (1.5, "1.5"),
        ({"a": 1, "b": {"c": [1]}}, "a=1 b=(c=[1])"),
        ([1, "x", None], "1, x, null"),
        (b"", "0 B"),
        (b"plain", "plain"),
        (b"\x89PNG" + bytes(96), "100 B: 8950 4e47 0000 0000 0000 0000 0000 0000…"),
        (b"x" * 100_000, "97.7 KiB: 7878 7878 7878 7878 7878 7878 7878 7878…"),
        (10**200, "…"),
        (list(range(1_000)), ", ".join(map(str, range(MAX_ITEMS))) + f", … {1_000 - MAX_ITEMS} more"),
    ],
)
def test_readable(value: object, text: str) -> None:
    assert readable(value) == text


@given(
    st.recursive(
        st.text() | st.integers() | st.binary() | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_readable_is_bounded_and_never_fails(value: object) -> None:
    assert len(readable(value)) < 300_000


def test_readable_walks_no_giant() -> None:
    shared: object = "x"
    for _ in range(200):
        shared = [shared, shared]
    assert len(readable(shared)) < 2_000
    assert len(readable({str(n): n for n in range(1_000_000)})) < 2_000
