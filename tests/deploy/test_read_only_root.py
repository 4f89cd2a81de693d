"""The image's configuration runs on a file system that is read-only but for its volume; no container needed."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from otel_discord.testing.fake_discord import FakeDiscord, serve_fake_discord
from tests.collector_config.conftest import Service
from tests.collector_config.test_configs import arrived, moved, send, until
from tests.deploy.placed import DEPLOY, TIMEOUT_S

HELD = 'mount --bind "$0" "$0" && mount -o remount,bind,ro / && ! touch /tmp/written 2>/dev/null && exec "$@"'
"""With what follows it: everything is read-only except one directory; /tmp as well, which the image would have."""


def held(volume: Path, command: Sequence[str]) -> list[str]:
    return ["unshare", "--mount", "--map-root-user", "sh", "-euc", HELD, str(volume), *command]


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """The one directory that can be written to."""
    place = tmp_path / "volume"
    place.mkdir()
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    if subprocess.run(held(place, ["true"]), capture_output=True, timeout=30, check=False).returncode != 0:
        pytest.skip("mount namespaces are not allowed here")
    return place


async def test_it_runs_and_logs_arrive(volume: Path, tmp_path: Path) -> None:
    fake = FakeDiscord("unlimited")
    hook = fake.add_webhook()
    path = DEPLOY / "docker" / "config.yaml"
    async with serve_fake_discord(fake) as discord:
        (tmp_path / "webhook_url").write_text(discord.webhook_url(hook), encoding="utf-8")
        arguments = ["--config", str(path), *moved(path, discord.endpoint)]
        environment = {"SECRETS_DIRECTORY": str(tmp_path), "STORAGE_DIRECTORY": str(volume / "file_storage")}
        environment |= {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
        log_path = tmp_path / "log"
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                held(volume, [sys.executable, "-m", "otel_discord", *arguments]),
                stdout=log,
                stderr=log,
                env=environment,
                cwd=volume,
            )
        service = Service(process, log_path)
        try:
            await asyncio.to_thread(service.wait_until_ready)
            await send(service.endpoints)
            await until(lambda: len(arrived(hook, fake)) == 6)
        finally:
            code = await asyncio.wait_for(asyncio.to_thread(service.stop), TIMEOUT_S)
    assert code == 0, service.log
    assert len(arrived(hook, fake)) == 6  # warn, error and fatal, by each way in
    assert " ERROR " not in service.log
    assert (volume / "file_storage" / "file_storage.db").exists()
