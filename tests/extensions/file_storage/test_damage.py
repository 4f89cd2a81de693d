"""Damage that SQLite meets in the middle of work: the file is set aside, and work goes on in a new one."""

import asyncio
import re
from pathlib import Path

import pytest

from otel_discord.component.storage import NewCard, Settlement
from otel_discord.extensions.file_storage.condition import State
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.extensions.file_storage.damaged_files import remove_old_sets, sets_to_remove
from otel_discord.extensions.file_storage.extension import FileStorage
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract import ROOMY
from otel_discord.testing.telemetry import InMemoryTelemetry, settings
from tests.extensions.file_storage import faulty_disk

DAY_S = 86_400.0


async def test_damage_met_at_work_is_set_aside_and_work_goes_on(tmp_path: Path, bench, disk, caplog):
    telemetry = InMemoryTelemetry()
    storage = FileStorage(
        settings("file_storage", telemetry), FileStorageConfig(directory=tmp_path, ballast_mib=0), vfs=disk.name
    )
    async with storage.lifespan(host := NopHost()), storage.open_queue("discord/logs", ROOMY) as queue:
        first = await queue.put(logs_batch(body="first"))
        batch = await queue.put(logs_batch(body="second"), priority=9)
        assert (await queue.take()).id == batch
        cards = await queue.route(batch, [NewCard("ops", 9, b"card")])

        def once() -> None:
            disk.on_write = None
            faulty_disk.corrupt()

        disk.on_write = once
        third = await queue.put(logs_batch(body="third"))
        assert [card.id for card in await queue.head("ops", 9)] == list(cards)
        await queue.settle(cards, Settlement.DELIVERED)
        assert [(await queue.take()).id for _ in range(2)] == [first, third]
        assert queue.size == 2
    aside = [path.name for path in tmp_path.iterdir() if ".corrupt-" in path.name]
    assert aside
    assert "damaged" in caplog.text
    assert telemetry.value("otel_discord_storage_damaged_files_total") == 1
    assert not [event for event in host.events if event.status.name in {"FATAL", "PERMANENT"}]


@pytest.mark.parametrize("copy", range(4))  # in a row, or in the index
async def test_text_with_a_flipped_bit_costs_that_row_at_most(tmp_path: Path, copy: int):
    def opened() -> FileStorage:
        return FileStorage(settings("file_storage"), FileStorageConfig(directory=tmp_path, ballast_mib=0))

    async with (storage := opened()).lifespan(NopHost()), storage.open_queue("discord/logs", ROOMY) as queue:
        await queue.adopt([NewCard("pager-duty", 0, body) for body in (b"one", b"two")])
    file = tmp_path / "file_storage.db"
    content = bytearray(file.read_bytes())
    places = [found.start() for found in re.finditer(b"pager-duty", content)]
    assert len(places) == 4
    content[places[copy]] ^= 0x80  # not UTF-8 any more
    file.write_bytes(content)
    async with (storage := opened()).lifespan(NopHost()), storage.open_queue("discord/logs", ROOMY) as queue:
        await queue.lanes()
        assert sum((await queue.waiting()).values()) in {1, 2}
        left = {card.payload for card in await queue.head("pager-duty", 9)}
        assert left
        assert left <= {b"one", b"two"}
        await queue.adopt([NewCard("pager-duty", 0, b"three")])
        assert {card.payload for card in await queue.head("pager-duty", 9)} == {*left, b"three"}


async def test_damage_that_comes_back_does_not_spin(bench, notes, disk):
    async with bench.opened() as database:
        await database.run(notes.create())
        disk.on_write = faulty_disk.corrupt
        outcomes = await asyncio.gather(*(database.run(notes.put()) for _ in range(8)), return_exceptions=True)
        assert {getattr(each, "reason", "") for each in outcomes} == {"storage_failed"}
        assert State.FAILING in bench.states
        disk.on_write = None
        await bench.until(lambda: bench.states[-1:] == [State.OK])
        await database.run(notes.create())
        await database.run(notes.put())
    assert len([path for path in bench.directory.iterdir() if ".corrupt-" in path.name]) < 12


def test_old_sets_go_and_the_newest_stays():
    sets = {"1": (0.0, 10), "2": (5 * DAY_S, 10), "3": (9 * DAY_S, 10)}
    now_s = 10 * DAY_S
    assert sets_to_remove(sets, now_s=now_s, retention_s=7 * DAY_S, max_bytes=0) == ["1"]
    assert sets_to_remove(sets, now_s=now_s, retention_s=0, max_bytes=20) == ["1"]
    assert sets_to_remove(sets, now_s=now_s, retention_s=1, max_bytes=1) == ["1", "2"]
    assert sets_to_remove(sets, now_s=now_s, retention_s=0, max_bytes=0) == []
    assert sets_to_remove({}, now_s=now_s, retention_s=1, max_bytes=1) == []


def test_removing_takes_all_files_of_a_set_and_no_other(tmp_path: Path):
    database = tmp_path / "file_storage.db"
    names = ["", "-wal", ".corrupt-20260101T000000Z", "-wal.corrupt-20260101T000000Z", ".corrupt-20260102T000000Z"]
    for name in names:
        database.with_name(database.name + name).write_bytes(b"x")
    now_s = database.stat().st_ctime
    removed = remove_old_sets(database, now_s=now_s + 2 * DAY_S, retention_s=DAY_S, max_bytes=0)
    assert len(removed) == 2
    assert {path.name.removeprefix(database.name) for path in tmp_path.iterdir()} == {"", "-wal", names[-1]}
