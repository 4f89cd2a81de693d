"""A real volume of 32 MiB that fills up."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from otel_discord.component.errors import RetryableError
from otel_discord.extensions.file_storage.condition import State

MIB = 1024 * 1024


@pytest.fixture
def small_volume(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "volume"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m,mode=0700", "tmpfs", str(place)], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def free_bytes(place: Path) -> int:
    status = os.statvfs(place)
    return status.f_bavail * status.f_frsize


def fill(place: Path, leave_bytes: int = 0) -> Path:
    path = place / "somebody-elses-file"
    with path.open("ab") as file:
        while (left := free_bytes(place) - leave_bytes) > 0:
            try:
                file.write(b"\1" * min(left, MIB))
                file.flush()
            except OSError:
                break
    return path


async def test_it_works_fills_up_and_recovers(small_volume, bench, notes):
    bench.__init__(small_volume)
    space = {"min_free_bytes": 256 * MIB, "ballast_bytes": 16 * MIB}
    async with bench.opened(**space) as database:
        await database.run(notes.create())
        ids = []
        with pytest.raises(RetryableError) as caught:  # noqa: PT012 - until it does
            for _ in range(1000):
                ids.append(await database.run(notes.put(b"n" * 50_000)))
        assert caught.value.reason == "disk_full"
        assert len(ids) > 100
        for each in ids:
            await database.run(notes.remove(each))
        await bench.until(lambda: bench.states[-1:] == [State.OK])
        await database.run(notes.put(b"fresh"))
        assert await database.run(notes.all()) == [b"fresh"]


async def test_on_a_disk_filled_by_others_waiting_work_still_ends(small_volume, bench, notes):
    bench.__init__(small_volume)
    async with bench.opened(min_free_bytes=256 * MIB, ballast_bytes=16 * MIB) as database:
        await database.run(notes.create())
        ids = [await database.run(notes.put(b"n" * 5_000)) for _ in range(800)]
        others = fill(small_volume)
        assert free_bytes(small_volume) == 0
        with pytest.raises(RetryableError, match="MiB"):  # noqa: PT012 - until it does
            for _ in range(1000):  # a full disk is noticed within a second
                await database.run(notes.put(b"n" * 20_000))
                await asyncio.sleep(0.01)
        for each in ids:
            await database.run(notes.remove(each))
        assert State.FULL in bench.states
        others.unlink()
        await bench.until(lambda: bench.states[-1:] == [State.OK])
        await database.run(notes.put(b"fresh"))
        assert (await database.run(notes.all()))[-1] == b"fresh"
        await bench.until(lambda: (small_volume / "file_storage.ballast").stat().st_size > 0)


async def test_it_starts_on_a_full_disk(small_volume, bench, notes):
    bench.__init__(small_volume)
    async with bench.opened(ballast_bytes=4 * MIB) as database:
        await database.run(notes.create())
        first = await database.run(notes.put(b"waiting"))
    others = fill(small_volume)
    async with bench.opened(ballast_bytes=4 * MIB, min_free_bytes=MIB) as database:
        assert await database.run(notes.all()) == [b"waiting"]
        await database.run(notes.remove(first))
        with pytest.raises(RetryableError):
            await database.run(notes.put(b"new"))
        others.unlink()
        await bench.until(lambda: bench.states[-1:] == [State.OK])
        await database.run(notes.put(b"fresh"))
