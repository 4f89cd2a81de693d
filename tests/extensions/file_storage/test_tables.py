"""Tables of components on a real disk: full, damaged, killed; and who may open one."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from otel_discord.component import failpoint
from otel_discord.component.errors import RetryableError, ShutdownError, StartError
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.extensions.file_storage.extension import FileStorage
from otel_discord.testing.host import NopHost
from otel_discord.testing.storage_contract import ROOMY
from otel_discord.testing.telemetry import InMemoryTelemetry, settings
from tests.extensions.file_storage import faulty_disk

OWNER = "run_channels"


def made(directory: Path, telemetry: InMemoryTelemetry | None = None, vfs: str = "") -> FileStorage:
    config = FileStorageConfig(directory=directory, ballast_mib=0, min_free_mib=0)
    return FileStorage(settings("file_storage", telemetry or InMemoryTelemetry()), config, vfs=vfs)


async def test_tables_are_refused_while_it_is_not_open(tmp_path: Path):
    extension = made(tmp_path)
    with pytest.raises(StartError, match="service::extensions"):
        async with extension.open_table(OWNER):
            pass
    async with extension.lifespan(NopHost()), extension.open_table(OWNER):
        with pytest.raises(StartError, match=r"table of run_channels is already open"):
            async with extension.open_table(OWNER):
                pass
        async with extension.open_table("run_channels/other"), extension.open_queue(OWNER, ROOMY):
            pass


async def test_a_table_that_outlives_its_storage_says_so(tmp_path: Path):
    extension = made(tmp_path)
    async with extension.lifespan(NopHost()):
        opened = extension.open_table(OWNER)
        table = await opened.__aenter__()
    with pytest.raises(ShutdownError):
        await table.put({"key": b"1"})
    await opened.__aexit__(None, None, None)


async def test_a_full_disk_refuses_changes_and_loses_nothing(tmp_path: Path, disk):
    extension = made(tmp_path, vfs=disk.name)
    async with extension.lifespan(NopHost()), extension.open_table(OWNER) as table:
        await table.put({"kept": b"1", "other": b"2"})
        disk.on_write = faulty_disk.full
        for change in (
            lambda: table.put({"kept": b"3", "new": b"x" * 50_000, "other": None}),
            lambda: table.swap("kept", b"1", b"3"),
        ):
            with pytest.raises(RetryableError) as refusal:
                await change()
            assert refusal.value.reason == "disk_full"
        assert dict(await table.items()) == {"kept": b"1", "other": b"2"}
        disk.on_write = None
        assert await table.swap("kept", b"1", b"3")
    async with (again := made(tmp_path)).lifespan(NopHost()), again.open_table(OWNER) as table:
        assert dict(await table.items()) == {"kept": b"3", "other": b"2"}


async def test_a_value_with_a_flipped_bit_is_left_out_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    async with (extension := made(tmp_path)).lifespan(NopHost()), extension.open_table(OWNER) as table:
        await table.put({"sound": b"a sound value", "damaged": b"a value to be damaged"})
    file = tmp_path / "file_storage.db"
    content = bytearray(file.read_bytes())
    content[content.index(b"a value to be damaged")] ^= 1
    file.write_bytes(content)
    telemetry = InMemoryTelemetry()
    async with (extension := made(tmp_path, telemetry)).lifespan(NopHost()), extension.open_table(OWNER) as table:
        assert dict(await table.items()) == {"sound": b"a sound value"}
        assert telemetry.value("otel_discord_storage_damaged_rows_total") == 1
        assert await table.get("damaged") is None
        assert telemetry.value("otel_discord_storage_damaged_rows_total") == 1
    assert "'damaged' is damaged" in caplog.text
    assert "to be damaged" not in caplog.text


async def test_tables_come_out_of_a_damaged_file(tmp_path: Path, disk):
    extension = made(tmp_path, vfs=disk.name)
    async with extension.lifespan(NopHost()), extension.open_table(OWNER) as table:
        await table.put({"before": b"1"})

        def once() -> None:
            disk.on_write = None
            faulty_disk.corrupt()

        disk.on_write = once
        await table.put({"after": b"2"})
        assert dict(await table.items()) == {"before": b"1", "after": b"2"}
    assert [path for path in tmp_path.iterdir() if ".corrupt-" in path.name]


async def test_changes_of_many_are_stored_with_few_syncs(tmp_path: Path, disk):
    extension = made(tmp_path, vfs=disk.name)
    async with extension.lifespan(NopHost()), extension.open_table(OWNER) as table:
        before = disk.syncs
        await asyncio.gather(*(table.put({f"{number}": b"x"}) for number in range(200)))
        assert disk.syncs - before < 100
        assert len(await table.items()) == 200


async def test_its_files_are_private(tmp_path: Path):
    old = os.umask(0)
    try:
        async with (extension := made(tmp_path / "made")).lifespan(NopHost()), extension.open_table(OWNER) as table:
            await table.put({"key": b"a secret"})
            assert {path.stat().st_mode & 0o777 for path in (tmp_path / "made").iterdir()} == {0o600}
            assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(old)


KILLED = """
import asyncio, sys
from pathlib import Path
from tests.extensions.file_storage.test_tables import OWNER, NopHost, made

async def main():
    storage = made(Path(sys.argv[1]))
    async with storage.lifespan(NopHost()), storage.open_table(OWNER) as table:
        await table.put({"a": b"1", "b": b"1"})
        await table.put({"a": b"2", "b": None, "c": b"2"})
        assert await table.swap("a", b"2", b"3")
        assert await table.swap("c", b"2", None)

asyncio.run(main())
"""
STEPS = (
    {},
    {"a": b"1", "b": b"1"},
    {"a": b"2", "c": b"2"},
    {"a": b"3", "c": b"2"},
    {"a": b"3"},
)


@pytest.mark.parametrize(
    ("place", "step"),
    [
        ("table_put.before_commit", 0),
        ("table_put.after_commit", 1),
        ("table_put.before_commit:2", 1),
        ("table_put.after_commit:2", 2),
        ("table_swap.before_commit", 2),
        ("table_swap.after_commit", 3),
        ("table_swap.before_commit:2", 3),
        ("table_swap.after_commit:2", 4),
    ],
)
async def test_what_was_killed_changed_all_or_nothing(tmp_path: Path, place: str, step: int):
    process = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        env={**os.environ, failpoint.VARIABLE: place},
        cwd=Path(__file__).parents[3],
        check=False,
        timeout=60,
    )
    assert process.returncode == -signal.SIGKILL
    async with (again := made(tmp_path)).lifespan(NopHost()), again.open_table(OWNER) as table:
        assert dict(await table.items()) == STEPS[step]
