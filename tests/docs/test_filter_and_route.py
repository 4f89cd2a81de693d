"""Each configuration of the how-to, with its real processors and connectors: records come out where it says."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from otel_discord.component import ConnectorFactory, Consumer, Kind, Outlets, ProcessorFactory
from otel_discord.service.config_file import Configuration, load_configuration
from otel_discord.service.fanout import fan_out
from otel_discord.service.graph import Node
from otel_discord.service.registry import Registry
from otel_discord.signals import attributes_to_dict
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "filter-and-route.md"
SECTION = re.compile(r"^## (.+?)\n(?:(?!^## ).)*?^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = dict(SECTION.findall(PAGE.read_text(encoding="utf-8")))
VARIABLES = ("DISCORD_WEBHOOK_URL", "WEBHOOK_INFO_URL", "WEBHOOK_ERROR_URL", "WEBHOOK_ONCALL_URL")
ENVIRONMENT = {
    name: f"https://discord.com/api/webhooks/{number}/{'a' * 68}" for number, name in enumerate(VARIABLES, 10**17)
}
INFO, WARN, ERROR = 9, 13, 17


def build(configuration: Configuration) -> tuple[Consumer, Mapping[str, Sink]]:
    """Return the beginning of the pipeline that receives from otlp, and a sink for each exporter."""
    connectors = configuration.components[Kind.CONNECTOR]
    plan = configuration.plan
    made: dict[Node, Any] = {}
    for node in plan.order:
        configured = configuration.components[node.kind][node.id]
        if node.kind is Kind.EXPORTER:
            made[node] = Sink()
        elif isinstance(configured.factory, ConnectorFactory):
            heads = {
                str(pipeline): fan_out([made[each] for each in plan.steps(pipeline, connectors)[0]])
                for pipeline in plan.feeds[node]
            }
            by_signal = {pipeline.signal: fan_out(list(heads.values())) for pipeline in plan.feeds[node]}
            made[node] = configured.factory.create(settings(str(node.id)), configured.config, Outlets(by_signal, heads))
        elif isinstance(configured.factory, ProcessorFactory):
            pipeline = next(each for each in plan.pipelines if str(each) == node.pipeline)
            steps = plan.steps(pipeline, connectors)
            place = next(place for place, step in enumerate(steps) if node in step)
            following = fan_out([made[each] for each in steps[place + 1]])
            made[node] = configured.factory.create(
                settings(str(node.id)), configured.config, pipeline.signal, following
            )
    (first,) = [pipeline for node, feeds in plan.feeds.items() if node.kind is Kind.RECEIVER for pipeline in feeds]
    sinks = {str(node.id): each for node, each in made.items() if node.kind is Kind.EXPORTER}
    return fan_out([made[each] for each in plan.steps(first, connectors)[0]]), sinks


async def arrived(title: str, *sent: tuple[str, int, Mapping[str, Any], Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Send (body, severity, resource, attributes); return what each exporter gets, bodies with attributes."""
    text = EXAMPLES[title]
    configuration = load_configuration([f"yaml:{text}"], [], Registry.from_entry_points(), ENVIRONMENT)
    head, sinks = build(configuration)
    for body, severity, resource, attributes in sent:
        await head.consume(
            logs_batch(1, body=lambda _, body=body: body, severity=severity, resource=resource, attributes=attributes)
        )
    return {
        name: [
            (record.body.string_value, attributes_to_dict(record.attributes))
            for batch in sink.batches
            for _, _, record in batch.records()  # type: ignore[union-attr]
        ]
        for name, sink in sinks.items()
    }


def texts(got: Mapping[str, list[Any]]) -> dict[str, list[str]]:
    return {name: [body for body, _ in records] for name, records in got.items()}


async def test_health_checks_are_dropped() -> None:
    got = await arrived(
        "Drop health checks",
        ("probe", INFO, {}, {"url.path": "/healthz"}),
        ("GET /readyz 200", INFO, {}, {}),
        ("GET /healthzone 500", INFO, {}, {}),
    )
    assert texts(got) == {"discord": ["GET /healthzone 500"]}


async def test_errors_of_one_service() -> None:
    got = await arrived(
        "Only the errors of one service in a channel of its own",
        ("bad", ERROR, {"service.name": "payments"}, {}),
        ("well", INFO, {"service.name": "payments"}, {}),
        ("other", INFO, {"service.name": "shop"}, {}),
    )
    assert texts(got) == {"discord/payments": ["bad"], "discord": ["other"]}


async def test_a_tenth_of_what_is_harmless() -> None:
    def message(body: str, severity: int, number: int) -> Any:
        batch = logs_batch(1, body=body, severity=severity)
        batch.request.resource_logs[0].scope_logs[0].log_records[0].trace_id = number.to_bytes(16, "big")
        return batch

    text = EXAMPLES["See a tenth of what is frequent and harmless"]
    head, sinks = build(load_configuration([f"yaml:{text}"], [], Registry.from_entry_points(), ENVIRONMENT))
    for number in range(1, 1001):
        await head.consume(message("info", INFO, number * 0x9E3779B97F4A7C15))
    for number in range(1, 51):
        await head.consume(message("warn", WARN, number * 0x9E3779B97F4A7C15))
    bodies = [record.body.string_value for batch in sinks["discord"].batches for _, _, record in batch.records()]  # type: ignore[union-attr]
    assert bodies.count("warn") == 50
    assert 50 < bodies.count("info") < 200


async def test_a_channel_for_each_team() -> None:
    got = await arrived(
        "A channel for each team",
        ("a", ERROR, {"team": "shop"}, {}),
        ("b", ERROR, {"team": "search"}, {}),
        ("c", ERROR, {"service.name": "search-api"}, {}),
        ("d", ERROR, {"team": "none"}, {}),
    )
    assert texts(got) == {"discord/shop": ["a"], "discord/search": ["b", "c"], "discord/nobody": ["d"]}


async def test_masked_then_routed() -> None:
    got = await arrived(
        "Mask, then route",
        ("card of ann@example.com", ERROR, {}, {"code.namespace": "com.example.pay.cards", "session.id": "1"}),
        ("other", ERROR, {}, {}),
    )
    ((body, attributes),) = got["discord/payments"]
    assert "ann@example.com" not in body
    assert attributes["team"] == "payments"
    assert "session.id" not in attributes
    assert texts(got)["discord"] == ["other"]


def test_each_case_of_the_page_is_run() -> None:
    whole = [text for text in EXAMPLES.values() if "pipelines" in yaml.safe_load(text).get("service", {})]
    assert len(whole) == 5


@pytest.mark.parametrize("title", EXAMPLES)
def test_each_case_is_a_whole_configuration(title: str) -> None:
    load_configuration([f"yaml:{EXAMPLES[title]}"], [], Registry.from_entry_points(), ENVIRONMENT)
