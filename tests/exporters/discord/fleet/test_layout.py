"""Where what one process left belongs in a fleet."""

import pytest

from otel_discord.config import Secret
from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.fleet.layout import lane_of_key, layout
from otel_discord.exporters.discord.fleet.splitting import Splitter
from otel_discord.exporters.discord.mutes.held_lanes import held_lane
from otel_discord.exporters.discord.routing import Router
from otel_discord.exporters.discord.sourced.names import LEFT_OVER, shard_of_run
from otel_discord.testing.otlp import logs_batch

PLACED = {"ops": 1, "errors": 2, "old": 3}


def destination(name: str, min_severity: int) -> Destination:
    return Destination(name=name, webhook=WebhookUrl("1", Secret("t")), min_severity=min_severity, preset="compact")


SPLITTER = Splitter(Router([destination("ops", 1), destination("errors", 17)], 21, critical_to_all=False), PLACED, 8)
LAYOUT = layout(SPLITTER, PLACED, lambda batch: ())


@pytest.mark.parametrize(
    ("lane", "shard"),
    [
        ("ops", 1),
        ("old", 3),
        (held_lane("errors", "m/1"), 2),
        ("run/7f", shard_of_run("run/7f", 8)),
        (held_lane("run/7f", "m1"), shard_of_run("run/7f", 8)),
        (LEFT_OVER, shard_of_run(LEFT_OVER, 8)),
        ("never placed", 0),
    ],
)
def test_a_lane_belongs_where_its_destination_is(lane: str, shard: int) -> None:
    assert LAYOUT.shard_of_lane(lane) == shard


@pytest.mark.parametrize(
    ("key", "lane"),
    [
        ("tombstone/ops", "ops"),
        ("pings/run/7f", "run/7f"),
        ("posts/a/b", "a/b"),
        ("mutes", None),
        ("silences", None),
        ("history/03", None),
        ("host_ban", None),
        ("dead_letters/copied", None),
    ],
)
def test_a_value_is_a_lane_s_or_the_whole_exporter_s(key: str, lane: str | None) -> None:
    assert lane_of_key(key) == lane


def test_a_batch_goes_where_its_records_go() -> None:
    assert {*LAYOUT.parts_of(logs_batch(severity=9))} == {1}
    assert {*LAYOUT.parts_of(logs_batch(severity=17))} == {1, 2}
