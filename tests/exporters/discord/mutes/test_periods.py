"""Days of the week by the clocks of a zone: over midnight, and in nights in which clocks are changed."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.mutes.periods import FOREVER_NS, SECOND_NS, Never, Once, Period, Weekly

BERLIN = ZoneInfo("Europe/Berlin")
EVERY_DAY = frozenset(range(7))


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * SECOND_NS


def period(start: str, end: str) -> Period:
    return Period(ns(start), ns(end))


@pytest.mark.parametrize(
    ("begin", "end", "now", "expected"),
    [
        ("22:00", "06:00", "2026-06-06T23:00+02:00", ("2026-06-06T22:00+02:00", "2026-06-07T06:00+02:00")),
        ("22:00", "06:00", "2026-06-07T05:59:59+02:00", ("2026-06-06T22:00+02:00", "2026-06-07T06:00+02:00")),
        ("22:00", "06:00", "2026-06-07T06:00+02:00", None),
        ("22:00", "06:00", "2026-06-06T21:59:59+02:00", None),
        # put forward at 02:00 on 29 March 2026: seven hours instead of eight
        ("22:00", "06:00", "2026-03-29T01:30+01:00", ("2026-03-28T22:00+01:00", "2026-03-29T06:00+02:00")),
        # put back at 03:00 on 25 October 2026: nine
        ("22:00", "06:00", "2026-10-25T02:30+02:00", ("2026-10-24T22:00+02:00", "2026-10-25T06:00+01:00")),
        # 02:30 does not exist: the change itself counts
        ("02:30", "04:00", "2026-03-29T03:10+02:00", ("2026-03-29T03:00+02:00", "2026-03-29T04:00+02:00")),
        ("01:00", "02:30", "2026-03-29T01:10+01:00", ("2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00")),
        # 02:30 comes twice: from the first, to the second
        ("02:30", "04:00", "2026-10-25T02:40+01:00", ("2026-10-25T02:30+02:00", "2026-10-25T04:00+01:00")),
        ("01:00", "02:30", "2026-10-25T02:20+01:00", ("2026-10-25T01:00+02:00", "2026-10-25T02:30+01:00")),
    ],
)
def test_one_day_a_week_or_its_night(begin: str, end: str, now: str, expected: tuple[str, str] | None) -> None:
    day = datetime.fromisoformat(now).astimezone(BERLIN)
    first = day - timedelta(days=1) if begin == "22:00" and day.hour < 12 else day
    when = Weekly(frozenset({first.weekday()}), time.fromisoformat(begin), time.fromisoformat(end), BERLIN)
    assert when.period_at(ns(now)) == (period(*expected) if expected else None)


def test_days_that_touch_are_one_period() -> None:
    when = Weekly(frozenset({5, 6}), time(0), time(0), UTC)
    assert when.period_at(ns("2026-06-06T12:00+00:00")) == period("2026-06-06T00:00+00:00", "2026-06-08T00:00+00:00")


clocks = (
    st.times(max_value=time(23, 59, 59))
    .map(lambda each: each.replace(microsecond=0))
    .filter(lambda each: not 1 <= each.hour < 4)
)
instants = st.integers(1_735_689_600, 1_830_297_600)
zones = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC", "Australia/Lord_Howe"])


@given(st.frozensets(st.integers(0, 6)), clocks, clocks, zones, instants)
def test_it_holds_when_the_clocks_say_so(days: frozenset[int], begin: time, end: time, zone: str, now_s: int) -> None:
    local = datetime.fromtimestamp(now_s, ZoneInfo(zone))
    today, yesterday, clock = local.weekday() in days, (local.weekday() - 1) % 7 in days, local.time()
    over_midnight = (today and clock >= begin) or (yesterday and clock < end)
    expected = (today and begin <= clock < end) if begin < end else over_midnight
    when = Weekly(days, begin, end, ZoneInfo(zone))
    found = when.period_at(now_s * SECOND_NS)
    assert (found is not None) == expected
    edge_ns = when.next_edge(now_s * SECOND_NS)
    assert edge_ns > now_s * SECOND_NS
    if days:
        assert edge_ns <= (now_s + 10 * 86_400) * SECOND_NS
        for before_ns in (now_s * SECOND_NS, edge_ns - 1):
            assert (when.period_at(before_ns) is not None) == expected  # nothing changes before the edge
    else:
        assert edge_ns == FOREVER_NS


def test_once_and_never() -> None:
    once = Once(Period(10, 20))
    assert [once.next_edge(now) for now in (0, 10, 20)] == [10, 20, FOREVER_NS]
    assert [once.period_at(now) is not None for now in (9, 10, 19, 20)] == [False, True, True, False]
    assert Never().period_at(0) is None
    assert Never().next_edge(0) == FOREVER_NS
