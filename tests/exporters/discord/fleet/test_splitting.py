"""What goes to which shard: each destination gets exactly what one process would have shown it."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.fleet.groups import channel_shares, groups_of, torn_apart
from otel_discord.exporters.discord.fleet.splitting import Splitter
from otel_discord.exporters.discord.noted_ways import is_noted
from otel_discord.exporters.discord.routes import Route
from otel_discord.exporters.discord.routing import Router, record_severity
from otel_discord.exporters.discord.sourced.names import shard_of_run
from otel_discord.ottl import ContextKind, LogItem, parse_condition
from otel_discord.signals import LogsBatch
from tests.exporters.discord.alerting import batch as alert_batch
from tests.exporters.discord.alerting import firing, resolved

SHARDS = 4
NAMES = "abcdef"


def destination(name: str, min_severity: int = 9, fallback: str = "", webhook_id: str = "") -> Destination:
    webhook = WebhookUrl(webhook_id or str(1000 + ord(name[0])), "t" * 20)
    return Destination(name=name, webhook=webhook, min_severity=min_severity, preset="card", fallback=fallback)


def router(destinations: Sequence[Destination], routes: Sequence[tuple[str, str, bool]], *, to_all: bool) -> Router:
    by_name = {item.name: item for item in destinations}
    made = [
        Route(
            condition=parse_condition(f'attributes["kind"] == "{kind}"', ContextKind.LOG),
            destinations=[by_name[name] for name in names if name in by_name],
            goes_on=goes_on,
            mark="",
        )
        for kind, names, goes_on in routes
    ]
    return Router(destinations, 21, to_all, made)


def narrowed(of: Router, only: frozenset[str]) -> Router:
    return Router(of.destinations, of.critical_min_severity, of.critical_to_all, of.routes, only=only)


def shown(of: Router, batch: LogsBatch) -> dict[str, list[int]]:
    """Return the numbers of the records that each destination gets."""
    found: dict[str, list[int]] = {}
    for resource in batch.request.resource_logs:
        for scope in resource.scope_logs:
            for record in scope.log_records:
                item = LogItem(record, scope.scope, resource.resource, scope, resource)
                for each in of.way(record_severity(record), item).destinations:
                    found.setdefault(each.name, []).append(record.time_unix_nano)
    return found


records = st.lists(
    st.lists(st.lists(st.tuples(st.sampled_from([5, 9, 13, 17, 21]), st.sampled_from("xyz")), max_size=4), max_size=3),
    min_size=1,
    max_size=3,
)


def batch_of(drawn: Any) -> LogsBatch:
    request = ExportLogsServiceRequest()
    number = 0
    for resource in drawn:
        of_resource = request.resource_logs.add()
        of_resource.resource.attributes.add(key="service.name").value.string_value = f"s{len(request.resource_logs)}"
        for scope in resource:
            of_scope = of_resource.scope_logs.add()
            of_scope.scope.name = f"scope {len(of_resource.scope_logs)}"
            for severity, kind in scope:
                record = of_scope.log_records.add(severity_number=severity, time_unix_nano=number)
                record.attributes.add(key="kind").value.string_value = kind
                number += 1
    return LogsBatch(request)


@given(
    drawn=records,
    severities=st.lists(st.sampled_from([1, 9, 17, 21]), min_size=1, max_size=6),
    placed=st.lists(st.integers(0, SHARDS - 1), min_size=6, max_size=6),
    routes=st.lists(
        st.tuples(st.sampled_from("xyz"), st.text(st.sampled_from(NAMES), min_size=1, max_size=3), st.booleans()),
        max_size=3,
    ),
    to_all=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_each_destination_gets_what_one_process_would_show_it(
    drawn: Any, severities: list[int], placed: list[int], routes: list[tuple[str, str, bool]], to_all: bool
) -> None:
    destinations = [destination(name, severity) for name, severity in zip(NAMES, severities, strict=False)]
    whole = router(destinations, routes, to_all=to_all)
    shard_of = dict(zip(NAMES, placed, strict=True))
    batch = batch_of(drawn)
    before = batch.request.SerializeToString()
    shares = Splitter(whole, shard_of, SHARDS).split(batch)
    assert batch.request.SerializeToString() == before
    found: dict[str, list[int]] = {}
    for shard, share in shares.items():
        only = frozenset(name for name, where in shard_of.items() if where == shard)
        engine = narrowed(whole, only)
        for name, numbers in shown(engine, share.batch).items():
            assert name not in found, "a destination is in one shard"
            found[name] = numbers
        for resource in share.batch.request.resource_logs:
            for scope in resource.scope_logs:
                assert scope.scope.name
                assert resource.resource.attributes
                if len({shard_of[item.name] for item in destinations}) > 1:
                    for record in scope.log_records:
                        item = LogItem(record, scope.scope, resource.resource, scope, resource)
                        assert engine.way(record_severity(record), item).destinations, "nothing is put for nobody"
                        assert not engine.way(record_severity(record), item).strays
    assert found == shown(whole, batch)


def test_a_batch_of_one_shard_is_whole_and_says_where_it_goes() -> None:
    batch = batch_of([[[(17, "x")] * 3]])
    for routes, placed in (([], {"a": 2, "b": 2}), ([("x", "a", False)], {"a": 2, "b": 3})):
        splitter = Splitter(router([destination("a"), destination("b")], routes, to_all=False), placed, SHARDS)
        ((shard, share),) = splitter.split(batch).items()
        assert shard == 2
        assert is_noted(share.batch.request)
        assert [each.time_unix_nano for _, _, each in share.batch.records()] == [0, 1, 2]
    assert not is_noted(batch.request)


@pytest.mark.parametrize("event", [firing(0), resolved(0, 1)])
def test_an_alert_is_told_to_every_shard_in_use(event: Any) -> None:
    destinations = [destination("a", 1), destination("b", 24), destination("c", 1)]
    splitter = Splitter(router(destinations, [], to_all=False), {"a": 0, "b": 1, "c": 3}, SHARDS)
    assert set(splitter.split(alert_batch(event))) == {0, 1, 3}


def test_a_run_goes_to_the_shard_of_its_name_with_the_place_of_each_resource() -> None:
    run = destination("run/7")
    mine = shard_of_run("run/7", SHARDS)
    other = (mine + 1) % SHARDS
    splitter = Splitter(router([destination("a")], [], to_all=True), {"a": other}, SHARDS)
    batch = batch_of([[[(17, "x")]], [[(17, "x"), (21, "x")]]])
    shares = splitter.split(batch, [None, run])
    assert set(shares) == {mine, other}
    assert list(shares[mine].places) == [run]
    assert shares[mine].batch.item_count == 2
    assert shares[other].batch.item_count == 2, "its own record, and what is critical"
    assert list(shares[other].places) == [None, run]
    assert shares[other].highest == 21


def test_what_came_by_other_settings_goes_somewhere() -> None:
    whole = router([destination("a"), destination("b", 17), destination("c", 21)], [("x", "a", False)], to_all=False)
    engine = narrowed(whole, frozenset("bc"))
    batch = batch_of([[[(17, "x")]]])
    (resource,) = batch.request.resource_logs
    (scope,) = resource.scope_logs
    item = LogItem(scope.log_records[0], scope.scope, resource.resource, scope, resource)
    way = engine.way(17, item)
    assert not way.destinations
    assert not way.leads_here
    assert [each.name for each in way.strays] == ["b"]


# ----------------------------------------------------------------------------------------------------------- groups


@given(
    fallbacks=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES)),
    webhooks=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["1", "2"])),
    channels=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["8", "9"])),
)
def test_what_belongs_together_is_one_group_and_nothing_else(
    fallbacks: dict[str, str], webhooks: dict[str, str], channels: dict[str, str]
) -> None:
    items = [
        destination(name, fallback=fallbacks.get(name, ""), webhook_id=webhooks.get(name, f"own {name}"))
        for name in NAMES
    ]
    groups = groups_of(items, channels)
    assert sorted(name for group in groups for name in group) == sorted(NAMES)
    group_of = {name: number for number, group in enumerate(groups) for name in group}
    edges = list(fallbacks.items())
    edges += [(a, b) for a in NAMES for b in NAMES if a in webhooks and webhooks.get(a) == webhooks.get(b)]
    edges += [(a, b) for a in NAMES for b in NAMES if a in channels and channels.get(a) == channels.get(b)]
    assert all(group_of[one] == group_of[other] for one, other in edges)
    reached = {name: {name} for name in NAMES}
    for _ in NAMES:
        for one, other in edges:
            union = reached[one] | reached[other]
            for name in union:
                reached[name] = union
    assert {frozenset(group) for group in groups} == {frozenset(each) for each in reached.values()}


def test_groups_that_were_placed_apart_are_named() -> None:
    assert torn_apart([["a", "b"], ["c"]], {"a": 1, "b": 2, "c": 3}) == [["a", "b"]]
    assert torn_apart([["a", "b"], ["c"]], {"a": 1, "b": 1, "c": 3}) == []


def test_a_channel_of_several_shards_is_divided() -> None:
    channels = {"a": "8", "b": "8", "c": "8", "d": "9", "e": "9"}
    assert channel_shares(channels, {"a": 1, "b": 2, "c": 2, "d": 3, "e": 3}) == {"8": 2}
