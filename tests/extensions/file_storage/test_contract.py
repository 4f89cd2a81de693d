"""The suites that every storage, and every extension, passes."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from otel_discord.component import Successor
from otel_discord.component.state_table import KeepsTables
from otel_discord.component.storage import KeepsState, Storage
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.extensions.file_storage.extension import FileStorage
from otel_discord.extensions.file_storage.factory import FACTORY
from otel_discord.testing.component_contract import check_component, check_failed_start
from otel_discord.testing.host import NopHost
from otel_discord.testing.storage_contract import StorageContract
from otel_discord.testing.storage_contract_tables import Reopen, TablesContract
from otel_discord.testing.telemetry import settings


@asynccontextmanager
async def opened(directory: str) -> AsyncIterator[FileStorage]:
    storage = FileStorage(settings("file_storage"), FileStorageConfig(directory=Path(directory), ballast_mib=1))
    async with storage.lifespan(NopHost()):
        yield storage


class TestFileStorage(StorageContract):
    @asynccontextmanager
    async def storage(self) -> AsyncIterator[Storage]:
        with tempfile.TemporaryDirectory() as directory:
            async with opened(directory) as storage:
                yield storage


class TestTables(TablesContract):
    @asynccontextmanager
    async def tables(self) -> AsyncIterator[KeepsTables]:
        with tempfile.TemporaryDirectory() as directory:
            async with opened(directory) as storage:
                yield storage

    @asynccontextmanager
    async def place_of_tables(self) -> AsyncIterator[Reopen]:
        with tempfile.TemporaryDirectory() as directory:
            yield lambda: opened(directory)


async def test_it_is_a_component(tmp_path: Path) -> None:
    config = FileStorageConfig(directory=tmp_path / "a" / "b")
    await check_component(lambda: FACTORY.create(settings("file_storage"), config))


async def test_a_failed_start_leaves_nothing_behind(tmp_path: Path) -> None:
    config = FileStorageConfig(directory=tmp_path / "missing", create_directory=False)
    message = await check_failed_start(lambda: FACTORY.create(settings("file_storage"), config))
    assert "create_directory" in message


def test_it_says_where_state_is_kept(tmp_path: Path) -> None:
    config = FileStorageConfig(directory=tmp_path)
    extension = FileStorage(settings("file_storage"), config)
    assert isinstance(config, KeepsState)
    assert isinstance(extension, KeepsState)
    assert config.state_directory == extension.state_directory == tmp_path


async def test_queues_are_refused_while_it_is_not_open(tmp_path: Path) -> None:
    from otel_discord.component.errors import StartError
    from otel_discord.testing.storage_contract import ROOMY

    extension = FileStorage(settings("file_storage"), FileStorageConfig(directory=tmp_path))
    with pytest.raises(StartError, match="service::extensions"):
        async with extension.open_queue("discord/logs", ROOMY):
            pass
    async with extension.lifespan(NopHost()), extension.open_queue("discord/logs", ROOMY):
        with pytest.raises(StartError, match="already open"):
            async with extension.open_queue("discord/logs", ROOMY):
                pass


def test_it_goes_on_with_what_is_in_its_directory(tmp_path: Path) -> None:
    before = FileStorage(settings("file_storage"), FileStorageConfig(directory=tmp_path / "a"))
    tuned = FileStorage(settings("file_storage"), FileStorageConfig(directory=tmp_path / "a", max_mib=100))
    moved = FileStorage(settings("file_storage"), FileStorageConfig(directory=tmp_path / "b"))
    assert isinstance(tuned, Successor)
    assert tuned.takes_over(before)
    assert not moved.takes_over(before)
