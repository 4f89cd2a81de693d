"""Every kind of message in every preset, with hostile words wherever telemetry reaches: taken, and still text."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from otel_discord.service.preview.samples import samples
from otel_discord.service.preview.scenario import Scenario
from otel_discord.signals import LogsBatch
from otel_discord.testing.fake_discord import FakeDiscord, assert_nobody_pinged
from tests.exporters.discord.alerting import BEGINNING_S
from tests.exporters.discord.discord_markdown import live_parts
from tests.exporters.discord.rig import running

WORDS = {
    "markup": "<script>x</script> **b** ||s|| # h\n# head\n> q\n[x](https://evil.example) <@&42> @everyone ```py\n",
    "hidden": f"\u202egnp.exe\u202c\u2066 \x00\x1b[31m {'Z' + chr(0x334) * 180}\u200b\u3164 \U000e0041 \ud83d",
    "long": "w\u00f6rd @here https://evil.example/x ```" * 300,
    "empty": "",
    "blank": " \n\t\u200b\u2800\n",
    "signs": "`*_~|<>[]()#-=\\" * 30,
    "number": "9" * 400,
}
"""What takes the place of each text."""
KEPT = frozenset(("alert.state", "alert.severity", "alert.started_at", "alert.fingerprint", "alert.name"))
"""Attributes that say which kind of record it is."""
FORBIDDEN = frozenset(("mention", "spoiler", "heading", "strike", "underline", "quote"))
"""What no built-in template makes of its own."""
SIMILAR = (
    "hostile",
    "folded",
    "fatal",
    "info",
    "debug",
    "trace",
    "exception-javascript",
    "exception-java",
    "members-raid",
)
SAMPLES = [each for each in samples() if each.name not in SIMILAR and each.steps[0].run is None]
pytestmark = pytest.mark.looptime(idle_timeout=4_000, idle_step=5)


def texts_in(value: AnyValue) -> Iterator[AnyValue]:
    match value.WhichOneof("value"):
        case "string_value":
            yield value
        case "array_value":
            for item in value.array_value.values:
                yield from texts_in(item)
        case "kvlist_value":
            for pair in value.kvlist_value.values:
                yield from texts_in(pair.value)


def spoiled(batch: LogsBatch, words: str) -> LogsBatch:
    """Return the batch with other words in its bodies, attributes and resources, and more that is deep and huge."""
    words = words.encode("utf-8", "replace").decode()
    for resource, scope, record in batch.records():
        places = [record.body, *(pair.value for pair in record.attributes if pair.key not in KEPT)]
        places += [pair.value for pair in resource.attributes]
        for place in places:
            for text in texts_in(place):
                text.string_value = words
        scope.name = record.severity_text = words[:500]
        record.attributes.add(key=words[:2_000] or "k").value.string_value = words
        record.attributes.add(key="huge").value.double_value = 1.7e308
        record.attributes.add(key="nan").value.double_value = float("nan")
        record.attributes.add(key="int").value.int_value = -(2**63)
        deep = record.attributes.add(key="deep").value
        for _ in range(60):
            pair = deep.kvlist_value.values.add(key=words[:40] or "k")
            deep = pair.value
        deep.string_value = words
    return batch


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            if key not in ("url", "icon_url", "proxy_url", "footer", "author"):
                yield from texts_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_of(each)


async def told(scenario: Scenario, words: str, preset: str) -> FakeDiscord:
    fake = FakeDiscord(channel_limit=None)
    keys: dict[str, Any] = {"render": {"preset": preset}, "fold": {"enabled": True}, "min_severity": "TRACE"}
    clock = asyncio.get_running_loop().time

    def wall_clock() -> float:
        return BEGINNING_S + clock()

    begun_ns = int(wall_clock() * 1e9)
    async with running(fake, rate_limit={"channel_messages_per_minute": 0}, wall_clock=wall_clock, **keys) as rig:
        for step in scenario.steps:
            await asyncio.sleep(step.after_s)
            batch = step.batch(int(wall_clock() * 1e9), begun_ns)
            if isinstance(batch, LogsBatch):
                await rig.exporter.consume(spoiled(batch, words))
                await rig.exporter.flushed()
    return fake


@pytest.mark.parametrize("preset", ["compact", "standard", "full", "plain"])
@pytest.mark.parametrize("words", WORDS)
async def test_hostile_words_in_every_kind_are_taken_and_stay_text(preset: str, words: str) -> None:
    for scenario in SAMPLES:
        fake = await told(scenario, WORDS[words], preset)
        assert fake.messages, scenario.name
        assert fake.violations == [], (scenario.name, fake.messages[-1])
        assert {exchange.status for exchange in fake.exchanges} <= {200, 204}, scenario.name
        assert_nobody_pinged(fake)
        for message in fake.messages:
            for text in texts_of([message.content, message.embeds]):
                live = [part for part in live_parts(text) if part.kind in FORBIDDEN or "://evil.example" in part.text]
                live = [part for part in live if part.kind not in ("fence", "code", "bold")]
                assert live == [], (scenario.name, text[:500])
