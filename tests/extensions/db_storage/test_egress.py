"""Processes behind one address: together never above the whole, whatever is lost on the way; bans are everybody's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from otel_discord.component.egress import Claim, EgressAccount, Share, SharesEgress
from otel_discord.component.errors import RetryableError, StartError
from otel_discord.extensions.db_storage.config import DbStorageConfig, FleetConfig
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.testing.host import NopHost
from otel_discord.testing.telemetry import InMemoryTelemetry, settings
from tests.extensions.db_storage.server import Server

ENDPOINT = "https://discord.com/api/v10"
WHOLE = 45.0


def storage(server: Server, schema: str, egress: str = "") -> DbStorage:
    config = DbStorageConfig.model_validate(
        {"datasource": server.url, "schema_name": schema, "directory": "/tmp", "fleet": FleetConfig(egress=egress)}
    )
    return DbStorage(settings("db_storage", InMemoryTelemetry()), config)


@asynccontextmanager
async def accounts(
    server: Server, schema: str, *labels: str, endpoint: str = ENDPOINT
) -> AsyncIterator[list[EgressAccount]]:
    async with AsyncExitStack() as stack:
        opened = []
        for label in labels:
            store = storage(server, schema, label)
            assert isinstance(store, SharesEgress)
            await stack.enter_async_context(store.lifespan(NopHost()))
            opened.append(await stack.enter_async_context(store.open_egress(endpoint, WHOLE)))
        yield opened


async def renewed(account: EgressAccount, using: float, wanted: float, *, invalid: int = 0, valid: float = 3) -> Share:
    return await account.renew(Claim(using, wanted, invalid, valid))


async def test_one_alone_gets_everything_it_wants(server: Server, schema: str) -> None:
    async with accounts(server, schema, "") as (one,):
        assert (await renewed(one, 0, 0)).granted_per_s == 1.0 + 44.0 / 2
        assert (await renewed(one, 23, 8)).granted_per_s == 10.0 + 35.0 / 2
        assert (await renewed(one, 27.5, 100)).granted_per_s == WHOLE


async def test_a_newcomer_gets_its_part_once_the_other_has_stopped_using_it(server: Server, schema: str) -> None:
    async with accounts(server, schema, "", "") as (one, two):
        assert (await renewed(one, 0, 45)).granted_per_s == WHOLE
        assert (await renewed(two, 0, 45)).granted_per_s == 0
        assert (await renewed(one, 45, 45)).granted_per_s == 22.5
        assert (await renewed(two, 0, 45)).granted_per_s == 0, "the first may not have heard of it"
        assert (await renewed(one, 22.5, 45)).granted_per_s == 22.5
        assert (await renewed(two, 0, 45)).granted_per_s == 22.5


async def test_what_is_not_renewed_is_free_for_the_others(server: Server, schema: str) -> None:
    async with accounts(server, schema, "", "") as (one, two):
        await renewed(one, 0, 45, valid=0.5)
        assert (await renewed(two, 0, 45)).granted_per_s == 0
        await asyncio.sleep(0.6)
        assert (await renewed(two, 0, 45)).granted_per_s == WHOLE
        assert (await renewed(one, 45, 45)).granted_per_s == 0, "it was paused, and does not know"
    async with accounts(server, schema, "", "") as (one, two):
        assert (await renewed(two, 0, 45)).granted_per_s == WHOLE, "who left has freed its share"


async def test_another_address_or_endpoint_is_another_account(server: Server, schema: str) -> None:
    async with (
        accounts(server, schema, "north", "south") as (one, two),
        accounts(server, schema, "north", endpoint="https://example.com") as (three,),
    ):
        await one.tell_ban(60)
        for account in (one, two, three):
            assert (await renewed(account, 0, 45)).granted_per_s == WHOLE
        assert await two.ban_left_s() is await three.ban_left_s() is None


async def test_bans_and_refused_requests_are_everybodys(server: Server, schema: str) -> None:
    async with accounts(server, schema, "", "", "") as (one, two, three):
        assert await two.ban_left_s() is None
        await one.tell_ban(60)
        await two.tell_ban(10)
        left_s = await three.ban_left_s()
        assert left_s is not None
        assert 58 < left_s <= 60
        await one.tell_ban(None)
        assert await two.ban_left_s() is None
        await one.tell_ban(0)
        await asyncio.sleep(0.01)
        assert await two.ban_left_s() == 0.0
        await renewed(one, 0, 0, invalid=100, valid=0.01)
        await renewed(two, 0, 0, invalid=20)
        await asyncio.sleep(0.05)
        assert (await renewed(three, 0, 0, invalid=3)).invalid_elsewhere == 120, "also of one that died just now"


async def test_a_storage_that_is_away_says_so(own_server: Server, schema: str) -> None:
    async with accounts(own_server, schema, "") as (one,):
        await renewed(one, 0, 0)
        own_server.stop()
        with pytest.raises(RetryableError):
            await renewed(one, 1, 1)
        own_server.start()
        async with asyncio.timeout(20):
            while True:
                try:
                    await renewed(one, 0, 1)
                except RetryableError:
                    await asyncio.sleep(0.1)
                else:
                    break


async def test_not_before_it_is_open(server: Server, schema: str) -> None:
    with pytest.raises(StartError, match="is not open"):
        storage(server, schema).open_egress(ENDPOINT, WHOLE)
