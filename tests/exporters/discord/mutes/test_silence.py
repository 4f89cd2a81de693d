"""What a silence means: matchers over records and alerts, severities by their word, and the end of an alert passes."""

import pytest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.exporters.discord.mutes.book import MuteBook
from otel_discord.exporters.discord.mutes.gate import Gate, Muted
from otel_discord.exporters.discord.mutes.matcher_text import read_matchers
from otel_discord.exporters.discord.mutes.mute import Action, Mute
from otel_discord.exporters.discord.mutes.periods import Once, Period
from otel_discord.exporters.discord.mutes.severity_word import severity_test
from otel_discord.exporters.discord.mutes.silence import outlasts_silences, silence, silence_book, silence_which
from otel_discord.ottl import LogItem
from otel_discord.signals.alert_event import AlertEvent, AlertState
from otel_discord.testing.otlp import any_value
from tests.exporters.discord.mutes.test_matchers import item

HOUR = Period(10, 20)


def alert(severity: str = "warning", state: AlertState = AlertState.FIRING, **labels: str) -> LogItem:
    event = AlertEvent(name="QueueTooDeep", state=state, severity=severity, labels={"service.name": "shop", **labels})
    resource = Resource(attributes=[KeyValue(key="host.name", value=any_value("h1"))])
    return LogItem(event.to_record(), InstrumentationScope(), resource)


def of_alertmanager(**attributes: str) -> LogItem:
    record = LogRecord(severity_number=13)  # type: ignore[arg-type]  # an open enum
    record.attributes.extend(KeyValue(key=key, value=any_value(value)) for key, value in attributes.items())
    return LogItem(record, InstrumentationScope(), Resource())


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        ("service.name=shop", True),
        ("service.name=shopping", False),
        ("service.name=~sho.", True),
        ("service.name=~sho", False),
        ("service.name!~pay|desk, http.status=500", True),
        ("service.name!=shop, http.status=500", False),
        ("host.name='of the record'", True),
        ("body=~.*space.*", True),
        ("event.name=disk.full", True),
        ("scope.name=shop.disk", True),
        ("{http.status=~'5..', service.name=shop}", True),
        ("QueueTooDeep", False),
    ],
)
def test_of_a_log_record(matcher: str, expected: bool) -> None:
    assert silence_which((matcher,)).holds(item(), 17) is expected


@pytest.mark.parametrize(
    ("matchers", "expected"),
    [
        (("QueueTooDeep",), True),
        (("Queue",), False),
        (("alertname=QueueTooDeep",), True),
        (("alert.name=~Queue.*", "host.name=h1"), True),
        (("service.name=shop", "shard=7"), True),
        (("service.name=shop", "shard!=7"), False),
        (("alert.severity=warning",), True),
    ],
)
def test_of_an_alert(matchers: tuple[str, ...], expected: bool) -> None:
    assert silence_which(matchers).holds(alert(shard="7"), 13) is expected


def test_of_an_alert_in_others_words() -> None:
    told = of_alertmanager(alertname="Slow", status="firing", severity="page", instance="a:80")
    assert silence_which(("Slow, instance=a:80, severity=page",)).holds(told, 13)
    assert not silence_which(("Slow", "severity=info")).holds(told, 13)


@pytest.mark.parametrize(
    ("word", "matcher", "expected"),
    [
        ("warning", "severity=warning", True),
        ("warning", "severity=WARN", True),
        ("warning", "severity=~warn.*", True),
        ("warning", "severity=~WARN", False),
        ("warning", "severity!=warning, QueueTooDeep", False),
        ("warning", "severity!~warning|info, QueueTooDeep", False),
        ("warning", "severity=critical", False),
        ("warning", "severity<ERROR", True),
        ("critical", "severity=critical", True),
        ("critical", "severity=fatal", True),
        ("critical", "severity=page", True),
        ("Page", "severity=page", True),
        ("major", "severity=error", True),
        ("none", "severity=none", True),
        ("sev1", "severity=sev1", True),
        ("sev1", "severity=warning", False),  # its number is a guess
        ("sev1", "severity=~sev[12]", True),
        ("", "severity=warn", True),
    ],
)
def test_the_word_of_an_alert(word: str, matcher: str, expected: bool) -> None:
    told = alert(word)
    assert silence_which((matcher,)).holds(told, told.record.severity_number) is expected


@pytest.mark.parametrize(
    ("number", "text", "matcher", "expected"),
    [
        (17, "", "severity=error", True),
        (18, "", "severity=error", True),
        (18, "", "severity=error2", True),
        (17, "", "severity=ERROR2", False),
        (17, "", "severity=17", True),
        (21, "", "severity=critical", True),
        (13, "", "severity=warning", True),
        (10, "NOTICE", "severity=notice", True),
        (17, "Oops", "severity=oops", True),
        (17, "Oops", "severity=error", True),
        (17, "Oops", "severity=~'oops|x'", True),
        (17, "Oops", "severity=~err.r", True),
        (17, "", "severity=0", False),
        (0, "", "severity=0", False),
        (0, "", "severity=''", True),
        (0, "", "severity=~''", True),
        (17, "", "severity=''", False),
    ],
)
def test_the_word_of_a_record(number: int, text: str, matcher: str, expected: bool) -> None:
    record = LogRecord(severity_number=number, severity_text=text)  # type: ignore[arg-type]  # an open enum
    told = LogItem(record, InstrumentationScope(), Resource())
    (comparison,) = read_matchers(matcher)
    assert severity_test(*comparison[1:], matcher)(told, number) is expected


@pytest.mark.parametrize(
    ("matchers", "words"),
    [
        (("service.name~shop",), "character 13: expected"),
        (("service.name<shop",), "only severity can be compared with <"),
        (("severity<LOUD",), "not a severity"),
        (("severity=~(",), "regular expression"),
        (("service.name=~'a)|(b'",), "regular expression"),
        (("severity=~'a)|(b'",), "regular expression"),
        (("service.name!=shop",), "needs something to be there"),
        (("severity<=FATAL",), "needs something to be there"),
        (("severity=~.*",), "needs something to be there"),
        (("service.name=~'.*'", "x="), "needs something to be there"),
        (("severity!=warning",), "needs something to be there"),
        (("severity!~warning",), "needs something to be there"),
        ((), "needs something to be there"),
        (("a=b," * 21,), "at most 20 matchers"),
    ],
)
def test_what_is_no_silence(matchers: tuple[str, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        silence_which(matchers)


def test_conditions_are_none_of_its_parts() -> None:
    with pytest.raises(ValueError, match="no conditions"):
        silence_which(("a=b",), ("true",))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (alert(), False),
        (alert(state=AlertState.UPDATED), False),
        (alert(state=AlertState.RESOLVED), True),
        (of_alertmanager(alertname="Slow", status="resolved"), True),
        (of_alertmanager(alertname="Slow", status="firing"), False),
        (of_alertmanager(alertname="Slow"), False),
        (of_alertmanager(status="resolved"), False),
        (item(), False),
    ],
)
def test_the_end_of_an_alert_outlasts_it(told: LogItem, expected: bool) -> None:
    assert outlasts_silences(told.record) is expected


def gate(*silences: Mute, **more: bool) -> Gate:
    made = Gate(MuteBook([Mute(id="w", name="w", when=Once(HOUR), action=Action.HOLD)]), **more)
    for each in silences:
        made.silences.add(each, 0)
    return made


def test_it_comes_before_maintenance_and_stays_while_nothing_is_held_any_more() -> None:
    shop, error = (
        silence(name, (matcher,), HOUR) for name, matcher in (("a", "service.name=shop"), ("b", "severity=error"))
    )
    expected = [Muted("a", each, Action.DROP, by_silence=True) for each in ("", "ops", "dev")]
    for is_open in (False, True):
        both = gate(shop, error, is_open=is_open)
        assert both.passages(item(), 15, 17, ["ops", "dev"]) == ([], expected)
        assert not both.is_idle(15)
        assert both.is_idle(5)
    passages, muted = gate(shop, is_open=True).passages(item(service="pay"), 15, 21, ["ops"])
    assert ([each.lane for each in passages], muted) == (["ops"], [])
    passages, _ = gate(shop).passages(alert(state=AlertState.RESOLVED), 15, 17, ["ops"])
    assert [each.lane for each in passages] == ["ops#held/w"]
    assert gate(is_open=True).is_idle(15)


def test_it_is_read_again_as_it_was_written() -> None:
    book = silence_book()
    book.add(silence("a", ("{QueueTooDeep, severity=~'warn.*|x'}", 'a="b c"'), HOUR, comment="c", author="ann"), 0)
    again = silence_book()
    assert again.restore(book.to_json()) == 0
    (read,) = again.all()
    assert str(read.which) == 'alert.name=QueueTooDeep, severity=~warn.*|x, a="b c"'
    assert (read.critical, read.comment, read.author, read.when) == (True, "c", "ann", Once(HOUR))
    assert read.which.holds(alert(a="b c"), 13)
    assert MuteBook().restore({"added": [{**book.to_json()["added"][0], "matchers": ["a"]}]}) == 1
