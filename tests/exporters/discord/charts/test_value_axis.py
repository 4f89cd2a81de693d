"""The axis of values: room for everything, and round numbers as people say them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.charts.value_axis import ValueAxis, value_axis, value_labels

GIB = 2.0**30


@pytest.mark.parametrize(
    ("low", "high", "unit", "as_percent", "expected"),
    [
        (0, 1480, "{job}", False, ["0", "500", "1,000"]),
        (0, 0.94, "1", True, ["0 %", "25 %", "50 %", "75 %"]),
        (0, 94, "%", True, ["0 %", "25 %", "50 %", "75 %"]),
        (0, 0.94, "1", False, ["0", "0.25", "0.5", "0.75"]),
        (1.0 * GIB, 1.8 * GIB, "By", False, ["1 GiB", "1.25 GiB", "1.5 GiB", "1.75 GiB"]),
        (0, 45 * GIB, "By", False, ["0 GiB", "16 GiB", "32 GiB"]),
        (0, 45 * GIB, "By/s", False, ["0 GiB/s", "16 GiB/s", "32 GiB/s"]),
        (0, 3, "By", False, ["0 B", "1 B", "2 B", "3 B"]),
        (0, 0.5, "By", False, ["0 B", "0.2 B", "0.4 B"]),
        (0, 2.5, "s", False, ["0 s", "1 s", "2 s"]),
        (0, 0.5, "s", False, ["0 ms", "200 ms", "400 ms"]),
        (0, 900, "ms", False, ["0 ms", "250 ms", "500 ms", "750 ms"]),
        (0, 2e-8, "s", False, ["0 ns", "5 ns", "10 ns", "15 ns", "20 ns"]),
        (0, 1e-10, "s", False, ["0 ns", "0.05 ns", "0.1 ns"]),
        (0, 60, "s", False, ["0 s", "15 s", "30 s", "45 s", "1 m"]),
        (0, 100, "s", False, ["0 s", "30 s", "1 m", "1 m 30 s"]),
        (0, 5000, "s", False, ["0 s", "30 m", "1 h"]),
        (0, 864_000, "s", False, ["0 s", "5 d", "10 d"]),
        (0, 1e12, "s", False, ["0 s", "4.32e+11 s", "8.64e+11 s"]),
        (-12, 3, "Cel", False, ["-10 Cel", "-5 Cel", "0 Cel"]),
        (0, 4.2e6, "", False, ["0", "2 M", "4 M"]),
        (0, 4.2e9, "", False, ["0", "2 G", "4 G"]),
        (0, 4.2e12, "", False, ["0", "2 T", "4 T"]),
        (0, 1e300, "", False, ["0", "2.5e+287 T", "5e+287 T", "7.5e+287 T", "1e+288 T"]),
        (0, 1e-9, "", False, ["0", "2.5e-10", "5e-10", "7.5e-10", "1e-09"]),
        (100.0001, 100.0009, "", False, ["100.0002", "100.0004", "100.0006", "100.0008"]),
        (1e15, 1e15 + 10, "", False, []),
        (0, 3, "k", False, ["0", "1", "2", "3"]),
    ],
)
def test_labels(low: float, high: float, unit: str, as_percent: bool, expected: list[str]) -> None:
    assert [text for _, text in value_labels(ValueAxis(low, high), unit, as_percent=as_percent)] == expected


@pytest.mark.parametrize(
    ("values", "threshold", "low", "high"),
    [
        ([0, 100], None, 0, 112),
        ([90, 100], None, 88.8, 101.2),
        ([50, 100], None, 0, 106),
        ([-100, -50], None, -106, 0),
        ([90, 100], 50, 0, 106),
        ([5, 5], None, 0, 8.1),
        ([0, 0], None, -1.24, 1.24),
        ([-5], None, -8.1, 0),
    ],
)
def test_it_begins_at_zero_where_that_costs_little(
    values: list[float], threshold: float | None, low: float, high: float
) -> None:
    axis = value_axis(values, threshold)
    assert (axis.low, axis.high) == (pytest.approx(low), pytest.approx(high))


ANY = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(ANY, min_size=1, max_size=20), st.none() | ANY)
def test_everything_is_on_the_axis_in_order(values: list[float], threshold: float | None) -> None:
    axis = value_axis(values, threshold)
    assert axis.low < axis.high
    shares = [axis.share(value) for value in sorted([*values, *([threshold] if threshold is not None else [])])]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)


@given(
    st.lists(ANY, min_size=1, max_size=5),
    st.sampled_from(["By", "s", "ms", "1", "%", "{x}", "", "By/s", "?"]),
    st.booleans(),
)
def test_labels_are_few_different_and_on_the_axis(values: list[float], unit: str, as_percent: bool) -> None:
    axis = value_axis(values, None)
    labels = value_labels(axis, unit, as_percent=as_percent)
    assert len(labels) <= 5
    assert len({text for _, text in labels}) == len(labels)
    assert [value for value, _ in labels] == sorted(value for value, _ in labels)
    assert all(-0.001 <= axis.share(value) <= 1.001 for value, _ in labels)
