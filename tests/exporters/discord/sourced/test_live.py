"""Whose a record is, decided without waiting: when it comes in, and again when it is routed."""

import pytest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.component import StartError
from otel_discord.component.destination_source import SourcedDestination
from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.routing import Router, keep_from
from otel_discord.exporters.discord.sourced.live import LiveDestinations
from otel_discord.exporters.discord.sourced.names import is_sourced, metric_label
from otel_discord.signals import LogsBatch
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.sourced.fake_source import FakeSource, of_run


def read(item: SourcedDestination) -> Destination:
    if "bad" in item.name:
        raise StartError("it is none")
    return Destination(
        name=item.name,
        webhook=WebhookUrl("1", item.webhook_url),
        min_severity=item.min_severity or 13,
        preset="compact",
        label=item.label,
    )


def both(*batches: LogsBatch) -> LogsBatch:
    joined = logs_batch(0)
    del joined.request.resource_logs[:]
    for each in batches:
        joined.request.resource_logs.extend(each.request.resource_logs)
    return LogsBatch(joined.request)


@pytest.fixture
def source() -> FakeSource:
    made, webhook = FakeSource(), FakeDiscord().add_webhook()
    made.add("a", webhook, min_severity=5)
    return made


def live_of(source: FakeSource, told: list[str] | None = None) -> LiveDestinations:
    said = told if told is not None else []
    return LiveDestinations(source=source, read=read, refused=lambda name, _: said.append(name))


def test_each_resource_has_its_own_floor(source: FakeSource) -> None:
    live = live_of(source)
    batch = both(of_run("a", 1, severity=5), of_run("b", 1, severity=5), of_run("b", 1, severity=17))
    places = live.places(batch)
    assert [place.name if place else "" for place in places] == ["run/a", "", ""]
    kept = keep_from(batch, 13, floors=[5, 13, 13]).batch
    assert kept is not None
    assert [len(each.scope_logs[0].log_records) for each in kept.request.resource_logs] == [1, 1]
    assert batch.item_count == 3
    assert not live.places(logs_batch(1))


def test_what_was_accepted_for_a_run_is_its_own_until_it_is_routed(source: FakeSource) -> None:
    live = live_of(source)
    batch = of_run("a", 1)
    (resource,) = [each.resource for each in batch.request.resource_logs]
    live.accepted(7, live.places(batch))
    source.remove("run/a")
    found = live.routed_to(7, 0, resource)
    assert found is not None
    assert found.name == "run/a"
    assert live.routed_to(8, 0, resource) is None
    assert live.routed_to(7, 1, resource) is None
    assert live.waiting_for("run/a") == {7}
    live.routed(7)
    assert live.routed_to(7, 0, resource) is None
    assert not live.still_waiting(frozenset({7}))


def test_a_destination_that_cannot_be_used_is_said_once(source: FakeSource) -> None:
    webhook = FakeDiscord().add_webhook()
    source.add("bad", webhook)
    source.add("ended", webhook)
    told: list[str] = []
    live = live_of(source, told)
    for _ in range(3):
        assert set(live.refreshed()) == {"run/a"}
        assert not live.places(of_run("bad", 1))
    assert sorted(told) == ["run/bad", "run/ended"]


def test_names_and_labels() -> None:
    assert is_sourced("run/a#held/m")
    assert not is_sourced("runner")
    assert (metric_label("run/a"), metric_label("errors")) == ("run", "errors")


def test_without_destinations_of_its_own_everything_is_below_the_floor() -> None:
    assert Router((), 21, critical_to_all=True).floor > 24


class _Remembering(FakeSource):
    """Says whose a resource was, whether that is live or not."""

    def former_destination_of(self, resource: Resource) -> str | None:
        return next((f"run/{each.value.string_value}" for each in resource.attributes if each.key == "run.id"), None)


@pytest.mark.parametrize("knows_former", [False, True])
def test_in_a_fleet_what_another_process_took_in_for_a_run_stays_that_run_s(knows_former: bool) -> None:
    source, webhook = _Remembering(), FakeDiscord().add_webhook()
    source.add("a", webhook)
    live = live_of(source)
    live.knows_former = knows_former
    live.refreshed()
    (resource,) = [each.resource for each in of_run("a", 1).request.resource_logs]
    assert [each.key for each in resource.attributes if each.value.string_value == "a"] == ["run.id"]
    source.remove("run/a")
    found = live.routed_to(8, 0, resource)
    assert (found.name if found is not None else "") == ("run/a" if knows_former else "")
    live.forget("run/a")
    assert live.routed_to(8, 0, resource) is None
