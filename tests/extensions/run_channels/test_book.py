"""The book knows what is stored, not more and not less, and stays within its bound."""

import asyncio
import json
import logging
import zlib
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.component import RetryableError
from otel_discord.component.destination_source import Tally
from otel_discord.config import Secret
from otel_discord.extensions.run_channels.book import Book
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import Placement, Run, RunKey, State
from otel_discord.extensions.run_channels.stored_run import (
    DamagedRunError,
    LaterVersionError,
    decode_run,
    encode_run,
)
from otel_discord.store.memory_table import MemoryTable

LOGGER = logging.getLogger("otel_discord.test")
TOKEN = "made-up-token-of-a-hook"


def new_run(number: int, *, state: State = State.RUNNING, guild_id: str = "1") -> Run:
    return Run(
        run_id=f"run{number:05}", key=RunKey(guild_id=guild_id, task_id=f"t{number}", attempt=1, short_id="s"),
        state=state, placement=Placement.CHANNEL, created_ms=1000 + number, retention_hours=24, title="Nightly",
        metadata={"commit": "3f2e"}, by="ci", category_id="5", channel_id=str(100 + number), channel_name="run-t",
        webhook_id="7", webhook_token=Secret(TOKEN), header_message_id="8", header_tried=True, outcome="ok",
        finalized_ms=5, drained=True, webhook_deleted=True, outcome_told=True, archived_ms=6, cleaned_ms=number,
        tally=Tally(records=4, warnings=3, errors=2, steps=1, last_step="train", last_error="KeyError"),
    )  # fmt: skip


async def book_on(table: MemoryTable, max_runs: int = 100) -> Book:
    book = Book(table, max_runs=max_runs, logger=LOGGER)
    await book.load()
    return book


async def test_what_was_stored_is_known_again() -> None:
    table = MemoryTable()
    book = await book_on(table)
    await book.put(new_run(1))
    await book.put(new_run(2, guild_id="2"))
    again = await book_on(table)
    assert list(again) == [new_run(1), new_run(2, guild_id="2")]
    assert again.get("run00001") == new_run(1)
    assert again.by_key(new_run(2, guild_id="2").key) == new_run(2, guild_id="2")
    assert again.by_key(new_run(2).key) is None
    assert again.by_channel("101") == new_run(1)
    assert again.by_channel("") is None


async def test_a_forgotten_run_is_forgotten_everywhere() -> None:
    table = MemoryTable()
    book = await book_on(table)
    await book.put(new_run(1))
    await book.forget("run00001")
    await book.forget("run00001")
    assert (len(book), book.by_channel("101"), book.by_key(new_run(1).key)) == (0, None, None)
    assert await table.items() == {}


async def test_a_channel_that_changed_is_known_by_the_new_one_only() -> None:
    book = await book_on(MemoryTable())
    await book.put(new_run(1))
    await book.put(replace(new_run(1), channel_id="999"))
    assert book.by_channel("101") is None
    assert book.by_channel("999") is not None


async def test_counts_may_be_noted_without_storing() -> None:
    table = MemoryTable()
    book = await book_on(table)
    await book.put(new_run(1))
    counted = replace(new_run(1), tally=Tally(records=9))
    book.note(counted)
    book.note(new_run(2))
    assert (book.get("run00001"), len(book)) == (counted, 1)
    assert (await book_on(table)).get("run00001") == new_run(1)


class Unwilling(MemoryTable):
    """A table that cannot store now."""

    async def put(self, changes: Mapping[str, bytes | None]) -> None:
        raise RetryableError("the disk is full")


async def test_what_could_not_be_stored_is_not_known() -> None:
    book = await book_on(Unwilling())
    with pytest.raises(RetryableError):
        await book.put(new_run(1))
    assert len(book) == 0
    assert not book._being_added  # the place is free again


async def test_full_it_forgets_the_oldest_cleaned_runs_then_refuses() -> None:
    table = MemoryTable()
    book = await book_on(table, max_runs=3)
    for number, state in ((1, State.CLEANED), (2, State.RUNNING), (3, State.CLEANED)):
        await book.put(new_run(number, state=state))
    await book.put(new_run(4))
    assert {run.run_id for run in book} == {"run00002", "run00003", "run00004"}
    await book.put(new_run(5))
    with pytest.raises(RunProblem, match="at most 3 runs") as caught:
        await book.put(new_run(6))
    assert caught.value.code is Code.NOT_READY
    assert caught.value.retry_after_s
    await book.put(replace(new_run(5), title="known runs are stored all the same"))
    assert len(await table.items()) == 3


class Slow(MemoryTable):
    """A table that takes its time."""

    async def put(self, changes: Mapping[str, bytes | None]) -> None:
        await asyncio.sleep(0.01)
        await super().put(changes)


@pytest.mark.looptime
async def test_runs_that_come_at_once_share_the_room() -> None:
    book = await book_on(Slow(), max_runs=3)
    await book.put(new_run(0, state=State.CLEANED))
    results = await asyncio.gather(*(book.put(new_run(number)) for number in range(1, 6)), return_exceptions=True)
    assert [isinstance(result, RunProblem) for result in results] == [False, False, False, True, True]
    assert len(book) == 3


@pytest.mark.looptime
async def test_what_is_counted_while_a_run_is_stored_counts() -> None:
    book = await book_on(Slow())
    await book.put(new_run(1))
    async with asyncio.TaskGroup() as group:
        group.create_task(book.put(replace(new_run(1), title="new")))
        await asyncio.sleep(0.005)
        book.note(replace(new_run(1), tally=Tally(records=50)))
    assert book.get("run00001") == replace(new_run(1), title="new", tally=Tally(records=50))
    await book.put(replace(new_run(1), tally=Tally(records=51)))
    assert book.get("run00001") == replace(new_run(1), tally=Tally(records=51))


@pytest.mark.looptime
async def test_a_run_that_is_no_longer_cleaned_elsewhere_counts_once() -> None:
    table = Slow()
    book = await book_on(table, max_runs=2)
    await book.put(new_run(1, state=State.CLEANED))
    await book.put(new_run(2, state=State.CLEANED))
    await asyncio.gather(book.put(new_run(3)), book.put(new_run(4)))
    assert {run.run_id for run in book} == {"run00003", "run00004"}
    assert len(await table.items()) == 2


async def test_damage_is_said_and_left_out(caplog: pytest.LogCaptureFixture) -> None:
    table = MemoryTable()
    good = encode_run(new_run(1))
    kept = {"run/run00002": good.replace(b"Nightly", b"Nightlx"), "run/later": b"run7 \x00\x01", "other/x": b"?"}
    await table.put({"run/run00001": good, **kept})
    book = await book_on(table)
    assert [run.run_id for run in book] == ["run00001"]
    assert "'run00002' is damaged" in caplog.text
    assert "'later' is in format 7" in caplog.text
    assert TOKEN not in caplog.text
    assert {key: data for key, data in (await table.items()).items() if key in kept} == kept
    with pytest.raises(RunProblem, match="later release"):
        await book.put(replace(new_run(3), run_id="later"))
    await book.forget("later")
    assert (await table.get("run/later")) == kept["run/later"]
    await book.put(new_run(2))
    assert (await book_on(table)).get("run00002") == new_run(2)


def test_a_run_is_stored_whole() -> None:
    run = new_run(1)
    assert decode_run(encode_run(run)) == run
    assert TOKEN not in repr(run)
    assert TOKEN.encode() in encode_run(run)


def test_what_an_earlier_release_did_not_know_has_its_default() -> None:
    data = encode_run(new_run(1))
    plain = json.loads(data.split(b" ", 2)[2])
    del plain["drained"]
    body = json.dumps(plain).encode()
    assert decode_run(b"run1 %08x %s" % (zlib.crc32(body), body)) == replace(new_run(1), drained=False)


@given(st.integers(0, 400), st.integers(1, 255))
def test_every_damaged_byte_is_noticed(index: int, change: int) -> None:
    data = bytearray(encode_run(new_run(1)))
    data[index % len(data)] ^= change
    with pytest.raises((DamagedRunError, LaterVersionError)) as caught:
        decode_run(bytes(data))
    assert TOKEN not in str(caught.value)


@given(st.binary(max_size=60) | st.binary(max_size=30).map(lambda data: b"run1 00000000 " + data))
def test_other_bytes_are_no_run(data: bytes) -> None:
    with pytest.raises((DamagedRunError, LaterVersionError)):
        decode_run(data)


async def test_pages_are_newest_first_and_go_on_where_the_last_one_ended() -> None:
    book = await book_on(MemoryTable())
    for number in range(7):
        state = State.ARCHIVED if number % 2 else State.RUNNING
        await book.put(new_run(number, state=state, guild_id=str(1 + number // 5)))
    first = book.page(size=3)
    assert [run.created_ms for run in first.runs] == [1006, 1005, 1004]
    await book.put(new_run(9))  # comes meanwhile
    await book.forget("run00003")
    second = book.page(size=3, token=first.next_token)
    assert [run.created_ms for run in second.runs] == [1002, 1001, 1000]
    assert second.next_token == ""
    assert [run.created_ms for run in book.page(guild_id="2").runs] == [1006, 1005]
    assert [run.created_ms for run in book.page(state="archived", guild_id="1").runs] == [1001]
    assert len(book.page(size=0).runs) == len(book.page(size=10**9).runs) == 7


@pytest.mark.parametrize("wanted", [{"token": "x"}, {"token": "é"}, {"token": "A" * 5000}, {"state": "Running"}])
async def test_a_wrong_page_is_refused(wanted: dict[str, str]) -> None:
    book = await book_on(MemoryTable())
    with pytest.raises(RunProblem) as caught:
        book.page(**wanted)  # type: ignore[arg-type]
    assert caught.value.code is Code.INVALID
    assert set(caught.value.fields) == {"pageToken" if "token" in wanted else "state"}


@given(st.text(max_size=40))
def test_no_token_breaks_it(token: str) -> None:
    book = Book(MemoryTable(), max_runs=1, logger=LOGGER)
    if token:
        with pytest.raises(RunProblem):
            book.page(token=token)
