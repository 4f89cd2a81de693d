"""Two replicas of the run channels over one real server: requests and telemetry at either door."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.component.destination_source import Tally
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.run_channels.extension import RunChannels
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.server import serve_fake_discord
from tests.extensions.db_storage.server import Server
from tests.extensions.db_storage.test_contract import config_of, opened
from tests.extensions.run_channels.city import TOKEN, City, House

HEADERS = {"Authorization": f"Bearer {TOKEN}", "User-Agent": "DiscordBot (https://example.org/tests, 1)"}


class _HouseWithStorage(House):
    def __init__(self, storage: Any) -> None:
        super().__init__()
        self._storage = storage

    def extension(self, component_id: str, protocol: Any) -> Any:
        return self._storage


@asynccontextmanager
async def replica(city: City, config: DbStorageConfig, **keys: Any) -> AsyncIterator[RunChannels]:
    async with opened(config) as storage:
        extension = city.extension(storage="db_storage", grpc_endpoint=None, drain_timeout="2s", **keys)
        async with extension.lifespan(_HouseWithStorage(storage)):
            yield extension


def url_of(extension: RunChannels) -> str:
    return f"http://{extension.endpoints['http']}/runs"


def resource_of(run_id: str) -> Resource:
    resource = Resource()
    pair = resource.attributes.add()
    pair.key = "run.id"
    pair.value.string_value = run_id
    return resource


async def made(session: aiohttp.ClientSession, extension: RunChannels, body: Any) -> tuple[int, Any]:
    async with session.post(url_of(extension), json=body) as answer:
        return answer.status, await answer.json()


async def test_a_run_passes_through_the_hands_of_three_replicas(server: Server, schema: str, tmp_path: Path) -> None:
    config = config_of(server, schema, tmp_path, lease="3s")
    async with (
        serve_fake_discord(FakeDiscord()) as fake,
        aiohttp.ClientSession(headers=HEADERS) as session,
        AsyncExitStack() as stack,
    ):
        city = City(fake)
        replicas = [await stack.enter_async_context(replica(city, config)) for _ in range(3)]
        answers = await asyncio.gather(*(made(session, each, city.new()) for each in replicas))
        assert sorted(status for status, _ in answers) == [200, 200, 201]
        assert len({body["webhookUrl"] for _, body in answers}) == 1
        run_id, channel_id = answers[0][1]["runId"], answers[0][1]["channelId"]
        await asyncio.sleep(1.0)
        for each in replicas:
            name = each.destination_of(resource_of(run_id))
            assert name == f"run/{run_id}"
            each.counted(name, Tally(records=10))
        await asyncio.sleep(4.5)
        for each in replicas:
            async with session.get(f"{url_of(each)}/{channel_id}") as answer:
                body = await answer.json()
            assert body["state"] == "running"
            assert body["records"] == 30
        async with session.post(f"{url_of(replicas[2])}/{channel_id}/finalize", json={"outcome": "success"}) as answer:
            assert (answer.status, (await answer.json())["status"]) == (202, "archived")
        await asyncio.sleep(1.0)
        assert not any(each.destinations() for each in replicas)
        assert len([each for each in city.guild.channels if "otel-discord.run1." in each.topic]) == 1
        fake.fake.assert_clean()


async def test_who_leads_is_followed_when_its_lease_is_over(server: Server, schema: str, tmp_path: Path) -> None:
    config = config_of(server, schema, tmp_path, lease="2s")
    holder_of = f"SELECT holder FROM {schema}.leases WHERE name LIKE 'leader of %'"
    async with serve_fake_discord(FakeDiscord()) as fake, aiohttp.ClientSession(headers=HEADERS) as session:
        city = City(fake)
        async with replica(city, config) as one, replica(city, config) as two:
            with psycopg.connect(server.url, autocommit=True) as connection:
                first = connection.execute(holder_of).fetchall()
                connection.execute(f"UPDATE {schema}.leases SET until = 'epoch' WHERE name LIKE 'leader of %'")
                async with asyncio.timeout(20):
                    while connection.execute(holder_of).fetchall() == first:
                        await asyncio.sleep(0.1)
                        connection.execute(f"UPDATE {schema}.leases SET until = 'epoch' WHERE fence = 1")
            answers = await asyncio.gather(*(made(session, each, city.new()) for each in (one, two)))
            assert sorted(status for status, _ in answers) == [200, 201], answers
        fake.fake.assert_clean()
