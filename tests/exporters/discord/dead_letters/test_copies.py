"""Readable copies of dead letters that are rows of the storage."""

import json
from pathlib import Path

import pytest

from otel_discord.exporters.discord.config import DeadLettersConfig
from tests.exporters.discord.dead_letters.desk_rig import desk_rig


async def test_readable_copies_follow_the_rows_also_after_a_crash(tmp_path: Path) -> None:
    async with desk_rig(tmp_path, on_disk=True) as rig:
        rig.upkeep.copies = None  # as if the process ended before they were written
        await rig.bury("a", "b")
    async with desk_rig(tmp_path, on_disk=True) as rig:
        await rig.upkeep.tidy()
        await rig.bury("c")
    lines = [
        json.loads(line) for path in (tmp_path / "letters").glob("*.jsonl") for line in path.read_text().splitlines()
    ]
    assert [(line["id"], line["text"], line["exporter"]) for line in lines] == [
        (1, "a", "discord"),
        (2, "b", "discord"),
        (3, "c", "discord"),
    ]


async def test_copies_that_cannot_be_written_cost_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "letters").touch()
    async with desk_rig(tmp_path, on_disk=True) as rig:
        await rig.bury("a")
        await rig.upkeep.tidy()
        assert await rig.texts() == ["a"]
    assert "copies of dead letters cannot be written" in caplog.text


async def test_files_are_beside_the_storage_unless_said_otherwise(tmp_path: Path) -> None:
    async with desk_rig(tmp_path, on_disk=True, config=DeadLettersConfig()) as rig:
        await rig.bury("a")
        await rig.upkeep.tidy()
    assert len(list((tmp_path / "storage" / "dead-letters").glob("*.jsonl"))) == 1
