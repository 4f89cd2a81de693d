"""A real PostgreSQL that is not there: who asks hears soon, and in words, that it is the storage which is away."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg

from otel_discord.component import EVERY_LETTER, RetryableError
from otel_discord.component.dead_letters import ReplayRequest
from otel_discord.component.maintenance import MaintenanceRequest
from otel_discord.component.silences import SilenceRequest
from otel_discord.exporters.discord.at_edges import UNSTORED
from otel_discord.exporters.discord.fleet.exporter import FleetExporter
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.fleet.test_fleet_on_postgres import Street, street
from tests.extensions.db_storage import conftest as postgres
from tests.extensions.db_storage.fleet_place import SHARDS
from tests.extensions.db_storage.server import Server

server = postgres.server
schema = postgres.schema

SOON_S = 10.0
Ask = Callable[[FleetExporter], Awaitable[Any]]


@asynccontextmanager
async def cut_off(server: Server, schema: str, tmp_path: Path, *names: str) -> AsyncIterator[Street]:
    """Run replicas, of which none reaches the server any more."""
    async with street(server, schema, tmp_path, FakeDiscord(), *names) as there:
        for process in there.processes.values():
            process.proxy.cut_off()
        try:
            yield there
        finally:
            for process in there.processes.values():
                process.proxy.let_back()


async def listed(exporter: FleetExporter) -> object:
    return [each async for each in exporter.dead_letters().letters(limit=50)]


async def replayed(exporter: FleetExporter) -> object:
    return [each async for each in exporter.dead_letters().replay(ReplayRequest())]


LETTERS: dict[str, Ask] = {
    "list": listed,
    "show": lambda exporter: exporter.dead_letters().letter(17),
    "replay": replayed,
    "purge": lambda exporter: exporter.dead_letters().purge(EVERY_LETTER),
    "bury": lambda exporter: exporter.dead_letters().bury_lane("nobody"),
}


async def timed(ask: Awaitable[Any]) -> tuple[Any, float]:
    began_s = time.monotonic()
    try:
        return await ask, time.monotonic() - began_s
    except RetryableError as error:
        return error, time.monotonic() - began_s


async def test_what_is_asked_ends_soon_and_names_the_storage(server: Server, schema: str, tmp_path: Path) -> None:
    async with cut_off(server, schema, tmp_path, "a", "b") as there:
        exporter = there.processes["a"].exporter
        for _ in ("it has just gone away", "it has been away for a while"):
            answers = await asyncio.gather(*(timed(ask(exporter)) for ask in LETTERS.values()))
            for verb, (said, took_s) in zip(LETTERS, answers, strict=True):
                assert isinstance(said, RetryableError), (verb, said)
                assert "the storage is away: " in str(said), (verb, said)
                assert " 0 s" not in str(said), (verb, said)
                assert took_s < SOON_S, (verb, took_s)
        refused, _ = await timed(exporter.consume(logs_batch(1)))
        assert isinstance(refused, RetryableError)
        assert refused.outside == "the storage is away"
        (sent, sent_s), (looked, looked_s) = await asyncio.gather(
            timed(exporter.send_test(None)), timed(exporter.check_online())
        )
        assert max(sent_s, looked_s) < SOON_S
        for each in (*sent, *looked):
            assert not each.ok
            assert each.text.startswith("the storage is away: "), each


async def test_what_is_muted_meanwhile_holds_here_and_says_that_it_is_not_stored(
    server: Server, schema: str, tmp_path: Path
) -> None:
    ends_ns = time.time_ns() + 600 * 10**9
    async with cut_off(server, schema, tmp_path, "a") as there:
        process = there.processes["a"]
        exporter = process.exporter
        began_s = time.monotonic()
        silences = [SilenceRequest(id=f"s{number}", matchers=("a=b",), ends_ns=ends_ns) for number in range(2)]
        window = MaintenanceRequest(name="deploy", for_s=600)
        *added, begun = await asyncio.gather(
            exporter.add_silence(silences[0]), exporter.add_silence(silences[1]), exporter.start_maintenance(window)
        )
        assert {each.remark for each in added} == {UNSTORED}
        assert begun.remark == UNSTORED
        expired, ended = await asyncio.gather(exporter.expire_silence("s1"), exporter.end_maintenance("deploy"))
        assert (expired.remark, ended.remark) == (UNSTORED, UNSTORED)
        assert [each.id for each in await exporter.silences()] == ["s0"]
        assert time.monotonic() - began_s < SOON_S
        process.proxy.let_back()
        await until_stored(server, schema, b'"s0"')
    with psycopg.connect(server.url) as connection:
        states = connection.execute(f"SELECT payload FROM {schema}.state WHERE key = 'mutes'").fetchall()
        assert not [value for (value,) in states if b"deploy" in value], "its end is stored as well"


async def until_stored(server: Server, schema: str, text: bytes) -> None:
    async with asyncio.timeout(15), await psycopg.AsyncConnection.connect(server.url, autocommit=True) as connection:
        while True:
            found = await connection.execute(f"SELECT payload FROM {schema}.state WHERE key = 'silences'")
            values = [value for (value,) in await found.fetchall()]
            if len(values) == SHARDS and all(text in value for value in values):
                return
            await asyncio.sleep(0.1)
