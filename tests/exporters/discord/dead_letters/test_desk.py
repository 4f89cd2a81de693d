"""From burial to replay, in files and on disk: kept before it leaves, sent again once, nothing in two places."""

import asyncio
import contextlib
import os
import time
from pathlib import Path

import pytest

from otel_discord.component import LetterFilter, Move, NewCard, PermanentError, RetryableError
from otel_discord.component.dead_letters import ReplayRequest
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.config import DeadLettersConfig
from otel_discord.exporters.discord.dead_letters.stored_box import StoredBox
from tests.exporters.discord.dead_letters.desk_rig import desk_rig, replayed
from tests.exporters.discord.dead_letters.test_letter import SHOP, text_record
from tests.exporters.discord.records import card_of

BOTH = pytest.mark.parametrize("on_disk", [False, True], ids=["files", "storage"])


@BOTH
async def test_buried_records_are_letters_also_after_a_restart(tmp_path: Path, on_disk: bool) -> None:
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        await rig.bury("first", "second", count=3)
        assert await rig.office.queue.head("errors", 10) == []
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        letters = [letter async for letter in rig.desk.letters()]
        assert [(letter.id, letter.text, letter.count) for letter in letters] == [(1, "first", 3), (2, "second", 3)]
        assert {(letter.status, letter.code, letter.words) for letter in letters} == {(400, 50035, "Invalid Form Body")}
        shown = await rig.desk.letter(2)
        assert shown is not None
        assert shown["record"]["body"] == "second"
        assert await rig.desk.letter(77) is None


@BOTH
@pytest.mark.parametrize("folds", [False, True])
async def test_a_replay_sends_each_letter_once(tmp_path: Path, on_disk: bool, folds: bool) -> None:
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        rig.far_end.folds = folds
        await rig.bury("a", "b", "c")
        state = await replayed(rig)
        assert (state.chosen, state.revived, state.delivered, state.left) == (3, 3, 3, 0)
        assert state.by_destination == {"errors": 3}
        assert sorted(rig.far_end.taken) == [("errors", "a"), ("errors", "b"), ("errors", "c")]
        assert rig.far_end.cards[0].notes == ("sent again after less than a minute as a dead letter",)
        assert await rig.texts() == []
        again = await replayed(rig)
        assert (again.chosen, again.revived) == (0, 0)
        assert rig.telemetry.value("otel_discord_dead_letters_replayed_total") == 3
        assert rig.telemetry.value("otel_discord_dead_letters") == 0
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        assert (await replayed(rig)).chosen == 0
        assert rig.far_end.taken == []


@BOTH
async def test_two_replays_at_once_send_each_letter_once(tmp_path: Path, on_disk: bool) -> None:
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        await rig.bury(*[f"letter {number}" for number in range(250)])
        first, second = await asyncio.gather(replayed(rig), replayed(rig))
        assert first.delivered + second.delivered == 250
        assert len(rig.far_end.taken) == 250
        assert len(set(rig.far_end.taken)) == 250


@BOTH
async def test_a_dry_run_changes_nothing(tmp_path: Path, on_disk: bool) -> None:
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        await rig.bury("a", "b")
        state = await replayed(rig, dry_run=True)
        assert (state.chosen, state.revived, dict(state.by_destination)) == (2, 0, {"errors": 2})
        assert rig.far_end.asked == []
        assert await rig.texts() == ["a", "b"]


@BOTH
async def test_filters_and_another_destination(tmp_path: Path, on_disk: bool) -> None:
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        await rig.bury("a", "b")
        await rig.bury("other", lane="ops", cause=Cause(reason="timeout"))
        state = await replayed(rig, chosen=LetterFilter(reasons=frozenset({"invalid_form"})), to="ops")
        assert (state.delivered, dict(state.by_destination)) == (2, {"ops": 2})
        assert rig.far_end.taken == [("ops", "a"), ("ops", "b")]
        assert await rig.texts() == ["other"]
        state = await replayed(rig, chosen=LetterFilter(ids=frozenset({3})))
        assert (state.delivered, await rig.texts()) == (1, [])


@BOTH
async def test_what_dies_again_is_one_letter_and_not_sent_in_a_circle(tmp_path: Path, on_disk: bool) -> None:
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        await rig.bury("a", "b")
        rig.far_end.refused.add("errors")
        state = await replayed(rig)
        assert (state.revived, state.delivered, state.dead_again) == (2, 0, 2)
        assert await rig.texts() == ["a", "b"]
        assert rig.telemetry.value("otel_discord_dead_letters") == 2
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        assert [letter.id async for letter in rig.desk.letters()] == [3, 4]


@BOTH
async def test_a_destination_that_is_gone_is_asked_once_and_keeps_its_letters(tmp_path: Path, on_disk: bool) -> None:
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        await rig.bury(*[str(number) for number in range(150)])
        await rig.bury("fine", lane="ops")
        await rig.bury("nowhere", lane="removed")
        rig.far_end.gone.add("errors")
        state = await replayed(rig)
        assert (state.chosen, state.delivered, state.left) == (152, 1, 151)
        assert rig.far_end.asked == ["errors", "ops"]
        assert state.remarks[0] == "errors is gone"
        assert "There is no destination 'removed'; --to names another" in state.remarks[1]
        assert len(await rig.texts()) == 151


@BOTH
async def test_a_destination_that_is_away_keeps_what_was_not_begun(tmp_path: Path, on_disk: bool) -> None:
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        await rig.bury(*[str(number) for number in range(620)])
        rig.far_end.away.add("errors")
        state = await replayed(rig, wait_s=0.2)
        assert (state.revived, state.waiting, state.delivered) == (500, 500, 0)
        assert "not begun yet stays" in state.remarks[0]


@BOTH
async def test_purge_removes_what_is_chosen(tmp_path: Path, on_disk: bool) -> None:
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        await rig.bury("keep")
        await rig.bury(*[f"s3cret {number}" for number in range(250)], lane="ops")
        await rig.upkeep.tidy()
        assert await rig.desk.purge(LetterFilter(destinations=frozenset({"ops"}))) == 250
        assert await rig.desk.purge(LetterFilter(destinations=frozenset({"ops"}))) == 0
        assert await rig.texts() == ["keep"]
        assert rig.telemetry.value("otel_discord_dead_letters_purged_total", cause="hand") == 250
    assert "s3cret" not in "".join(path.read_text() for path in (tmp_path / "letters").iterdir())


@BOTH
async def test_the_newest_or_the_oldest(tmp_path: Path, on_disk: bool) -> None:
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        await rig.bury(*[str(number) for number in range(450)])
        assert [item.text async for item in rig.desk.letters(limit=2)] == ["448", "449"]
        assert [item.text async for item in rig.desk.letters(limit=2, newest=False)] == ["0", "1"]
        assert len(await rig.texts()) == 450


@BOTH
async def test_orphans_are_buried_and_nothing_else(tmp_path: Path, on_disk: bool) -> None:
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        card = card_of(text_record("left behind"), SHOP)
        await rig.office.queue.adopt([NewCard(lane, 0, card.to_bytes()) for lane in ("old", "old", "errors")])
        assert await rig.desk.orphaned_lanes() == ["old"]
        with pytest.raises(PermanentError, match="is configured"):
            await rig.desk.bury_lane("errors")
        assert await rig.desk.bury_lane("old") == 2
        assert await rig.desk.bury_lane("old") == 0
        assert [letter.reason async for letter in rig.desk.letters()] == ["orphaned", "orphaned"]


@BOTH
async def test_a_card_that_cannot_be_read_is_kept_and_never_sent(tmp_path: Path, on_disk: bool) -> None:
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        await rig.office.queue.adopt([NewCard("errors", 0, b"\xff\xff")])
        await rig.far_end.bury("errors", await rig.office.queue.head("errors", 1), Cause(reason="checksum"))  # type: ignore[misc]
        state = await replayed(rig)
        assert (state.chosen, state.left, state.remarks) == (1, 1, ("Letter 1 is damaged and cannot be sent.",))


@BOTH
async def test_who_stops_listening_leaves_letters_letters(tmp_path: Path, on_disk: bool) -> None:
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        await rig.bury(*[str(number) for number in range(300)])
        states = rig.desk.replay(ReplayRequest())
        async with contextlib.aclosing(states):  # type: ignore[type-var]
            await anext(states)
        await rig.far_end.work()
        assert len(rig.far_end.taken) + len(await rig.texts()) == 300
        assert len(rig.far_end.taken) == 100


@BOTH
async def test_at_rest_nothing_is_sent(tmp_path: Path, on_disk: bool) -> None:
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        await rig.bury("a")
        at_rest = rig.office.desk(["errors"], rig.desk.bury)
        with pytest.raises(RetryableError, match="nothing here sends"):
            [state async for state in at_rest.replay(ReplayRequest())]
        states = [state async for state in at_rest.replay(ReplayRequest(dry_run=True))]
        assert states[-1].chosen == 1


@BOTH
async def test_too_much_and_too_old_go_and_are_counted(
    tmp_path: Path, on_disk: bool, caplog: pytest.LogCaptureFixture
) -> None:
    config = DeadLettersConfig(directory=str(tmp_path / "letters"), max_mib=0.1)
    async with desk_rig(tmp_path, on_disk=on_disk, config=config) as rig:
        for number in range(30):
            await rig.bury(f"{number} {os.urandom(6_000).hex()}")
        await rig.upkeep.tidy()
        left = await rig.texts()
        assert left[-1].startswith("29 ")
        assert 0 < len(left) < 30
        assert rig.telemetry.value("otel_discord_dead_letters_purged_total", cause="bounds") == 30 - len(left)
        assert rig.telemetry.value("otel_discord_dead_letters") == len(left)
        assert "dead letters were removed" in caplog.text


@BOTH
async def test_a_replay_is_followed_into_the_fallbacks_lane(tmp_path: Path, on_disk: bool) -> None:
    async with desk_rig(tmp_path, on_disk=on_disk) as rig:
        await rig.bury("a", "b")
        rig.far_end.away.add("errors")

        async def move() -> None:
            while not (stored := await rig.office.queue.head("errors", 9)):
                await asyncio.sleep(0.01)
            await rig.office.queue.move([Move(card.id, NewCard("ops", 0, card.payload)) for card in stored])

        state, _ = await asyncio.gather(replayed(rig), move())
        assert (state.delivered, state.waiting) == (2, 0)
        assert rig.far_end.taken == [("ops", "a"), ("ops", "b")]
        assert await rig.texts() == []


async def test_rows_go_when_they_are_too_old(tmp_path: Path) -> None:
    config = DeadLettersConfig(directory="", retention="1h")
    async with desk_rig(tmp_path, on_disk=True, config=config) as rig:
        await rig.bury("old")
        box = rig.office.box
        assert isinstance(box, StoredBox)
        assert await box.expire() == 0
        box.wall_clock = lambda: time.time() + 3700
        assert (await box.expire(), await rig.texts(), box.kept) == (1, [], 0)
