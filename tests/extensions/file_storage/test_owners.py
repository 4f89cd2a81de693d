"""Work whose exporter was renamed or removed: kept, and said, so that nobody takes it for sent."""

import asyncio

import pytest

from otel_discord.extensions.file_storage import extension as extension_module
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.extensions.file_storage.extension import FileStorage
from otel_discord.extensions.file_storage.owners import Waiting
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract import ROOMY
from otel_discord.testing.telemetry import settings


def test_only_what_nobody_has_opened_is_named():
    waiting = Waiting({"discord/logs": 2}, {"discord/logs": 1, "discord/two/logs": 1234})
    assert waiting.unclaimed({"discord/logs", "discord/two/logs"}) == []
    [sentence] = waiting.unclaimed({"discord/logs"})
    assert "0 batches and 1,234 cards of discord/two/logs wait here" in sentence
    assert str(waiting) == "2 batches and 1,235 cards waiting for discord/logs, discord/two/logs"
    assert str(Waiting({}, {})) == "0 batches and 0 cards waiting"


@pytest.mark.parametrize(("name", "said"), [("discord/logs", False), ("discord/renamed/logs", True)])
async def test_after_a_start_it_is_said_once(tmp_path, caplog, monkeypatch, name, said):
    monkeypatch.setattr(extension_module, "ALL_OPENED_S", 0.2)

    def opened() -> FileStorage:
        return FileStorage(settings("file_storage"), FileStorageConfig(directory=tmp_path, ballast_mib=0))

    async with (storage := opened()).lifespan(NopHost()), storage.open_queue("discord/logs", ROOMY) as queue:
        await queue.put(logs_batch())
    async with (storage := opened()).lifespan(NopHost()), storage.open_queue(name, ROOMY):
        await asyncio.sleep(0.5)
    assert ("1 batch and 0 cards of discord/logs wait here" in caplog.text) is said


async def test_of_a_store_that_is_to_be_moved_nothing_is_said(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(extension_module, "ALL_OPENED_S", 0.2)
    config = FileStorageConfig(directory=tmp_path, ballast_mib=0)
    async with (
        (storage := FileStorage(settings("file_storage"), config)).lifespan(NopHost()),
        storage.open_queue("discord/logs", ROOMY) as queue,
    ):
        await queue.put(logs_batch())
    async with (
        (storage := FileStorage(settings("file_storage"), config)).lifespan(NopHost()),
        storage.whole_store(),
    ):
        await asyncio.sleep(0.5)
    assert "no exporter of that name" not in caplog.text
