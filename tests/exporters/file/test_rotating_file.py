"""When a file is set aside, under which name, and which ones go."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from otel_discord.exporters.file.rotating_file import RotatingFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.json"


def clock(step_s: float) -> Iterator[datetime]:
    now = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
    while True:
        yield now
        now += timedelta(seconds=step_s)


def open_file(path: Path, *, max_backups: int = 0, step_s: float = 1.0) -> RotatingFile:
    ticks = clock(step_s)
    return RotatingFile(path, append=True, max_bytes=10, max_backups=max_backups, clock=lambda: next(ticks))


def contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


def test_a_full_file_is_set_aside_and_chunks_stay_whole(path: Path) -> None:
    file = open_file(path)
    for chunk in (b"12345", b"67890", b"a", b"larger than all of it", b"b"):
        file.write(chunk, fsync=True)
    file.close()
    assert contents(path) == {
        "out-2026-01-31T23-59-59.000000.json": b"1234567890",
        "out-2026-02-01T00-00-00.000000.json": b"a",
        "out-2026-02-01T00-00-01.000000.json": b"larger than all of it",
        "out.json": b"b",
    }
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in path.parent.iterdir())


def test_the_oldest_go_and_strangers_stay(path: Path) -> None:
    strangers = {"out-notes.json", "out-2026-01-01.json", "outer-2026-01-31T23-59-59.000000.json"}
    for name in strangers:
        (path.parent / name).write_bytes(b"mine")
    file = open_file(path, max_backups=2)
    for number in range(6):
        file.write(b"%d-23456789" % number, fsync=False)
    file.close()
    found = contents(path)
    assert strangers <= found.keys()
    assert sorted(content[:1] for name, content in found.items() if name not in strangers) == [b"3", b"4", b"5"]


def test_two_in_one_moment_get_two_names(path: Path) -> None:
    file = open_file(path, step_s=0.0)
    for number in range(4):
        file.write(b"%d-23456789" % number, fsync=False)
    file.close()
    assert len(contents(path)) == 4


def test_a_file_of_an_earlier_run_counts_towards_its_size(path: Path) -> None:
    path.write_bytes(b"12345678")
    file = open_file(path)
    file.write(b"abc", fsync=False)
    file.close()
    assert sorted(contents(path).values()) == [b"12345678", b"abc"]
