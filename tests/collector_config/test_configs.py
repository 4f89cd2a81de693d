"""Every file in collector-config/ does what it is there for: loaded, run as a process, and logs arrive in Discord."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import grpc.aio
import pytest
import yaml
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import (
    LogsServiceServicer,
    LogsServiceStub,
    add_LogsServiceServicer_to_server,
)

from otel_discord.service.config_file import load_configuration
from otel_discord.service.registry import Registry
from otel_discord.testing.fake_discord import FakeDiscord, FakeWebhook, serve_fake_discord
from otel_discord.testing.otlp import logs_request

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "collector-config"
TOKEN = "a-token-of-this-test"
RUNS_TOKEN = "a-token-of-this-test"
BOT_TOKEN = "made-up.token-of-a-bot.for-this-test"
TIMEOUT_S = 20.0
SEVERITIES = {"debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}
PROMETHEUS = "[{pull: {exporter: {prometheus: {host: localhost, port: 0}}}}]"


@dataclass(frozen=True)
class Case:
    """A file, and for each variable with a webhook's URL the lowest severity that is to arrive there."""

    file: str
    arrives_from: Mapping[str, str]
    extra: Mapping[str, str] | None = None


CASES = [
    Case("minimal.yaml", {"DISCORD_WEBHOOK_URL": "warn"}),
    Case("behind-the-collector.yaml", {"DISCORD_WEBHOOK_URL": "error"}, {"OTEL_DISCORD_TOKEN": TOKEN}),
    Case("tee-to-the-collector.yaml", {"DISCORD_WEBHOOK_URL": "error"}),
    Case("durable.yaml", {"DISCORD_WEBHOOK_URL": "warn"}),
    Case(
        "routing-by-severity.yaml",
        {"WEBHOOK_INFO_URL": "info", "WEBHOOK_ERROR_URL": "error", "WEBHOOK_ONCALL_URL": "fatal"},
    ),
    Case("processors-of-the-collector.yaml", {"DISCORD_WEBHOOK_URL": "info"}),
    Case("spans-to-logs.yaml", {"DISCORD_WEBHOOK_URL": "warn"}),
    Case("threshold.yaml", {"DISCORD_WEBHOOK_URL": "warn"}),
    Case("heartbeat.yaml", {"DISCORD_WEBHOOK_URL": "warn"}),
    Case("status-page.yaml", {"DISCORD_WEBHOOK_URL": "warn"}),
    Case(
        "run-channels.yaml", {"DISCORD_WEBHOOK_URL": "warn"}, {"DISCORD_BOT_TOKEN": BOT_TOKEN, "RUNS_TOKEN": RUNS_TOKEN}
    ),
    Case("filter-and-route.yaml", {"DISCORD_WEBHOOK_URL": "warn", "WEBHOOK_ONCALL_URL": "fatal"}),
    Case("from-environment.yaml", {"WEBHOOK_ERROR_URL": "warn"}),
    Case(
        "from-environment.yaml",
        {"WEBHOOK_ERROR_URL": "error", "WEBHOOK_INFO_URL": "info"},
        {"WEBHOOK_ERROR_MIN_SEVERITY": "ERROR", "WEBHOOK_INFO_MIN_SEVERITY": "INFO", "WEBHOOK_BATCH_SIZE": "5"},
    ),
]


RUN_ELSEWHERE = {"alertmanager.yaml", "db-storage.yaml", "fleet-with-spool.yaml", "host-metrics.yaml"}
"""By test_alert_sources.py, since they take no OTLP, and by test_db_storage.py, since it needs a server."""


def configurations() -> set[str]:
    """Every YAML file that is a configuration of the service."""
    found = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.y*ml")}
    return {each for each in found if "service" in yaml.safe_load((FOLDER / each).read_text(encoding="utf-8"))}


def test_each_configuration_is_run() -> None:
    assert {case.file for case in CASES} | RUN_ELSEWHERE == configurations()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}-{len(case.extra or {})}")
async def test_it_runs_and_logs_arrive(case: Case, start: Callable[..., Any], tmp_path: Path) -> None:
    fake = FakeDiscord("unlimited")
    hooks = {variable: fake.add_webhook() for variable in case.arrives_from}
    fake.add_guild(bot=fake.add_bot(BOT_TOKEN))
    path = FOLDER / case.file
    async with serve_fake_discord(fake) as discord, next_collector() as next_one:
        urls = {variable: discord.webhook_url(hook) for variable, hook in hooks.items()}
        places = {"NEXT_COLLECTOR": next_one.address, "STORAGE_DIRECTORY": str(tmp_path / "storage")}
        environment = {**urls, **(case.extra or {}), **places}
        service = start(["--config", str(path), *moved(path, discord.endpoint)], environment)
        await asyncio.to_thread(service.wait_until_ready)
        await send(service.endpoints)
        names = [f"{name} over {way}" for way in ways(service.endpoints) for name in SEVERITIES]
        expected = {variable: reaching(names, lowest) for variable, lowest in case.arrives_from.items()}
        await until(lambda: all(arrived(hooks[each], fake) == titles for each, titles in expected.items()))
        if "tee" in case.file:
            await until(lambda: sorted(next_one.bodies) == sorted(names))
        await healthy(service.endpoints)
        assert await asyncio.to_thread(service.stop) == 0
    fake.assert_clean()
    assert {each: arrived(hooks[each], fake) for each in expected} == expected
    for hook in hooks.values():
        assert hook.token not in service.log


def moved(path: Path, endpoint: str) -> list[str]:
    """Return ``--set`` for everything that must not be as in the file here: Discord's address, and ports."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    senders = [each for each in data["exporters"] if each.partition("/")[0] == "discord"]
    sets = [f"exporters.{each}.endpoint={endpoint}" for each in senders]
    sets += [f"exporters.{each}.allow_insecure_endpoint=true" for each in senders]
    sets += [f"receivers.otlp.protocols.{each}.endpoint=localhost:0" for each in data["receivers"]["otlp"]["protocols"]]
    if "run_channels" in data.get("extensions", {}):
        sets += [f"extensions.run_channels.discord_endpoint={endpoint}"]
        sets += ["extensions.run_channels.allow_insecure_endpoint=true"]
    shown = {"health_check", "run_channels", "status_page"} & set(data.get("extensions", {}))
    sets += [f"extensions.{each}.endpoint=localhost:0" for each in sorted(shown)]
    sets.append(f"service.telemetry.metrics.readers={PROMETHEUS}")
    return [argument for each in sets for argument in ("--set", each)]


def ways(endpoints: Mapping[str, str]) -> list[str]:
    return [way for way in ("grpc", "http") if f"otlp {way}" in endpoints]


async def send(endpoints: Mapping[str, str]) -> None:
    """Send one record of each severity by each way in, as a client with the right token."""
    assert ways(endpoints)
    for way in ways(endpoints):
        for name, severity in SEVERITIES.items():
            request = logs_request(body=f"{name} over {way}", severity=severity)
            if way == "grpc":
                async with grpc.aio.insecure_channel(endpoints["otlp grpc"]) as channel:
                    stub = LogsServiceStub(channel)
                    await stub.Export(request, timeout=TIMEOUT_S, metadata=[("authorization", f"Bearer {TOKEN}")])
            else:
                headers = {"Content-Type": "application/x-protobuf"}
                address = f"http://{endpoints['otlp http']}/v1/logs"
                async with (
                    aiohttp.ClientSession() as session,
                    session.post(address, data=request.SerializeToString(), headers=headers) as response,
                ):
                    assert response.status == 200


def reaching(names: list[str], lowest: str) -> list[str]:
    return sorted(each for each in names if SEVERITIES[each.split()[0]] >= SEVERITIES[lowest])


def arrived(hook: FakeWebhook, fake: FakeDiscord) -> list[str]:
    """Return the texts of the cards that a webhook has, whatever their preset makes around them."""
    shown = [
        text
        for message in fake.messages
        if message.webhook_id == hook.id
        for text in [message.content, *(embed.get("title", "") for embed in message.embeds)]
    ]
    return sorted(found for text in shown for found in re.findall(r"\w+ over \w+", text))


async def until(done: Callable[[], bool]) -> None:
    """Wait for something that is to be; the assertions after it say what is not."""
    deadline_s = asyncio.get_running_loop().time() + TIMEOUT_S
    while not done() and asyncio.get_running_loop().time() < deadline_s:
        await asyncio.sleep(0.02)


async def healthy(endpoints: Mapping[str, str]) -> None:
    async with aiohttp.ClientSession() as session:
        for name, address in endpoints.items():
            if name.startswith(("health_check", "metrics")):
                page = "/metrics" if name.startswith("metrics") else "/"
                async with session.get(f"http://{address}{page}") as response:
                    assert response.status == 200


class NextCollector(LogsServiceServicer):  # type: ignore[misc]
    """The collector that `tee-to-the-collector.yaml` passes everything on to."""

    def __init__(self) -> None:
        self.address = ""
        self.bodies: list[str] = []

    async def Export(self, request: Any, context: Any) -> ExportLogsServiceResponse:  # noqa: N802 - gRPC's name
        for resource in request.resource_logs:
            for scope in resource.scope_logs:
                self.bodies += [record.body.string_value for record in scope.log_records]
        return ExportLogsServiceResponse()


@asynccontextmanager
async def next_collector() -> AsyncIterator[NextCollector]:
    servicer = NextCollector()
    server = grpc.aio.server()
    add_LogsServiceServicer_to_server(servicer, server)
    servicer.address = f"localhost:{server.add_insecure_port('localhost:0')}"
    await server.start()
    try:
        yield servicer
    finally:
        await server.stop(None)


# ------------------------------------------------------------------------------------------------- wrong credentials
async def test_behind_the_collector_nobody_enters_without_the_token(start: Callable[..., Any]) -> None:
    fake = FakeDiscord("unlimited")
    hook = fake.add_webhook()
    path = FOLDER / "behind-the-collector.yaml"
    async with serve_fake_discord(fake) as discord:
        environment = {"DISCORD_WEBHOOK_URL": discord.webhook_url(hook), "OTEL_DISCORD_TOKEN": TOKEN}
        service = start(["--config", str(path), *moved(path, discord.endpoint)], environment)
        await asyncio.to_thread(service.wait_until_ready)
        async with grpc.aio.insecure_channel(service.endpoints["otlp grpc"]) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await LogsServiceStub(channel).Export(logs_request(), timeout=TIMEOUT_S)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert await asyncio.to_thread(service.stop) == 0
    assert not fake.messages


# ------------------------------------------------------------------------------------------------------- as delivered
@pytest.mark.parametrize("file", sorted(configurations()))
def test_it_is_good_as_it_is(file: str) -> None:
    needed = re.findall(r"\$\{env:(\w+)\}", (FOLDER / file).read_text(encoding="utf-8"))
    url = "https://discord.com/api/webhooks/123456789012345678/" + "a" * 68
    environment = {name: TOKEN if name.endswith("TOKEN") else url for name in needed}
    environment["DATABASE_URL"] = "postgres://telemetry@db.example/telemetry"
    load_configuration([str(FOLDER / file)], [], Registry.from_entry_points(), environment)
