"""What a mute says of itself, and where its bounds are."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.exporters.discord.mutes import announcements
from otel_discord.exporters.discord.mutes.mute import MAX_MATCHERS, Action, Mute, Which, to_json
from otel_discord.exporters.discord.mutes.periods import SECOND_NS, Never, Once, Period, Weekly
from otel_discord.ottl import LogItem
from otel_discord.testing.otlp import any_value

ONCE = Once(Period(0, 3600 * SECOND_NS))


def said(mute: Mute) -> str:
    return announcements.begin(mute, 3600 * SECOND_NS).embeds[0].description


def test_the_begin_says_what_is_muted_how_and_by_whom() -> None:
    words = said(Mute(id="1", name="upgrade", when=ONCE, comment="new disks", author="ann"))
    assert "Every message" in words
    assert "Critical messages come" in words
    assert words.endswith("new disks\nStarted by ann.")


def test_where_critical_messages_are_muted_too_or_only_pings_are_it_does_not_speak_of_them() -> None:
    assert "Critical" not in said(Mute(id="1", name="upgrade", when=ONCE, critical=True))
    assert "Critical" not in said(Mute(id="1", name="upgrade", when=ONCE, action=Action.NO_PING))


def test_a_long_condition_is_cut() -> None:
    which = Which.of(conditions=(" or ".join(f'attributes["name {n}"] == 1' for n in range(200)),))
    words = said(Mute(id="1", name="upgrade", when=ONCE, which=which))
    assert "…" in words
    assert len(words) < 2000


def test_a_mute_has_so_many_matchers_at_most() -> None:
    with pytest.raises(ValueError, match="at most"):
        Which.of(("service.name=a",) * (MAX_MATCHERS + 1))


def test_only_a_mute_with_one_period_is_stored() -> None:
    with pytest.raises(TypeError, match="one period"):
        to_json(Mute(id="1", name="upgrade", when=Never()))


def test_a_night_whose_hour_the_clocks_leave_out_has_no_period() -> None:
    weekly = Weekly(frozenset(range(7)), time(2, 15), time(2, 45), ZoneInfo("Europe/Berlin"))
    night = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert weekly.period_at(int(night.timestamp()) * SECOND_NS) is None
    assert weekly.next_edge(int(night.timestamp()) * SECOND_NS) > int(night.timestamp() + 3600) * SECOND_NS


def test_a_body_that_is_no_text_is_compared_as_json() -> None:
    item = LogItem(LogRecord(body=any_value({"a": "b"})), InstrumentationScope(), Resource())
    assert Which.of(('body={"a":"b"}',)).holds(item, 17)
    assert Which.of(("body=",)).holds(LogItem(LogRecord(body=AnyValue()), InstrumentationScope(), Resource()), 17)
