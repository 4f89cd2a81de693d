"""The server's volume is full: a small file system of its own, filled to the last page, under a running queue."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from otel_discord.component import Status
from otel_discord.component.errors import RetryableError
from otel_discord.component.storage import NewCard, Settlement, WorkQueue
from otel_discord.config import Secret
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import OWNER, ROOMY
from otel_discord.testing.telemetry import settings
from tests.extensions.db_storage.conftest import drop
from tests.extensions.db_storage.server import NOBODY, Server
from tests.extensions.db_storage.traffic import run_traffic

VOLUME_BYTES = 4 << 20


@pytest.fixture
def volume(server: Server) -> Iterator[Path]:
    """A tablespace on a file system of its own; the database's tables come into it as long as the test runs."""
    place = Path(server.directory) / "volume"
    place.mkdir()
    mounted = shutil.which("mount") and os.geteuid() == 0
    if (
        not mounted
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={VOLUME_BYTES}", "tmpfs", str(place)],
            capture_output=True,
            check=False,
        ).returncode
    ):
        place.rmdir()
        pytest.skip("a file system of one's own cannot be mounted here")
    try:
        shutil.chown(place, NOBODY)
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
            yield place
            connection.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False, timeout=20)
        place.rmdir()


@pytest.fixture
def small(server: Server, schema: str, volume: Path, tmp_path: Path) -> Iterator[DbStorage]:
    url = f"{server.url}?options=-cdefault_tablespace%3Dsmall"
    yield DbStorage(
        settings("db_storage"), DbStorageConfig(datasource=Secret(url), schema_name=schema, directory=tmp_path)
    )
    drop(server, schema)


def fill(volume: Path) -> Path:
    """Take all the room there is, to the last page."""
    stopper = volume / "stopper"
    with stopper.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return stopper
    raise AssertionError("there is no end to it")


async def refusal(queue: WorkQueue) -> str:
    """Put until there is no room; return the reason."""
    try:
        for _ in range(200):
            await queue.put(logs_batch(body="x" * 5000))
    except RetryableError as error:
        return error.reason
    return ""


async def test_a_full_volume_refuses_what_is_new_and_loses_nothing(small: DbStorage, volume: Path) -> None:
    host = NopHost()
    async with small.lifespan(host), small.open_queue(OWNER, ROOMY) as queue:

        async def trouble() -> None:
            await asyncio.sleep(0.3)
            stopper = fill(volume)
            async with asyncio.timeout(20):
                while host.statuses[-1:] != [Status.RECOVERABLE]:
                    await asyncio.sleep(0.02)
            assert await refusal(queue) == "disk_full"
            await asyncio.sleep(1.0)
            stopper.unlink()

        account = await run_traffic(queue, trouble)
        account.check()
        assert account.refused > 0
        assert host.statuses[-1] is Status.OK


async def test_what_waits_can_still_be_sent(small: DbStorage, volume: Path) -> None:
    async with small.lifespan(NopHost()), small.open_queue(OWNER, ROOMY) as queue:
        for number in range(50):
            taken_id = await queue.put(logs_batch(body=f"{number}" * 500))
            taken = await queue.take()
            assert taken.id == taken_id
            await queue.route(taken_id, [NewCard("ops", 0, f"{number}".encode())])
        stopper = fill(volume)
        assert await refusal(queue) == "disk_full"
        delivered = []
        async with asyncio.timeout(30):
            while cards := await queue.head("ops", 10):
                ids = [card.id for card in cards]
                await queue.mark_sending(ids)
                await queue.settle(ids, Settlement.DELIVERED)
                delivered += [card.payload.decode() for card in cards]
        assert delivered == [f"{number}" for number in range(50)]
        stopper.unlink()
