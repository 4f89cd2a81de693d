"""Changes are seen however they are made, and a watch that fails ends nothing."""

import asyncio
import os
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from otel_discord.config.sources import fingerprint
from otel_discord.service.watch import directories_of, watch_files

SEEN_WITHIN_S = 5.0
SETTLED_S = 0.6


class Watched:
    """Counts changes; a test waits for them."""

    def __init__(self, files: Collection[Path]) -> None:
        self.files = fingerprint(files)
        self.count = 0

    async def changed(self) -> None:
        self.count += 1

    async def seen(self, count: int) -> None:
        async with asyncio.timeout(SEEN_WITHIN_S):
            while self.count < count:
                await asyncio.sleep(0.01)
        await asyncio.sleep(SETTLED_S)
        assert self.count == count


@asynccontextmanager
async def watching(*files: Path, look_every_s: float = 60, watched: Watched | None = None) -> AsyncIterator[Watched]:
    watched = watched or Watched(files)
    task = asyncio.create_task(watch_files(lambda: watched.files, watched.changed, look_every_s=look_every_s))
    await asyncio.sleep(0.3)  # until the watch is set
    try:
        yield watched
    finally:
        assert not task.done()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text("one")
    return file


async def test_written_in_place_many_times_is_one_change(file: Path) -> None:
    async with watching(file) as watched:
        for number in range(10):
            file.write_text(f"two {number}")
            await asyncio.sleep(0.01)
        await watched.seen(1)


async def test_replaced_by_rename_twice(file: Path) -> None:
    async with watching(file) as watched:
        for count, text in enumerate(("two", "three"), 1):
            beside = file.with_name("config.yaml~")
            beside.write_text(text)
            beside.rename(file)
            await watched.seen(count)


async def test_the_same_content_is_no_change(file: Path) -> None:
    async with watching(file) as watched:
        file.write_text("one")
        (file.parent / "other").write_text("two")
        os.utime(file)
        await watched.seen(0)


async def test_kubernetes_exchanges_a_link(tmp_path: Path) -> None:
    for version in ("1", "2", "3"):
        (tmp_path / f"..{version}").mkdir()
        (tmp_path / f"..{version}" / "config.yaml").write_text(version)
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "config.yaml").symlink_to("..data/config.yaml")
    async with watching(tmp_path / "config.yaml") as watched:
        for count, version in enumerate(("2", "3"), 1):
            (tmp_path / "..data_tmp").symlink_to(f"..{version}")
            (tmp_path / "..data_tmp").rename(tmp_path / "..data")
            await watched.seen(count)


async def test_a_new_configuration_names_other_files(file: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    other = tmp_path / "elsewhere" / "part.yaml"
    other.write_text("one")
    async with watching(file) as watched:
        watched.files = fingerprint([file, other])
        file.write_text("two")
        await watched.seen(1)
        other.write_text("two")
        await watched.seen(2)


async def test_a_change_from_before_the_watch_is_one_too(file: Path) -> None:
    watched = Watched([file])
    file.write_text("two")
    async with watching(watched=watched):
        await watched.seen(1)


async def test_a_file_that_goes_and_comes_back(file: Path) -> None:
    async with watching(file) as watched:
        file.unlink()
        await watched.seen(1)
        file.write_text("one")
        await watched.seen(2)


async def test_a_watch_that_cannot_be_set_is_a_warning(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr("watchfiles.awatch", refuse)
    async with watching(file, look_every_s=0.05) as watched:
        file.write_text("two")
        await watched.seen(1)
    assert caplog.text.count("OS file watch limit reached") == 1


async def test_where_there_are_no_events_it_is_looked_at(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("otel_discord.service.watch.directories_of", lambda _: frozenset({Path("/proc/self")}))
    async with watching(file, look_every_s=0.2) as watched:
        file.write_text("two")
        await watched.seen(1)


def test_directories(tmp_path: Path) -> None:
    real = tmp_path.resolve() / "real"
    real.mkdir()
    (real / "config.yaml").write_text("")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "loop").symlink_to("loop")
    assert directories_of([tmp_path / "link" / "config.yaml"]) >= {tmp_path.resolve(), real}
    assert directories_of([tmp_path / "none" / "config.yaml"]) == frozenset()
    assert tmp_path in directories_of([tmp_path / "loop"])


async def test_a_file_that_is_added_to_a_directory_is_a_change(tmp_path: Path) -> None:
    directory = tmp_path / "templates"
    directory.mkdir()
    async with watching(directory) as watched:
        (directory / "new.yaml").write_text("title: new")
        await watched.seen(1)
        watched.files = fingerprint([directory, directory / "new.yaml"])
        (directory / "new.yaml").unlink()
        await watched.seen(2)
