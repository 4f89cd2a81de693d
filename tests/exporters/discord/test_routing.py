"""Where a record goes, by its severity."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.config import Secret
from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.exporters.discord import routing
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.mentions import Mention
from otel_discord.exporters.discord.routes import Route
from otel_discord.exporters.discord.routing import Router, keep_from, record_severity
from otel_discord.ottl import ContextKind, LogItem, parse_condition
from otel_discord.signals import LogsBatch
from otel_discord.testing.otlp import key_values


def destination(name: str, min_severity: int) -> Destination:
    webhook = WebhookUrl("1", Secret("token"))
    return Destination(name=name, webhook=webhook, min_severity=min_severity, preset="compact")


ROUTER = Router([destination("info", 9), destination("errors", 17)], 21, critical_to_all=False)


@pytest.mark.parametrize(
    ("severity", "names"), [(5, []), (9, ["info"]), (16, ["info"]), (17, ["info", "errors"]), (24, ["info", "errors"])]
)
def test_every_destination_takes_what_reaches_it(severity: int, names: list[str]) -> None:
    assert [item.name for item in ROUTER.way(severity).destinations] == names


def test_critical_to_all() -> None:
    picky = Router([destination("none", 25), destination("errors", 17)], 21, critical_to_all=True)
    assert [item.name for item in picky.way(21).destinations] == ["none", "errors"]
    assert [item.name for item in picky.way(20).destinations] == ["errors"]
    assert picky.floor == 17
    assert [picky.priority(n) for n in (20, 21)] == [0, 1]


@pytest.mark.parametrize(
    ("number", "text", "expected"),
    [
        (17, "", 17),
        (0, "error", 17),
        (0, "", 9),
        (0, "gibberish", 9),
        (240, "FATAL", 21),
        (-3, "", 9),
        (17, "INFO", 17),
    ],
)
def test_the_number_first_then_the_text_else_info(number: int, text: str, expected: int) -> None:
    assert record_severity(LogRecord(severity_number=number, severity_text=text)) == expected  # type: ignore[arg-type]


def batch(*severities: int) -> LogsBatch:
    request = ExportLogsServiceRequest()
    for severity in severities:
        scope = request.resource_logs.add(schema_url="r").scope_logs.add(schema_url="s")
        scope.log_records.add(severity_number=severity)
        scope.log_records.add(severity_number=1)
    return LogsBatch(request)


def test_only_what_reaches_the_floor_is_kept_and_nothing_is_copied_in_vain() -> None:
    whole = LogsBatch(ExportLogsServiceRequest())
    assert keep_from(whole, 13) == (None, 0, False)
    assert keep_from(batch(5, 9), 13) == (None, 0, False)
    all_of_it = batch(17, 21)
    assert keep_from(all_of_it, 1) == (all_of_it, 21, False)
    assert keep_from(all_of_it, 1)[0] is all_of_it
    kept, highest, _ = keep_from(batch(5, 17, 13), 13)
    assert kept is not None
    assert highest == 17
    assert [record.severity_number for _, _, record in kept.records()] == [17, 13]
    assert [item.schema_url for item in kept.request.resource_logs] == ["r", "r"]


def test_a_resource_with_several_scopes_is_kept_once_and_a_severity_out_of_range_says_nothing() -> None:
    request = ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    for number, text in ((17, ""), (99, "FATAL"), (0, ""), (1, "")):
        resource.scope_logs.add().log_records.add(severity_number=number, severity_text=text)
    kept, highest, _ = keep_from(LogsBatch(request), 13)
    assert kept is not None
    assert highest == 21
    assert len(kept.request.resource_logs) == 1
    assert [record.severity_number for _, _, record in kept.records()] == [17, 99]


# --------------------------------------------------------------------------------------------------------- conditions
def item(severity: int = 17, **attributes: str) -> LogItem:
    record = LogRecord(severity_number=severity, attributes=key_values(attributes))  # type: ignore[arg-type]
    return LogItem(record, InstrumentationScope(), Resource())


def route(condition: str, *destinations: Destination, goes_on: bool = False, mark: str = "") -> Route:
    parsed = parse_condition(condition, ContextKind.LOG)
    return Route(condition=parsed, destinations=destinations, goes_on=goes_on, mark=mark)


INFO, ERRORS = destination("info", 9), destination("errors", 17)
SHOP = 'attributes["team"] == "shop"'


@pytest.mark.parametrize(
    ("routes", "names"),
    [
        ([], ["info", "errors"]),
        ([route(SHOP, INFO)], ["info"]),
        ([route("false", INFO)], ["info", "errors"]),
        ([route(SHOP, INFO), route("true", ERRORS)], ["info"]),
        ([route(SHOP, INFO, goes_on=True), route("true", ERRORS)], ["info", "errors"]),
        ([route(SHOP, INFO, goes_on=True), route("false", ERRORS)], ["info"]),
        ([route('Int(attributes["n"]) + attributes["team"] > 1', INFO)], ["info", "errors"]),
    ],
)
def test_routes_in_order(routes: list[Route], names: list[str]) -> None:
    router = Router([INFO, ERRORS], 21, False, routes)
    assert [each.name for each in router.way(17, item(team="shop")).destinations] == names


def test_a_route_does_not_lower_what_a_destination_asks_for_nor_the_floor() -> None:
    router = Router([ERRORS], 21, False, [route("true", ERRORS)])
    assert router.floor == 17
    assert list(router.way(16, item(16)).destinations) == []


def test_what_a_condition_cannot_work_with_is_told_and_does_not_match() -> None:
    told: list[str] = []
    router = Router(
        [INFO, ERRORS],
        21,
        critical_to_all=False,
        routes=[route('Int(attributes["n"]) + attributes["team"] > 1', INFO)],
        on_error=lambda text, error: told.append(f"{text}: {error}"),
    )
    assert [each.name for each in router.way(17, item(n="1", team="shop")).destinations] == ["info", "errors"]
    assert len(told) == 1
    assert "shop" not in told[0]


def test_records_that_ping_others_are_other_problems() -> None:
    def pinging(*severities: int) -> Destination:
        mentions = tuple(Mention(min_severity=each, roles=("1",), max_per_hour=1) for each in severities)
        return replace(ERRORS, mentions=mentions)

    marked = Router([ERRORS], 21, False, [route(SHOP, ERRORS, mark="m1")])
    assert marked.way(17, item(team="shop")).routes == ("m1",)
    assert marked.way(17, item(team="shop")).kind != marked.way(17, item(team="x")).kind == ""
    within = Router([pinging(18, 19)], 21, critical_to_all=False)
    assert len({within.way(severity).kind for severity in (17, 18, 19, 20)}) == 3
    assert {Router([pinging(17, 21)], 21, critical_to_all=False).way(each).kind for each in range(17, 25)} == {""}


@given(
    st.integers(1, 24),
    st.lists(st.tuples(st.booleans(), st.booleans(), st.sets(st.sampled_from(["info", "errors", "none"]), min_size=1))),
    st.booleans(),
)
def test_where_any_record_goes(severity: int, written: list[tuple[bool, bool, set[str]]], to_all: bool) -> None:
    there = {"info": INFO, "errors": ERRORS, "none": destination("none", 25)}
    routes = [
        route("true" if is_met else "false", *(there[name] for name in names), goes_on=goes_on)
        for is_met, goes_on, names in written
    ]
    router = Router(list(there.values()), 21, to_all, routes)
    got = {each.name for each in router.way(severity, item(severity)).destinations}
    expected, matched = set[str](), False
    for is_met, goes_on, names in written:
        if is_met:
            matched = True
            expected |= names
            if not goes_on:
                break
    expected = {name for name in (expected if matched else there) if severity >= there[name].min_severity}
    assert got == (set(there) if to_all and severity >= 21 else expected)
    assert not got or severity >= router.floor


def test_what_is_remembered_of_ways_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "_MAX_REMEMBERED", 2)
    router = Router([INFO, ERRORS], 21, critical_to_all=False)
    for severity in (9, 17, 18, 9, 20, 5):
        names = [each.name for each in router.way(severity).destinations]
        assert names == (["info", "errors"] if severity >= 17 else ["info"] if severity >= 9 else [])
