"""Damaged files under dated names, the new one in their place: whatever step a crash hits."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from otel_discord.component import failpoint
from otel_discord.extensions.file_storage.open_mark import OpenMark
from otel_discord.extensions.file_storage.quarantine import (
    MOST_SETS,
    create_unfinished,
    exchange,
    set_aside_files,
    unfinished_path,
)
from otel_discord.extensions.file_storage.repair import Damage, quarantine_and_salvage, repair_if_damaged
from tests.extensions.file_storage.small_storage import NAME, copy, rows_in, write

NOW = datetime(2026, 3, 1, 12, 30, 45, tzinfo=UTC)

REPAIR = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from otel_discord.extensions.file_storage.repair import repair_if_damaged
repair_if_damaged(Path(sys.argv[1]), now=datetime(2026, 3, 1, tzinfo=UTC))
"""


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    path = tmp_path_factory.mktemp("storage") / NAME
    write(path, batches=20, checkpoint_at=10)
    return path


def damage(path):
    path.write_bytes(bytes(100) + path.read_bytes()[100:])


@pytest.mark.parametrize(
    "place",
    ["salvage.before_swap", "quarantine.renamed", "quarantine.renamed:2", "salvage.after_swap"],
)
def test_a_kill_at_any_step_loses_nothing(storage, tmp_path, place):
    path = copy(storage, tmp_path / "copy")
    before = rows_in(copy(storage, tmp_path / "read"))
    damage(path)
    process = subprocess.run(
        [sys.executable, "-c", REPAIR, str(path)],
        env={**os.environ, failpoint.VARIABLE: place},
        check=False,
        timeout=60,
    )
    assert process.returncode == -signal.SIGKILL
    if not path.exists():
        path.touch()  # the service makes a missing file before it looks
    report = repair_if_damaged(path, now=NOW)
    after = rows_in(path)
    assert {name: len(rows) for name, rows in after.items()} == {name: len(rows) for name, rows in before.items()}
    kept = {each.name.split(".corrupt-")[0] for _, each in set_aside_files(path)}
    assert kept == {NAME, f"{NAME}-wal"}
    if place.startswith("quarantine"):
        assert report.damage is Damage.INTERRUPTED
        assert report.log_lines()
    assert not [each for each in path.parent.iterdir() if ".salvage" in each.name]
    assert repair_if_damaged(path, now=NOW) is None


def test_files_are_for_their_owner_alone(storage, tmp_path):
    path = copy(storage, tmp_path / "copy")
    path.chmod(0o644)
    damage(path)
    report = repair_if_damaged(path, now=NOW)
    for each in (path, *report.set_aside):
        assert each.stat().st_mode & 0o777 == 0o600


def test_a_second_damage_within_the_same_second_overwrites_nothing(storage, tmp_path):
    path = copy(storage, tmp_path / "copy")
    first = quarantine_and_salvage(path, now=NOW)
    second = quarantine_and_salvage(path, now=NOW)
    assert not set(first.set_aside) & set(second.set_aside)
    assert all(each.exists() for each in (*first.set_aside, *second.set_aside))


def test_old_sets_are_bounded_in_number(tmp_path):
    path = tmp_path / NAME
    for day in range(MOST_SETS + 3):
        path.write_bytes(b"old")
        create_unfinished(path)
        exchange(path, now=NOW + timedelta(days=day))
    files = set_aside_files(path)
    assert len(files) == MOST_SETS
    assert files[-1][0] == (NOW + timedelta(days=MOST_SETS + 2)).strftime("%Y%m%dT%H%M%SZ")


def test_the_mark_of_an_open_file_goes_with_the_old_files(storage, tmp_path):
    path = copy(storage, tmp_path / "copy")
    OpenMark(path).set(NOW)
    damage(path)
    repair_if_damaged(path, now=NOW)
    assert OpenMark(path).since() is None


def test_a_salvage_that_finds_no_room_leaves_everything_as_it_is(storage, tmp_path, monkeypatch):
    path = copy(storage, tmp_path / "copy")
    damage(path)
    before = {each.name: each.read_bytes() for each in path.parent.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("otel_discord.extensions.file_storage.repair.salvage", full)
        with pytest.raises(OSError, match="No space"):
            repair_if_damaged(path, now=NOW)
    assert {each.name: each.read_bytes() for each in path.parent.iterdir()} == before
    assert not unfinished_path(path).exists()
    assert repair_if_damaged(path, now=NOW).found.saved["batches"] == 20
