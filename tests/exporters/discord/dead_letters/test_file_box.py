"""Dead letters in files: kept before a card leaves, sent again once, whatever the disk does."""

import asyncio
import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from otel_discord.component import LetterFilter, RetryableError
from otel_discord.component.dead_letters import ReplayRequest
from otel_discord.component.last_copy import LAST_COPY
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.config import DeadLettersConfig
from otel_discord.exporters.discord.dead_letters.file_box import FileBox
from tests.exporters.discord.dead_letters.desk_rig import desk_rig, replayed


async def test_a_burial_that_is_cancelled_comes_to_its_end_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk_rig(tmp_path) as rig:
        box = rig.office.box
        assert isinstance(box, FileBox)
        release, begun, append = threading.Event(), threading.Event(), type(box.files).append

        def slow(*arguments: Any) -> Any:
            begun.set()
            release.wait(10)
            return append(*arguments)

        monkeypatch.setattr(type(box.files), "append", slow)
        burying = asyncio.create_task(rig.bury("a"))
        while not begun.is_set():
            await asyncio.sleep(0.01)
        burying.cancel()
        await asyncio.sleep(0.05)
        release.set()
        await asyncio.wait([burying])
        assert burying.cancelled()
        assert await rig.office.queue.head("errors", 1) == []
        assert await rig.texts() == ["a"]


async def test_a_file_has_a_letter_before_its_card_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk_rig(tmp_path) as rig:
        box = rig.office.box
        assert isinstance(box, FileBox)
        seen: list[int] = []
        inner = box.queue.bury

        async def bury(letters: Any) -> None:
            seen.append(len((tmp_path / "letters").glob("*.jsonl").__next__().read_text().splitlines()))
            await inner(letters)

        monkeypatch.setattr(box.queue, "bury", bury)
        await rig.bury("a", "b")
        assert seen == [2]


async def test_where_the_disk_fails_the_log_has_the_record(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "letters").touch()
    whole = f"Payment declined\n{'stack frame ' * 500}"
    async with desk_rig(tmp_path) as rig:
        await rig.bury(whole)
        assert await rig.office.queue.head("errors", 1) == []
    last = [record for record in caplog.records if getattr(record, LAST_COPY, False)]
    assert [record.getMessage()[:47] for record in last] == ["not delivered: ERROR checkout: Payment declined"]
    record = json.loads(last[0].__dict__["record"])
    assert record["body"] == whole
    assert record["resource"]["service.name"] == "checkout"
    assert "dead letters cannot be written" in caplog.text


async def test_a_kept_letter_is_one_line_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with desk_rig(tmp_path) as rig:
        await rig.bury("Payment declined")
    said = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in said] == [
        "not delivered, kept as a dead letter: ERROR checkout: Payment declined"
    ]
    assert (said[0].__dict__["letter"], said[0].__dict__["reason"]) == (1, "invalid_form")
    assert not hasattr(said[0], LAST_COPY)


async def test_a_hanging_disk_stalls_neither_the_loop_nor_the_lane(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    async with desk_rig(tmp_path) as rig:
        box = rig.office.box
        assert isinstance(box, FileBox)
        box.writing.deadline_s = 0.05
        monkeypatch.setattr(type(box.files), "append", lambda *_: release.wait(10))
        started_s = asyncio.get_running_loop().time()
        await rig.bury("a")
        await rig.bury("b")
        assert asyncio.get_running_loop().time() - started_s < 1
        assert await rig.office.queue.head("errors", 1) == []
        release.set()
    assert "the disk did not answer within 0.05 s" in caplog.text
    assert caplog.text.count("not delivered: ERROR checkout") == 2


async def test_without_a_directory_only_the_log_has_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with desk_rig(tmp_path, config=DeadLettersConfig(directory="")) as rig:
        await rig.bury("Payment declined")
        assert await rig.texts() == []
        assert (await replayed(rig)).chosen == 0
        assert await rig.desk.purge(LetterFilter()) == 0
    assert list(tmp_path.iterdir()) == []
    assert "not delivered: ERROR checkout: Payment declined" in caplog.text


async def test_a_replay_cut_off_by_the_end_leaves_the_first_reason(tmp_path: Path) -> None:
    async with desk_rig(tmp_path) as rig:
        await rig.bury("a")
        rig.far_end.away.add("errors")
        await replayed(rig, wait_s=0.05)
        await rig.far_end.bury("errors", await rig.office.queue.head("errors", 9), Cause(reason="shutdown"))  # type: ignore[misc]
    async with desk_rig(tmp_path) as rig:
        letters = [letter async for letter in rig.desk.letters()]
        assert [(letter.id, letter.reason) for letter in letters] == [(1, "invalid_form")]


async def test_a_replay_that_cannot_be_noted_is_not_repeated_by_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk_rig(tmp_path) as rig:
        await rig.bury("a")
        box = rig.office.box
        assert isinstance(box, FileBox)

        def fail(*_: object) -> None:
            raise OSError("disk")

        monkeypatch.setattr(type(box.files), "end", fail)
        assert (await replayed(rig)).delivered == 1
        assert (await replayed(rig)).revived == 0
        assert rig.far_end.taken == [("errors", "a")]
    assert "cannot be noted" in caplog.text


async def test_another_process_that_replays_is_waited_for(tmp_path: Path) -> None:
    async with desk_rig(tmp_path) as rig, desk_rig(tmp_path) as other:
        await rig.bury("a")
        async with rig.office.box.replaying(1):
            with pytest.raises(RetryableError, match="another process"):
                [state async for state in other.desk.replay(ReplayRequest(wait_s=0.01))]
        assert (await replayed(other)).delivered == 1
        assert (await replayed(rig)).chosen == 0
