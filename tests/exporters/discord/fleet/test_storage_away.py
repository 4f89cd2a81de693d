"""A real PostgreSQL that is not there: who asks hears soon, and in words, that it is the storage which is away."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from otel_discord.component import EVERY_LETTER, RetryableError
from otel_discord.component.dead_letters import ReplayRequest
from otel_discord.exporters.discord.fleet.exporter import FleetExporter
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.fleet.test_fleet_on_postgres import Street, street
from tests.extensions.db_storage import conftest as postgres
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
