"""Repeats are thinned out, and no line is left out untold."""

from hypothesis import given
from hypothesis import strategies as st

from otel_discord.service.telemetry.log_repeats import MOST_KEYS, LineKey, LogRepeats, Suppressed

KEY = LineKey("exporter.discord", 30, "webhook is away")
OTHER = LineKey("exporter.discord", 40, "webhook is away")


def test_first_ones_then_every_nth_then_a_summary():
    repeats = LogRepeats(tick_s=10, initial=2, thereafter=3)
    assert [repeats.admit(KEY, 0.1 * n) for n in range(9)] == [
        True,
        True,
        False,
        False,
        True,
        False,
        False,
        True,
        False,
    ]
    assert repeats.admit(OTHER, 1.0)
    assert repeats.ended(9.9) == []
    assert repeats.ended(10.0) == [Suppressed(KEY, 5)]
    assert repeats.ended(100.0) == []
    assert repeats.admit(KEY, 10.0)


def test_thereafter_0_leaves_out_the_rest():
    repeats = LogRepeats(tick_s=1, initial=1, thereafter=0)
    assert [repeats.admit(KEY, 0) for _ in range(4)] == [True, False, False, False]


def test_memory_is_bounded_and_what_makes_room_is_told():
    repeats = LogRepeats(tick_s=1e9, initial=1, thereafter=0)
    told = 0
    for number in range(3 * MOST_KEYS):
        told += sum(summary.lines for summary in repeats.ended(0.0))
        for _ in range(2):
            repeats.admit(LineKey("a", 20, str(number)), 0.0)
    told += sum(summary.lines for summary in repeats.ended(float("inf")))
    assert told == 3 * MOST_KEYS


@given(
    st.lists(st.tuples(st.sampled_from([KEY, OTHER]), st.floats(0, 30)), max_size=200),
    st.integers(1, 5),
    st.integers(0, 5),
)
def test_written_and_left_out_are_all_lines(lines, initial, thereafter):
    repeats = LogRepeats(tick_s=10, initial=initial, thereafter=thereafter)
    written = told = 0
    for key, now_s in sorted(lines, key=lambda line: line[1]):
        told += sum(summary.lines for summary in repeats.ended(now_s))
        written += repeats.admit(key, now_s)
    told += sum(summary.lines for summary in repeats.ended(float("inf")))
    assert written + told == len(lines)
