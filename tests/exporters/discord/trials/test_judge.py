"""After three ends in no order what was there is tried first; only what is deadly ends, and the rest goes on."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from typing import Any

import orjson
import pytest

from otel_discord.component import QueueLimits, RetryableError, Sizer
from otel_discord.exporters.discord import opening
from otel_discord.exporters.discord.trials.ends import CALM_S, KEY, TOO_OFTEN, Ends, Past, after
from otel_discord.exporters.discord.trials.room import CannotBeHeldError, TrialRoom
from otel_discord.exporters.discord.trials.wire import Kind
from otel_discord.store.memory import MemoryQueue
from otel_discord.testing.fake_discord import Break, Cut, FakeDiscord, Fault, method_is, posts
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.disk import STORED, Disk, DiskQueue, host_with
from tests.exporters.discord.rig import running

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
KEPT: dict[str, Any] = {"sending_queue": STORED, "rate_limit": {"channel_messages_per_minute": 0}}
KILLED: dict[str, Any] = {**KEPT, "shutdown_timeout": "0s"}
SEVEN = b"record 7"


@dataclass(slots=True)
class Oracle(TrialRoom):
    """Says what is deadly without trying; knows what it was asked."""

    deadly: dict[Kind, bytes] = field(default_factory=dict)
    asked: list[tuple[Kind, bytes]] = field(default_factory=list)
    cannot: bool = False
    rested: int = 0

    async def kills(self, kind: Kind, payload: bytes, accepted_ns: int = 0) -> bool:
        self.asked.append((kind, payload))
        if self.cannot:
            raise CannotBeHeldError
        word = self.deadly.get(kind)
        return word is not None and word in payload

    async def rest(self) -> None:
        self.rested += 1


@contextmanager
def judged_by(oracle: Oracle, patched: pytest.MonkeyPatch) -> Iterator[None]:
    with patched.context() as there:
        there.setattr(opening, "trial_room", lambda *_: oracle.opened())
        yield


def _oracle(**deadly: bytes) -> Oracle:
    logger = logging.getLogger("test.trials")
    return Oracle(config=bytes, logger=logger, deadly={Kind[name]: word for name, word in deadly.items()})


def _state(in_a_row: int, *began_ns: int, process: str = "other") -> bytes:
    return orjson.dumps({"in_a_row": in_a_row, "began_ns": began_ns, "process": process})


def _crashed(times: int) -> bytes:
    """Return what is left by so many lives that ended in no order, all of them begun just now."""
    return _state(times, *[time.time_ns()] * min(times, TOO_OFTEN))


async def _left_by_a_crash(disk: Disk, fake: FakeDiscord, *, ends: int, is_routed: bool = True) -> None:
    """Leave twelve records behind, as if the exporter had ended so often in no order."""
    fake.faults.add(Fault(Break(Cut.REFUSED), match=posts, times=inf))
    async with running(fake, host=host_with(disk), **KILLED) as rig:
        if is_routed:
            await rig.exporter.consume(logs_batch(12))
            await asyncio.sleep(5)
    if not is_routed:
        disk.queue.reopen(QueueLimits(1_000, Sizer.REQUESTS, 1 << 30))
        await disk.queue.put(logs_batch(12))
    fake.faults.clear()
    await asyncio.sleep(0.1)
    await disk.queue.set_state(KEY, _crashed(ends - 1))


@pytest.mark.parametrize(
    ("stored", "in_a_row", "began_ns"),
    [
        (None, 0, ()),
        (_state(0), 1, (9,)),
        (_state(1, 5), 2, (5, 9)),
        (_state(2, 5, 6), 3, (5, 6, 9)),
        (_state(3, 5, 6, 7), 4, (6, 7, 9)),
        (_state(3, 5, 6, 7, process="this"), 3, (5, 6, 7)),
        (b"what?", 1, (9,)),
        (b"[]", 1, (9,)),
    ],
)
def test_how_often_it_has_ended_in_no_order(stored: bytes | None, in_a_row: int, began_ns: tuple[int, ...]) -> None:
    assert after(stored, "this", 9) == Past(in_a_row, began_ns)


@pytest.mark.parametrize(("began_ns", "until_ns"), [((), None), ((5, 6), None), ((5, 6, 7), 5)])
def test_what_is_suspected_was_there_at_each_end(began_ns: tuple[int, ...], until_ns: int | None) -> None:
    assert Past(9, began_ns).suspects_until_ns == until_ns


async def test_an_end_in_good_order_is_none_and_a_crash_is_counted() -> None:
    queue = MemoryQueue(QueueLimits(10, Sizer.REQUESTS, 1 << 20))
    first = Ends(queue, "0")
    await first.begin(1)
    await first.end()
    again = Ends(queue, "1")
    await again.begin(2)
    assert again.past == Past()
    for crashes in (1, 2, 3):
        again = Ends(queue, f"after {crashes}")
        await again.begin(10 * crashes)
        assert again.past.in_a_row == crashes
    assert again.past.suspects_until_ns == 10
    await again.calm()
    last = Ends(queue, "5")
    await last.begin(50)
    assert last.past == Past(1, (50,))


async def test_a_storage_that_refuses_delays_nothing() -> None:
    class Full(MemoryQueue):
        async def set_state(self, key: str, value: bytes | None) -> None:
            raise RetryableError("the disk is full")

    ends = Ends(Full(QueueLimits(10, Sizer.REQUESTS, 1 << 20)), "0")
    await ends.begin(1)
    await ends.end()
    assert ends.past == Past()


async def test_a_deadly_card_becomes_a_dead_letter_and_the_others_are_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fake, disk, oracle = FakeDiscord(channel_limit=None), Disk(), _oracle(SHOW=SEVEN)
    await _left_by_a_crash(disk, fake, ends=3)
    with judged_by(oracle, monkeypatch):
        async with running(fake, host=host_with(disk), **KEPT) as rig:
            await asyncio.sleep(30)
            assert sorted(rig.arrived()) == [number for number in range(12) if number != 7]
            assert rig.telemetry.value("otel_discord_messages_failed_total", reason="poison") == 1
            await rig.exporter.consume(logs_batch(1, first=77))  # came later, so it is not tried
            await asyncio.sleep(5)
            assert 77 in rig.arrived()
    assert "3 times in a row" in caplog.text
    assert "not delivered" in caplog.text
    assert await disk.queue.get_state(KEY) is None


async def test_so_does_a_record_that_cannot_be_routed(monkeypatch: pytest.MonkeyPatch) -> None:
    fake, disk, oracle = FakeDiscord(channel_limit=None), Disk(), _oracle(ROUTE=SEVEN)
    await _left_by_a_crash(disk, fake, ends=4, is_routed=False)
    with judged_by(oracle, monkeypatch):
        async with running(fake, host=host_with(disk), **KEPT) as rig:
            await asyncio.sleep(30)
            assert sorted(rig.arrived()) == [number for number in range(12) if number != 7]
            assert rig.telemetry.value("otel_discord_messages_failed_total", reason="poison") == 1
    assert disk.queue.size == 0


async def test_records_that_are_deadly_only_together_all_end(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(slots=True)
    class Together(Oracle):
        async def kills(self, kind: Kind, payload: bytes, accepted_ns: int = 0) -> bool:
            return kind is Kind.ROUTE and b"record 1" in payload and b"record 2" in payload

    fake, disk = FakeDiscord(channel_limit=None), Disk()
    await _left_by_a_crash(disk, fake, ends=3, is_routed=False)
    with judged_by(Together(config=bytes, logger=logging.getLogger("test")), monkeypatch):
        async with running(fake, host=host_with(disk), **KEPT) as rig:
            await asyncio.sleep(30)
            assert rig.arrived() == []
            assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 12


@pytest.mark.parametrize("ends", [1, 2])
async def test_nothing_is_tried_after_fewer(ends: int, monkeypatch: pytest.MonkeyPatch) -> None:
    fake, disk, oracle = FakeDiscord(channel_limit=None), Disk(), _oracle(SHOW=SEVEN)
    await _left_by_a_crash(disk, fake, ends=ends)
    with judged_by(oracle, monkeypatch):
        async with running(fake, host=host_with(disk), **KEPT) as rig:
            await asyncio.sleep(30)
            assert sorted(rig.arrived()) == list(range(12))
    assert oracle.asked == []


async def test_where_nothing_can_be_tried_all_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    fake, disk, oracle = FakeDiscord(channel_limit=None), Disk(), _oracle(SHOW=SEVEN)
    oracle.cannot = True
    await _left_by_a_crash(disk, fake, ends=9)
    with judged_by(oracle, monkeypatch):
        async with running(fake, host=host_with(disk), **KEPT) as rig:
            await asyncio.sleep(30)
            assert sorted(rig.arrived()) == list(range(12))
    assert len(oracle.asked) == 1


async def test_a_life_of_some_length_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fake, disk, oracle = FakeDiscord(channel_limit=None), Disk(), _oracle()
    await _left_by_a_crash(disk, fake, ends=3)
    with judged_by(oracle, monkeypatch):
        async with running(fake, host=host_with(disk), **KEPT):
            await asyncio.sleep(CALM_S - 10)
            assert b'"in_a_row":3' in (await disk.queue.get_state(KEY) or b"")
            await asyncio.sleep(20)
            assert b'"in_a_row":0' in (await disk.queue.get_state(KEY) or b"")
            assert oracle.rested == 1


async def test_a_message_whose_edit_is_deadly_is_let_go_and_only_its_card_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    folding: dict[str, Any] = {**KEPT, "fold": {"enabled": True, "edit_interval": "5s"}}
    async with running(fake, host=host_with(disk), **folding) as rig:
        await rig.exporter.consume(logs_batch(3, body="it broke"))
        await asyncio.sleep(20)
        (message,) = fake.messages
        assert "3" in str(message.embeds)
        fake.faults.add(Fault(Break(Cut.REFUSED), match=method_is("PATCH"), times=inf))
        await rig.exporter.consume(logs_batch(4, body="it broke"))
        await asyncio.sleep(4)
        state, disk.queues = disk.queue, {next(iter(disk.queues)): disk.queue}
    fake.faults.clear()
    await state.set_state(KEY, _crashed(2))
    oracle = _oracle(SHOW=b"it broke")
    with judged_by(oracle, monkeypatch):
        async with running(fake, host=host_with(disk), **folding) as rig:
            await asyncio.sleep(60)
            assert len(fake.messages) == 1
            assert rig.telemetry.value("otel_discord_messages_failed_total", reason="poison") == 1
    assert [kind for kind, _ in oracle.asked].count(Kind.SHOW) >= 1


async def test_what_was_convicted_and_not_buried_is_buried_at_the_next_start(monkeypatch: pytest.MonkeyPatch) -> None:
    fake, disk, oracle = FakeDiscord(channel_limit=None), Disk(), _oracle(ROUTE=SEVEN)
    await _left_by_a_crash(disk, fake, ends=3, is_routed=False)
    refused = DiskQueue.bury

    async def dies(*_: object) -> None:
        raise RetryableError("the storage is away")

    with judged_by(oracle, monkeypatch):
        monkeypatch.setattr(DiskQueue, "bury", dies)
        async with running(fake, host=host_with(disk), **KILLED):
            await asyncio.sleep(3)
        monkeypatch.setattr(DiskQueue, "bury", refused)
        await disk.queue.set_state(KEY, _crashed(3))
        async with running(fake, host=host_with(disk), **KEPT) as rig:
            await asyncio.sleep(30)
            assert 7 not in rig.arrived()
            assert sorted(rig.arrived()) == [number for number in range(12) if number != 7]
    assert await disk.queue.lanes() == []
