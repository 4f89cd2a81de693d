"""Quiet hours by the clocks of a zone."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord import quiet_hours
from otel_discord.exporters.discord.quiet_hours import QuietHours, zone_named

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(time(22), time(7), BERLIN)


@pytest.mark.parametrize(
    ("local", "is_quiet"),
    [
        ((2026, 1, 5, 21, 59), False),
        ((2026, 1, 5, 22, 0), True),
        ((2026, 1, 6, 0, 0), True),
        ((2026, 1, 6, 6, 59), True),
        ((2026, 1, 6, 7, 0), False),
        ((2026, 7, 6, 6, 59), True),
        ((2026, 7, 6, 7, 0), False),
    ],
)
def test_over_midnight_in_winter_and_summer(local: tuple[int, int, int, int, int], is_quiet: bool) -> None:
    assert NIGHT.cover(datetime(*local, tzinfo=BERLIN).timestamp()) is is_quiet


def test_when_clocks_are_changed_what_they_show_counts() -> None:
    early = QuietHours(time(2, 30), time(3, 0), BERLIN)
    spring = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)  # 01:00 there; 02:00 becomes 03:00 at 01:00 UTC
    assert not any(early.cover((spring + timedelta(minutes=m)).timestamp()) for m in range(0, 180, 5))
    autumn = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)  # 02:30 is there twice
    assert sum(early.cover((autumn + timedelta(minutes=m)).timestamp()) for m in range(180)) == 60


def test_by_day_and_all_day() -> None:
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp()
    assert QuietHours(time(9), time(17), UTC).cover(noon)
    assert not QuietHours(time(13), time(17), UTC).cover(noon)
    assert QuietHours(time(13), time(13), UTC).cover(noon)


@given(st.times(), st.times(), st.floats(0, 4e9))
def test_a_time_is_in_the_hours_or_in_the_others(begin: time, end: time, now_s: float) -> None:
    hours, others = QuietHours(begin, end, BERLIN), QuietHours(end, begin, BERLIN)
    assert begin == end or hours.cover(now_s) != others.cover(now_s)


def test_zones_by_name() -> None:
    assert zone_named("UTC") is zone_named("") is UTC
    assert zone_named("Europe/Berlin") == BERLIN
    with pytest.raises(ValueError, match='did you mean "Europe/Berlin"'):
        zone_named("Europe/Berln")
    with pytest.raises(ValueError, match="use a name such as"):
        zone_named("???")
    with pytest.raises(ValueError, match="no time zone"):
        zone_named("../../etc/passwd")


def test_a_host_without_time_zones_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet_hours, "_known_zones", frozenset)
    with pytest.raises(ValueError, match="package tzdata"):
        zone_named("Europe/Nowhere")
