"""Times read and written by formats in the style of C."""

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions.ctime_format import DIRECTIVES, parts_of
from otel_discord.ottl.functions.ctime_instant import location
from otel_discord.ottl.functions.ctime_read import read_time
from otel_discord.ottl.functions.ctime_write import write_time
from otel_discord.ottl.values import Timestamp

NOW_NS = 1_700_000_000_123_456_789  # 2023-11-14T22:13:20.123456789Z, a Tuesday


@pytest.fixture(autouse=True)
def _host_in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Without a zone the host's own counts, as in the Collector."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000_000 + moment.microsecond * 1_000


READ = [
    ("2023-04-12", "%Y-%m-%d", "", "2023-04-12T00:00:00+02:00"),
    ("11/11/11", "%d/%m/%y", "", "2011-11-11T00:00:00+01:00"),
    ("01/02/69", "%d/%m/%y", "UTC", "1969-02-01T00:00:00Z"),
    ("July 31, 1993", "%B %d, %Y", "UTC", "1993-07-31T00:00:00Z"),
    ("mar 14 2023 17:02:59", "%b %d %Y %H:%M:%S", "UTC", "2023-03-14T17:02:59Z"),
    ("Monday, May 01, 2023", "%A, %B %d, %Y", "UTC", "2023-05-01T00:00:00Z"),
    ("Sat,   May 20, 2023", "%a, %b %d, %Y", "UTC", "2023-05-20T00:00:00Z"),
    ("2023-05-26 12:34:56 HST", "%Y-%m-%d %H:%M:%S %Z", "", "2023-05-26T12:34:56-10:00"),
    ("2023-05-26 12:34:56 CEST", "%Y-%m-%d %H:%M:%S %Z", "", "2023-05-26T12:34:56+02:00"),
    ("2023-05-26T12:34:56 GMT", "%Y-%m-%dT%H:%M:%S %Z", "", "2023-05-26T12:34:56Z"),
    ("2012-11-01T22:08:41+0000 EST", "%Y-%m-%dT%H:%M:%S%z %Z", "", "2012-11-01T22:08:41Z"),
    ("1986-10-01T00:17:33 MST", "%Y-%m-%dT%H:%M:%S %Z", "Asia/Shanghai", "1986-10-01T00:17:33-07:00"),
    ("2023-05-26 12:34:56", "%Y-%m-%d %H:%M:%S", "America/New_York", "2023-05-26T12:34:56-04:00"),
    ("2023-05-26T12:34:56Z", "%Y-%m-%dT%H:%M:%SZ", "", "2023-05-26T12:34:56Z"),
    ("2023-05-26 12:34:56.789", "%F %T", "UTC", "2023-05-26T12:34:56.789Z"),
    ("2023-05-26 12:34:56,5", "%F %T", "UTC", "2023-05-26T12:34:56.5Z"),
    ("2023-05-26 12:34:56.789 +01:30", "%F %T.%L %j", "", "2023-05-26T12:34:56.789+01:30"),
    ("2023-05-26 12:34:56.000789", "%F %T.%f", "UTC", "2023-05-26T12:34:56.000789Z"),
    ("2023-05-26 12:34 -02", "%F %R %i", "", "2023-05-26T12:34:00-02:00"),
    ("2023-05-26 12:34 -020030", "%F %R %w", "", "2023-05-26T12:34:00-02:00:30"),
    ("2023-05-26 12:34 +02:00:30", "%F %R %k", "", "2023-05-26T12:34:00+02:00:30"),
    ("Febr 5 2002, 02:03:04 pm", "%hr %g %Y, %r", "UTC", "2002-02-05T14:03:04Z"),
    (" 5/ 2/2002 12 AM", "%e/%o/%Y %I %p", "UTC", "2002-02-05T00:00:00Z"),
    ("5/2/2002 1 AM", "%g/%q/%Y %l %p", "UTC", "2002-02-05T01:00:00Z"),
    ("05/26/2023", "%D", "UTC", "2023-05-26T00:00:00Z"),
    ("Fri May 26 12:34:56 2023", "%c", "UTC", "2023-05-26T12:34:56Z"),
    ("100%\t\n2023", "100%%%t%n%Y", "UTC", "2023-01-01T00:00:00Z"),
    ("12:34:56", "%H:%M:%S", "UTC", "2023-11-14T12:34:56Z"),  # today
    ("00:30", "%H:%M", "", "2023-11-14T00:30:00+01:00"),
    ("Nov 20 01:02:03", "%b %d %H:%M:%S", "UTC", "2023-11-20T01:02:03Z"),  # this year, less than a week ahead
    ("Dec 24 01:02:03", "%b %d %H:%M:%S", "UTC", "2022-12-24T01:02:03Z"),  # last year
    ("Tuesday", "%A", "UTC", "2023-01-01T00:00:00Z"),
]


@pytest.mark.parametrize(("text", "layout", "zone", "expected"), READ)
def test_reads(text: str, layout: str, zone: str, expected: str) -> None:
    assert read_time(text, layout, location(zone) if zone else None, NOW_NS) == at(expected)


@pytest.mark.parametrize(
    ("text", "layout", "message"),
    [
        ("", "%Y", "empty string"),
        ("x" * 1001, "%Y", "1000 characters"),
        ("11/11/11", "%Y/%m/%d", "expected the year at character 1"),
        ("2023/13/01", "%Y/%m/%d", "no month 13"),
        ("2023/02/30", "%Y/%m/%d", "no such time"),
        ("2023 ", "%Y", "goes on after"),
        ("2023x", "%Y %m", "expected a space at character 5"),
        ("2023-1", "%Y/%m", "expected '/' at character 5"),
        ("Foo", "%b", "name of a month"),
        ("Foo", "%a", "name of a day"),
        ("x", "%L", "fraction of a second"),
        ("xm", "%p", "AM or PM"),
        ("pm", "%p", "AM or PM"),
        ("0200", "%z", "offset like +hhmm"),
        ("+02:00", "%z", "offset like +hhmm"),
        ("+02", "%z", "offset like +hhmm"),
        ("+2500", "%z", "no offset"),
        ("+0260", "%z", "no offset"),
        ("2023 PQRST", "%Y %Z", "no such time zone"),
        ("2023 x", "%Y %Z", "a zone such as UTC"),
        ("2023", "%Q", "no such directive in a time format: %Q"),
        ("2023", "2023%", "no such directive in a time format: %"),
        ("2023", "", "cannot be empty"),
        ("2023", "%Y" * 300, "500 characters"),
    ],
)
def test_what_is_no_time(text: str, layout: str, message: str) -> None:
    with pytest.raises(OttlError) as error:
        read_time(text, layout, UTC, NOW_NS)
    assert message in str(error.value)


def test_no_day_is_known_outside_the_calendar() -> None:
    with pytest.raises(OttlError, match="no such time"):
        read_time("00:00", "%H:%M", UTC, 2**80)


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("%A %h %e %Y", "Tuesday Nov 14 2023"),
        ("%b %d %Y %H:%M:%S", "Nov 14 2023 22:13:20"),
        ("%F %T.%L|%f|%s", "2023-11-14 22:13:20.123|123456|123456789"),
        ("%y %m %o %q %g %a %B", "23 11 11 11 14 Tue November"),
        ("%I %l %p %P %r %R", "10 10 PM pm 10:13:20 pm 22:13"),
        ("%z %Z %i %j %k %w", "+0000 UTC +00 +00:00 +00:00:00 +000000"),
        ("%D %x %X %c", "11/14/2023 11/14/2023 22:13:20 Tue Nov 14 22:13:20 2023"),
        ("100%%%t%n", "100%\t\n"),
    ],
)
def test_writes(call: Any, layout: str, expected: str) -> None:
    assert call("FormatTime", Timestamp(NOW_NS), layout) == expected


def test_writes_in_a_zone() -> None:
    assert write_time(NOW_NS, "%H:%M %z %Z %j", location("America/New_York")) == "17:13 -0500 EST -05:00"
    assert write_time(-1, "%Y %I %p") == "1969 11 PM"
    assert write_time(0, "%I %l %p") == "12 12 AM"


def test_what_cannot_be_written(call: Any) -> None:
    for arguments in ((Timestamp(2**90), "%Y"), (Timestamp(0), "%Q"), (Timestamp(0), ""), (5, "%Y"), (None, "%Y")):
        with pytest.raises(OttlError):
            call("FormatTime", *arguments)


def test_time_as_a_function(call: Any) -> None:
    assert call("Time", "02/04/2023", "%m/%d/%Y", "UTC") == Timestamp(at("2023-02-04T00:00:00Z"))
    assert call("Time", "Dec 24", "%b %d", "UTC") == Timestamp(at("2022-12-24T00:00:00Z"))
    assert call("Time", "12", "%d", "UTC", "en-US") == Timestamp(at("2023-01-12T00:00:00Z"))
    with pytest.raises(OttlError):
        call("Time", None, "%Y")
    with pytest.raises(OttlError):
        call("Time", "", "%Y")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("2023", ""), "cannot be empty"),
        (("2023", "%Q"), "no such directive"),
        (("2023", "%Y", "Jupiter/Ganymede"), "no such time zone"),
        (("2023", "%Y", "../passwd"), "no such time zone"),
        (("2023", "%Y", "UTC", "it"), "in English only"),
    ],
)
def test_what_is_refused_when_the_text_is_parsed(call: Any, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call("Time", *arguments)


FULL = ("%Y-%m-%d %H:%M:%S.%s %z", "%a %b %e %I:%M:%S.%s %p %Y %j", "%A, %B %d %Y %H:%M:%S.%f%s %w")


@given(st.integers(-62_135_596_800 * 10**9, 253_402_300_799 * 10**9), st.sampled_from(FULL[:2]))
def test_what_is_written_can_be_read(ns: int, layout: str) -> None:
    assert read_time(write_time(ns, layout), layout, UTC, NOW_NS) == ns


@given(
    st.text(), st.lists(st.sampled_from([*(f"%{letter}" for letter in sorted(DIRECTIVES)), " ", "-", "T"]), min_size=1)
)
def test_reading_ends_in_a_time_or_an_error(text: str, layout: list[str]) -> None:
    with contextlib.suppress(OttlError):
        assert isinstance(read_time(text, "".join(layout), UTC, NOW_NS), int)


def test_formats_are_taken_apart_once() -> None:
    assert parts_of("%Y-%m") is parts_of("%Y-%m")
