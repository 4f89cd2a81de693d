"""Matchers mean what Alertmanager's users expect, and conditions what OTTL says."""

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.exporters.discord.mutes.matchers import parse_matcher
from otel_discord.exporters.discord.mutes.mute import Which
from otel_discord.ottl import LogItem


def item(severity: int = 17, *, body: str = "no space left", service: str = "shop") -> LogItem:
    record = LogRecord(severity_number=severity, body=AnyValue(string_value=body), event_name="disk.full")
    record.attributes.append(KeyValue(key="http.status", value=AnyValue(int_value=500)))
    record.attributes.append(KeyValue(key="host.name", value=AnyValue(string_value="of the record")))
    resource = Resource()
    resource.attributes.append(KeyValue(key="service.name", value=AnyValue(string_value=service)))
    resource.attributes.append(KeyValue(key="host.name", value=AnyValue(string_value="of the resource")))
    return LogItem(record, InstrumentationScope(name="shop.disk"), resource)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("service.name=shop", True),
        (' service.name = "shop" ', True),
        ("service.name=shopping", False),
        ("service.name!=shop", False),
        ("service.name=~sh.p", True),
        ("service.name=~sho", False),  # the whole text
        ("service.name=~pay|shop", True),
        ("service.name!~pay|shop", False),
        ("http.status=500", True),
        ("http.status=~5..", True),
        ("host.name=of the record", True),
        ("nowhere=", True),
        ("nowhere=~.+", False),
        ("body=~.*space.*", True),
        ("event.name=disk.full", True),
        ("scope.name=shop.disk", True),
        ("severity=ERROR", True),
        ("severity=error2", False),
        ("severity<ERROR", False),
        ("severity<=ERROR", True),
        ("severity<FATAL", True),
        ("severity>=WARN", True),
        ("severity>ERROR", False),
        ("severity!=ERROR", False),
    ],
)
def test_what_matches(text: str, expected: bool) -> None:
    assert parse_matcher(text).test(item(), 17) is expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shop", "no matcher"),
        ("service.name<shop", "only severity"),
        ("severity=~ERR.*", "severity is compared"),
        ("severity<LOUD", "not a severity"),
        ("service.name=~(", "regular expression"),
        ("x=" + "y" * 2_000, "at most"),
    ],
)
def test_what_is_none(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_matcher(text)


@pytest.mark.parametrize(
    ("matchers", "conditions", "expected"),
    [
        ((), (), True),
        (("service.name=shop", "severity<ERROR"), (), False),
        (("service.name=shop",), ("severity_number >= SEVERITY_NUMBER_ERROR",), True),
        (("service.name=pay",), ("severity_number >= SEVERITY_NUMBER_ERROR",), False),
        ((), ('IsMatch(body, "^space")', 'resource.attributes["service.name"] == "shop"'), True),
        ((), ('ParseJSON(body)["x"] == 1',), False),  # cannot work with the value: not muted
    ],
)
def test_all_matchers_and_one_condition(matchers: tuple[str, ...], conditions: tuple[str, ...], expected: bool) -> None:
    assert Which.of(matchers, conditions).holds(item(), 17) is expected


@pytest.mark.parametrize(
    ("matchers", "conditions", "expected"),
    [
        (("service.name=shop",), (), False),
        (("severity>=WARN",), (), False),
        (("severity<=FATAL",), (), False),
        (("severity>=FATAL",), (), True),
        (("severity=FATAL",), (), True),
        (("severity>ERROR4",), (), True),
        ((), ("severity_number >= SEVERITY_NUMBER_WARN",), False),
        ((), ("severity_number >= SEVERITY_NUMBER_FATAL",), True),
    ],
)
def test_who_names_what_is_critical(matchers: tuple[str, ...], conditions: tuple[str, ...], expected: bool) -> None:
    assert Which.of(matchers, conditions).names_critical(21) is expected
