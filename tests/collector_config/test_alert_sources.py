"""The configurations that take alerts from elsewhere, or from the machine itself, run as processes."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from otel_discord.testing.fake_discord import FakeDiscord, serve_fake_discord

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "collector-config"
PAYLOADS = ROOT / "tests" / "receivers" / "alertmanager_webhook" / "payloads"
TIMEOUT_S = 20.0
PROMETHEUS = "service.telemetry.metrics.readers=[{pull: {exporter: {prometheus: {host: localhost, port: 0}}}}]"


def sets(*each: str) -> list[str]:
    return [argument for one in each for argument in ("--set", one)]


def shown(fake: FakeDiscord) -> str:
    return "\n".join(f"{message.content} {message.embeds}" for message in fake.messages)


async def until(done: Callable[[], bool]) -> None:
    deadline_s = asyncio.get_running_loop().time() + TIMEOUT_S
    while not done() and asyncio.get_running_loop().time() < deadline_s:
        await asyncio.sleep(0.02)


async def test_alerts_of_alertmanager_and_grafana_arrive(start: Callable[..., Any], tmp_path: Path) -> None:
    fake = FakeDiscord("unlimited")
    hook = fake.add_webhook()
    async with serve_fake_discord(fake) as discord:
        service = start(
            [
                *("--config", str(FOLDER / "alertmanager.yaml")),
                *sets(
                    f"exporters.discord.endpoint={discord.endpoint}",
                    "exporters.discord.allow_insecure_endpoint=true",
                    "receivers.alertmanager_webhook.endpoint=localhost:0",
                    "extensions.health_check.endpoint=localhost:0",
                    PROMETHEUS,
                ),
            ],
            {"DISCORD_WEBHOOK_URL": discord.webhook_url(hook), "STORAGE_DIRECTORY": str(tmp_path / "storage")},
        )
        await asyncio.to_thread(service.wait_until_ready)
        url = f"http://{service.endpoints['alertmanager_webhook http']}/"
        async with aiohttp.ClientSession() as session:
            for name in ("alertmanager_firing_and_resolved", "grafana_unified", "grafana_legacy_alerting"):
                async with session.post(url, data=(PAYLOADS / f"{name}.json").read_bytes()) as response:
                    assert response.status == 200
            async with session.post(url, data=b"nonsense") as response:
                assert response.status == 400
        expected = ("checkout answers 12 %", "db-1 uses 94.2 %", "Queue depth")
        await until(lambda: all(text in shown(fake) for text in expected))
        assert await asyncio.to_thread(service.stop) == 0
    fake.assert_clean()
    for text in expected:
        assert text in shown(fake)


async def test_a_machine_that_watches_itself_says_what_is_short(start: Callable[..., Any], tmp_path: Path) -> None:
    path = FOLDER / "host-metrics.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    rules = config["connectors"]["threshold"]["rules"]
    for rule in rules:  # as it stands, the machine would have to be short of something for minutes
        rule["for"] = "0s"
        rule["conditions"] = {"critical": ">= 0"}
        rule.pop("resolve")
    config["receivers"]["host_metrics"] |= {"collection_interval": "200ms", "initial_delay": "0s"}
    moved = tmp_path / "config.yaml"
    moved.write_text(yaml.safe_dump(config), encoding="utf-8")
    fake = FakeDiscord("unlimited")
    hook = fake.add_webhook()
    async with serve_fake_discord(fake) as discord:
        service = start(
            [
                *("--config", str(moved)),
                *sets(
                    f"exporters.discord.endpoint={discord.endpoint}",
                    "exporters.discord.allow_insecure_endpoint=true",
                    PROMETHEUS,
                ),
            ],
            {"DISCORD_WEBHOOK_URL": discord.webhook_url(hook)},
        )
        await asyncio.to_thread(service.wait_until_ready)
        expected = ("of its memory", "% full", "of its CPUs left")
        await until(lambda: all(text in shown(fake) for text in expected))
        assert await asyncio.to_thread(service.stop) == 0
    for text in expected:
        assert text in shown(fake), service.log
