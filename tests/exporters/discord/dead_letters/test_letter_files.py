"""Letters on disk: torn lines, several processes, bounds, and ids that are never used twice."""

import errno
import json
import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.component.storage import LetterFilter
from otel_discord.exporters.discord.dead_letters import letter_lines
from otel_discord.exporters.discord.dead_letters.file_names import (
    Bounds,
    LetterFile,
    file_name,
    letter_file,
    stem_of,
    too_many,
)
from otel_discord.exporters.discord.dead_letters.letter_files import LetterFiles
from otel_discord.exporters.discord.dead_letters.line import line_of
from tests.exporters.discord.dead_letters.test_line import payload_of

ROOMY = Bounds(256 * 1024 * 1024, 0.0)
NOW_S = 1_769_860_803.0


class Clock:
    def __init__(self) -> None:
        self.now_s = NOW_S

    def __call__(self) -> float:
        return self.now_s


def new_files(directory: Path, bounds: Bounds = ROOMY, clock: Clock | None = None) -> LetterFiles:
    return LetterFiles(directory / "letters", "discord", bounds, clock or Clock())


def line(text: str = "x", time_s: float = NOW_S) -> partial[bytes]:
    return partial(line_of, payload=payload_of(text, int(time_s * 1e9)), exporter="discord")


def ids(files: LetterFiles) -> list[int]:
    found: list[int] = []
    while page := files.page(after_id=found[-1] if found else 0, limit=3):
        found += [fields["id"] for fields in page]
    return found


def texts(files: LetterFiles) -> list[str]:
    return [fields["text"] for fields in files.page(limit=10_000)]


def test_nothing_is_created_before_the_first_letter(tmp_path: Path) -> None:
    files = new_files(tmp_path / "deep")
    assert ids(files) == []
    assert files.count() == 0
    assert files.expire() == 0
    assert files.remove({1}) == 0
    files.end([1], "replayed")
    with files.replaying() as alone:
        assert alone
    assert list(tmp_path.iterdir()) == []


def test_letters_are_private(tmp_path: Path) -> None:
    files = new_files(tmp_path)
    assert files.append([line()]).ids == (1,)
    files.end([1], "replayed")
    assert stat.S_IMODE(files.directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.directory.iterdir()} == {0o600}


def test_pages_and_filters(tmp_path: Path) -> None:
    files = new_files(tmp_path)
    files.append([line("a"), line("b"), line("c")])
    assert new_files(tmp_path).append([line("d")]).ids == (4,)
    assert ids(files) == [1, 2, 3, 4]
    assert texts(files) == ["a", "b", "c", "d"]
    assert [fields["id"] for fields in files.page(LetterFilter(ids=frozenset({2, 9})), limit=5)] == [2]
    assert files.count(LetterFilter(destinations=frozenset({"other"}))) == 0
    assert files.count() == 4


def test_what_was_sent_again_is_gone_also_for_others(tmp_path: Path) -> None:
    files = new_files(tmp_path)
    files.append([line(), line(), line()])
    files.end([2, 77], "replayed")
    assert ids(new_files(tmp_path)) == [1, 3]
    assert files.append([line()]).ids == (4,)
    word = json.loads(next(files.directory.glob("*.gone")).read_text().splitlines()[0])
    assert (word["id"], word["ended"]) == (2, "replayed")


@settings(max_examples=60)
@given(st.data())
def test_a_torn_end_costs_that_line_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    files = new_files(tmp_path_factory.mktemp("torn"))
    files.append([line("first"), line("second")])
    path = next(files.directory.glob("*.jsonl"))
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    ends = [end + 1 for end, byte in enumerate(whole) if byte == 10]
    left = sum(cut >= end - 1 for end in ends)  # the line is whole without its end, too
    assert ids(files) == list(range(1, left + 1))
    assert files.append([line("third")]).ids == (left + 1,)
    assert texts(new_files(files.directory.parent))[-1] == "third"
    assert len(ids(files)) == left + 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["append", "end", "remove", "expire"]), st.integers(1, 30)), max_size=25))
def test_any_order_of_steps(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]) -> None:
    """Two instances, as two processes would be, agree on what is there; ids are never used twice."""
    directory = tmp_path_factory.mktemp("steps")
    pair = [new_files(directory, Bounds(4 * 1024 * 1024, 0.0)), new_files(directory, Bounds(4 * 1024 * 1024, 0.0))]
    there: set[int] = set()
    ever: set[int] = set()
    for number, (step, value) in enumerate(steps):
        files = pair[number % 2]
        if step == "append":
            new = set(files.append([line(str(n)) for n in range(value % 4 + 1)]).ids)
            assert not new & ever
            ever |= new
            there |= new
        elif step == "end":
            files.end([value], "replayed")
            there.discard(value)
        elif step == "remove":
            assert files.remove({value, value + 1}) == len(there & {value, value + 1})
            there -= {value, value + 1}
        else:
            assert files.expire() == 0
        assert ids(pair[0]) == ids(pair[1]) == sorted(there)
        assert files.count() == len(there)


def test_ids_go_on_when_every_letter_was_removed(tmp_path: Path) -> None:
    files = new_files(tmp_path)
    files.append([line(), line()])
    assert files.remove({1, 2}) == 2
    assert list(files.directory.glob("*.jsonl")) == []
    assert new_files(tmp_path).append([line()]).ids == (3,)


def test_removed_letters_are_not_on_the_disk_any_more(tmp_path: Path) -> None:
    files = new_files(tmp_path)
    files.append([line("keep"), line("s3cret"), line("gone")])
    files.end([3], "replayed")
    files.remove({2})
    assert b"s3cret" not in b"".join(path.read_bytes() for path in files.directory.iterdir())
    assert texts(files) == ["keep"]
    assert files.append([line("next")]).ids[0] == 4


def test_the_oldest_files_make_room_and_never_the_newest(tmp_path: Path) -> None:
    files = new_files(tmp_path, Bounds(200 * 1024, 0.0))
    big = os.urandom(4000).hex()
    expired = 0
    for _ in range(100):
        expired += files.append([line(big)]).expired
    size = sum(path.stat().st_size for path in files.directory.glob("*.jsonl"))
    assert size <= 200 * 1024 + 64 * 1024
    assert expired > 10
    assert ids(files) == list(range(expired + 1, 101))
    assert files.append([line(os.urandom(300_000).hex())]).ids == (101,)
    assert ids(files)[-1] == 101


def test_the_retention_takes_whole_files(tmp_path: Path) -> None:
    clock = Clock()
    files = new_files(tmp_path, Bounds(1 << 30, 7 * 86_400.0), clock)
    for day in range(10):
        clock.now_s = NOW_S + day * 86_400.0
        files.append([line(time_s=clock.now_s)])
    assert len(list(files.directory.glob("*.jsonl"))) == 8
    assert ids(files) == list(range(3, 11))
    clock.now_s += 30 * 86_400.0
    assert files.expire() == 8
    assert ids(files) == []
    assert files.append([line(time_s=clock.now_s)]).ids == (11,)


def test_one_process_sends_again_at_a_time(tmp_path: Path) -> None:
    files = new_files(tmp_path)
    files.append([line()])
    with files.replaying() as first, new_files(tmp_path).replaying() as second:
        assert (first, second) == (True, False)
    with new_files(tmp_path).replaying() as alone:
        assert alone


def test_a_failing_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = new_files(tmp_path)
    files.append([line("before")])
    real = os.write

    def full(descriptor: int, content: bytes) -> int:
        if len(content) > 100:
            return real(descriptor, bytes(content[:100]))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        files.append([line("lost")])
    monkeypatch.undo()
    assert texts(files) == ["before"]
    assert files.append([line("after")]).ids == (2,)
    assert texts(files) == ["before", "after"]


def test_the_disk_has_a_letter_before_append_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    files = new_files(tmp_path)
    files.append([line()])
    path = str(next(files.directory.glob("*.jsonl")))
    assert synced == [str(tmp_path), path, str(files.directory)]
    files.append([line()])
    assert synced[3:] == [path]


def test_no_link_is_followed(tmp_path: Path) -> None:
    files = new_files(tmp_path)
    files.append([line()])
    path = next(files.directory.glob("*.jsonl"))
    target = tmp_path / "target"
    target.touch()
    path.unlink()
    path.symlink_to(target)
    with pytest.raises(OSError, match="symbolic"):
        letter_lines.append_durably(path, b"x\n")
    assert target.read_bytes() == b""


def test_a_file_in_the_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "letters").touch()
    files = new_files(tmp_path)
    assert ids(files) == []
    with pytest.raises(OSError, match="exists"):
        files.append([line()])


# ---------------------------------------------------------------------------------------------------------- names
@pytest.mark.parametrize(
    ("exporter", "stem"), [("discord", "discord"), ("discord/ops", "discord%2Fops"), ("discord/a.b", "discord%2Fa%2Eb")]
)
def test_stems(exporter: str, stem: str) -> None:
    assert stem_of(exporter) == stem


def test_a_long_name_is_no_too_long_file_name() -> None:
    long, other = stem_of("discord/" + "é" * 1000), stem_of("discord/" + "é" * 999)
    assert long != other
    assert len(file_name(long, 1, NOW_S)) < 200


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.integers(1, 10**12))
def test_names_are_read_as_they_are_written(name: str, first_id: int) -> None:
    stem = stem_of(f"discord/{name}")
    path = Path("/x") / file_name(stem, first_id, NOW_S)
    assert letter_file(stem, path) == LetterFile(first_id, path)
    assert letter_file(stem_of(f"discord/{name}x"), path) is None
    assert letter_file(f"{stem}%stored", path) is None


@pytest.mark.parametrize("name", ["discord.lock", "discord-x.jsonl", "discord-2026-01-31-0000000001.gone", "other"])
def test_other_files_are_none_of_ours(name: str) -> None:
    assert letter_file("discord", Path(name)) is None


@given(st.lists(st.integers(0, 50), max_size=12), st.integers(0, 200))
def test_what_has_to_go(sizes: list[int], room: int) -> None:
    files = [(LetterFile(number, Path(str(number))), size) for number, size in enumerate(sizes)]
    surplus = too_many(files, room)
    rest = files[len(surplus) :]
    assert surplus == [file for file, _ in files[: len(surplus)]]
    assert sum(size for _, size in rest) <= room or len(rest) <= 1
    if surplus:
        assert sum(size for _, size in files[len(surplus) - 1 :]) > room


@pytest.mark.parametrize(("mib", "kib"), [(0.01, 64), (1, 64), (32, 2048), (1000, 8192)])
def test_the_size_of_a_file(mib: float, kib: int) -> None:
    assert Bounds(int(mib * 1024 * 1024), 0).file_bytes == kib * 1024


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)
