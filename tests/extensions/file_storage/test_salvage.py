"""Damage of every kind: afterwards SQLite opens what is there, the rows that survive are in it, none is invented."""

import random
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.extensions.file_storage.database_file import APPLICATION_ID
from otel_discord.extensions.file_storage.page_size import guess_page_size
from otel_discord.extensions.file_storage.repair import (
    Damage,
    RepairReport,
    quarantine_and_salvage,
    repair_if_damaged,
)
from otel_discord.store.rows import SALVAGEABLE, seal
from otel_discord.store.schema import CARDS, POSTED, SCHEMA_VERSION
from tests.extensions.file_storage.small_storage import NAME, Rows, copy, rows_in, unsound, write
from tests.extensions.file_storage.small_storage import content as content_of

NOW = datetime(2026, 3, 1, 12, 30, 45, tzinfo=UTC)
IN_DOUBT = CARDS.columns.index("in_doubt")


@pytest.fixture(scope="module")
def in_log(tmp_path_factory) -> Path:
    """Half of it in the main file, half in the log."""
    path = tmp_path_factory.mktemp("log") / NAME
    write(path, batches=24, checkpoint_at=12)
    return path


@pytest.fixture(scope="module")
def in_main(tmp_path_factory) -> Path:
    """All of it in the main file."""
    path = tmp_path_factory.mktemp("main") / NAME
    write(path, batches=60, checkpoint_at=60)
    connection = apsw.Connection(str(path))
    connection.close()
    return path


@pytest.fixture(scope="module")
def written(in_log, in_main, tmp_path_factory) -> dict[Path, Rows]:
    return {path: rows_in(copy(path, tmp_path_factory.mktemp("read") / "copy")) for path in (in_log, in_main)}


def flip(path: Path, dice: random.Random, first: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[dice.randrange(first, len(data))] ^= 1 << dice.randrange(8)
    path.write_bytes(data)


def wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def mend(path: Path) -> tuple[RepairReport | None, Rows]:
    """Do what opening does."""
    report = repair_if_damaged(path, now=NOW)
    try:
        return report, rows_in(path)
    except (apsw.Error, UnicodeDecodeError):
        report = quarantine_and_salvage(path, now=NOW)
        return report, rows_in(path)


def lost(before: Rows, after: Rows) -> int:
    before, after = content_of(before), content_of(after)
    return sum(len(before[each.name] - after[each.name]) for each in SALVAGEABLE)


def invented(before: Rows, after: Rows) -> int:
    return lost(after, before)


def test_a_flipped_bit_in_the_log_costs_at_most_the_row_it_hit(in_log, written, tmp_path):
    before, dice, alarms = written[in_log], random.Random(1), 0
    for _ in range(60):
        path = copy(in_log, tmp_path / "copy")
        flip(wal(path), dice)
        report, after = mend(path)
        assert unsound(after) == 0
        if report is None:  # in the last transaction: looks like a crash
            continue
        alarms += 1
        assert lost(before, after) <= 1
        assert invented(before, after) <= 1, "an older version of the row that was hit"
        assert report.found.rejected >= lost(before, after) - invented(before, after)
        assert [each.name for each in report.set_aside] == [
            f"{NAME}-wal.corrupt-20260301T123045Z",
            f"{NAME}.corrupt-20260301T123045Z",
        ]
    assert alarms > 50


def test_a_flipped_bit_in_the_main_file_is_salvaged_where_sqlite_stumbles(in_main, written, tmp_path):
    before, dice = written[in_main], random.Random(2)
    for _ in range(200):
        path = copy(in_main, tmp_path / "copy")
        flip(path, dice)
        report, after = mend(path)
        assert lost(before, after) <= 1, "the one row, which the queue then buries or salvage counts"
        if report is not None:
            assert unsound(after) == 0
            assert invented(before, after) == 0


def test_salvage_of_a_file_with_one_flipped_bit_loses_one_row_at_most(in_main, written, tmp_path):
    before, dice = written[in_main], random.Random(3)
    for _ in range(150):
        path = copy(in_main, tmp_path / "copy")
        flip(path, dice)
        report = quarantine_and_salvage(path, now=NOW)
        after = rows_in(path)
        assert lost(before, after) <= 1
        assert report.found.rejected + report.found.unreadable_pages >= lost(before, after)
        assert invented(before, after) == unsound(after) == 0


def test_a_truncated_file_keeps_the_rows_of_the_pages_that_are_left(in_main, written, tmp_path):
    before, dice = written[in_main], random.Random(4)
    size = in_main.stat().st_size
    for _ in range(20):
        path = copy(in_main, tmp_path / "copy")
        left = dice.randrange(1, size)
        path.write_bytes(path.read_bytes()[:left])
        report, after = mend(path)
        assert report is not None
        assert report.damage in (Damage.TRUNCATED, Damage.HEADER)
        assert invented(before, after) == unsound(after) == 0
        assert sum(report.found.saved.values()) == sum(len(rows) for rows in after.values())
        if left > size * 0.9:
            assert len(after["batches"]) > 0


def test_a_main_file_that_shrank_loses_nothing_that_is_in_the_log(in_log, written, tmp_path):
    path = copy(in_log, tmp_path / "copy")
    path.write_bytes(path.read_bytes()[:-8192])
    report, after = mend(path)
    assert lost(written[in_log], after) <= 12
    assert report is None or report.damage is Damage.TRUNCATED


@pytest.mark.parametrize("ruin", [bytes(100), bytes(8192), random.Random(5).randbytes(8192), bytes(16)])
def test_without_its_first_page_every_row_is_found_by_its_checksum(in_main, written, tmp_path, ruin):
    before = written[in_main]
    path = copy(in_main, tmp_path / "copy")
    path.write_bytes(ruin + path.read_bytes()[len(ruin) :])
    report, after = mend(path)
    assert report.damage is Damage.HEADER
    assert lost(before, after) == invented(before, after) == 0
    assert len(after["cards"]) == 30
    assert all(row[IN_DOUBT] == 1 for row in after["cards"]), "they may have been delivered"
    assert report.found.in_doubt == 30


def test_a_flipped_bit_in_the_reserved_space_costs_no_row(in_main, written, tmp_path):
    for bit in range(8):
        path = copy(in_main, tmp_path / f"copy{bit}")
        content = bytearray(path.read_bytes())
        content[68:72] = APPLICATION_ID.to_bytes(4, "big")
        content[20] ^= 1 << bit
        path.write_bytes(content)
        report, after = mend(path)
        assert report.damage is Damage.HEADER
        assert lost(written[in_main], after) == 0


@pytest.mark.parametrize("content", [b"", b"x", random.Random(6).randbytes(50_000), bytes(100_000)])
def test_garbage_is_set_aside_and_a_new_file_is_there(tmp_path, content):
    path = tmp_path / NAME
    path.write_bytes(content)
    report, after = mend(path) if content else (repair_if_damaged(path, now=NOW), None)
    if not content:
        assert report is None
        return
    assert report.damage is Damage.HEADER
    assert report.set_aside[0].read_bytes() == content
    assert not any(rows for name, rows in after.items() if name != "meta")


def test_a_log_without_its_database_is_read_alone(tmp_path):
    path = tmp_path / "storage" / NAME
    path.parent.mkdir()
    write(path, batches=20)
    before = rows_in(copy(path, tmp_path / "read"))
    path.unlink()
    report, after = mend(path)
    assert report.damage is Damage.MISSING
    assert lost(before, after) == invented(before, after) == 0


def test_a_removed_log_is_no_reason_to_touch_the_database(in_log, tmp_path):
    path = copy(in_log, tmp_path / "copy")
    wal(path).unlink()
    report, after = mend(path)
    assert report is None
    assert len(after["batches"]) == 12


def test_absent_is_new(tmp_path):
    assert repair_if_damaged(tmp_path / NAME, now=NOW) is None
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_a_newer_version_or_another_program_is_left_alone(in_main, tmp_path):
    path = copy(in_main, tmp_path / "copy")
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", 99)
    connection.pragma("application_id", 1234)
    connection.close()
    before = path.read_bytes()
    assert repair_if_damaged(path, now=NOW) is None
    assert path.read_bytes() == before


def test_what_is_saved_can_be_counted_on_in_the_log_lines(in_main, tmp_path):
    path = copy(in_main, tmp_path / "copy")
    path.write_bytes(bytes(100) + path.read_bytes()[100:])
    lines = mend(path)[0].log_lines()
    assert ".corrupt-20260301T123045Z" in lines[0]
    assert "60 batches, 30 cards, 12 letters, 1 state, 10 messages, 10 posted" in lines[1]
    assert "30 cards may have been delivered" in lines[2]


def test_a_card_that_is_posted_does_not_wait_as_well(tmp_path):
    path = tmp_path / NAME
    write(path, batches=12, checkpoint_at=12)
    connection = apsw.Connection(str(path))
    row = seal(POSTED, (12, "o", "lane", 12, 2, 9, 1), b"posted")
    connection.execute(POSTED.insert, row)
    connection.close()
    report = quarantine_and_salvage(path, now=NOW)
    after = rows_in(path)
    assert row in after["posted"]
    assert {each[0] for each in after["cards"]} == {2, 4, 6, 8, 10}
    assert 12 not in {each[0] for each in after["batches"]}, "it has ended"
    assert report.found.rejected == 0


def test_a_damaged_file_of_the_first_version_is_saved_into_one_of_today(tmp_path):
    path = tmp_path / NAME
    write(path, batches=12, checkpoint_at=12)
    connection = apsw.Connection(str(path))
    for name in ("messages", "posted"):
        connection.execute(f"DROP TABLE {name}")
    connection.execute("UPDATE meta SET value = 1, mirror = -1 WHERE key = 'schema_version'")
    connection.close()
    before = {"messages": set(), "posted": set(), **_numbers_in(path, ("batches", "cards", "letters"))}
    path.write_bytes(bytes(100) + path.read_bytes()[100:])
    report, after = mend(path)
    assert report.damage is Damage.HEADER
    assert {name: {row[0] for row in after[name]} for name in before} == before
    assert ("schema_version", SCHEMA_VERSION, -SCHEMA_VERSION) in after["meta"]


def _numbers_in(path: Path, tables: tuple[str, ...]) -> dict[str, set[int]]:
    connection = apsw.Connection(str(path))
    try:
        return {name: {row[0] for row in connection.execute(f"SELECT id FROM {name}")} for name in tables}
    finally:
        connection.close()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_bytes_are_too_strange_and_nothing_is_invented(in_log, written, tmp_path_factory, data):
    everything = written[in_log]
    path = copy(in_log, tmp_path_factory.mktemp("any") / "copy")
    for file in (path, wal(path)):
        content = bytearray(file.read_bytes())
        for _ in range(data.draw(st.integers(0, 6))):
            at = data.draw(st.integers(0, max(0, len(content) - 1)))
            change = data.draw(st.binary(min_size=1, max_size=64)) * data.draw(st.sampled_from([1, 1, 40]))
            content[at : at + len(change)] = change
        file.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    report = quarantine_and_salvage(path, now=NOW)
    after = rows_in(path)
    assert unsound(after) == 0
    known = content_of(everything)["cards"]
    assert all(row in known for row in content_of(after)["cards"])
    assert len(after["batches"]) <= 24
    assert report.found.saved["cards"] == len(after["cards"])
    path.unlink()


@pytest.mark.parametrize("page_size", [1024, 4096, 8192, 16384, 65536])
def test_a_page_size_is_known_without_a_header(tmp_path, page_size):
    path = tmp_path / NAME
    connection = apsw.Connection(str(path))
    connection.pragma("page_size", page_size)
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)")
    dice = random.Random(7)
    bodies = [(dice.randbytes(dice.choice((30, 300, 3000, 30_000))),) for _ in range(300)]
    connection.executemany("INSERT INTO t (body) VALUES (?)", bodies)
    connection.execute("DELETE FROM t WHERE id % 5 = 0")
    connection.close()
    with path.open("rb") as file:
        assert guess_page_size(file) == page_size
