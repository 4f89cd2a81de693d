"""What a fleet's storage cannot take now waits in a spool and comes into the fleet once, in its order."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from otel_discord.component.consumer import ACCEPTED
from otel_discord.component.errors import PermanentError, QueueFullError, RetryableError, ShutdownError, StartError
from otel_discord.component.fleet import FLEET_CHANGED
from otel_discord.exporterhelper.chain import ExporterChain
from otel_discord.exporterhelper.config import CollectorRetryConfig, CollectorSendingQueueConfig
from otel_discord.exporterhelper.spool import IN_DOUBT_S, is_away, opened_spool
from otel_discord.signals.batch import LogsBatch, Signal
from otel_discord.store.memory import MemoryQueue, MemoryStorage
from otel_discord.testing.in_memory_fleet import InMemoryFleet, InMemoryMember
from otel_discord.testing.in_memory_shards import ShardQueue

pytestmark = pytest.mark.looptime
MakeLogs = Callable[..., LogsBatch]
OWNER = "otlp_grpc/next/logs"


@pytest.fixture
def fleet() -> InMemoryFleet:
    return InMemoryFleet(shards=4, lease_s=3.0)


@pytest.fixture
def make_chain(telemetry: Any) -> Callable[..., ExporterChain]:
    def make(push: Any, **queue: Any) -> ExporterChain:
        keys = {"storage": "db", "spool": "disk", "num_consumers": 1, **queue}
        return ExporterChain(
            telemetry.settings,
            push,
            sending_queue=CollectorSendingQueueConfig.model_validate(keys),
            retry_on_failure=CollectorRetryConfig.model_validate({"initial_interval": "1s", "max_interval": "1s"}),
            timeout_s=5.0,
            signals=[Signal.LOGS],
        )

    return make


class Push:
    """Takes what is sent, or takes its time."""

    def __init__(self, take_s: float = 0.0) -> None:
        self.delivered: list[str] = []
        self._take_s = take_s

    async def __call__(self, batch: Any) -> Any:
        await asyncio.sleep(self._take_s)
        self.delivered += [record.body.string_value for _, _, record in batch.records()]
        return ACCEPTED


def texts(count: int, start: int = 0) -> list[str]:
    return [str(number) for number in range(start, count)]


def waiting(telemetry: Any) -> float:
    return float(telemetry.value("otel_discord_spool_records"))


async def test_what_comes_while_the_storage_is_away_is_taken_and_comes_once_in_its_order(
    fleet: InMemoryFleet,
    make_chain: Any,
    make_host: Any,
    make_logs: MakeLogs,
    telemetry: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    push = Push()
    chain = make_chain(push)
    with caplog.at_level(logging.INFO):
        async with chain.lifespan(make_host(db=fleet.storage("a"), disk=MemoryStorage())):
            await asyncio.sleep(3)
            for number in range(5):
                await chain.consume(make_logs(str(number)))
            await asyncio.sleep(1)
            fleet.is_away = True
            for number in range(5, 500):
                await chain.consume(make_logs(str(number)))
            await asyncio.sleep(600)
            assert waiting(telemetry) == 495
            fleet.is_away = False
            for number in range(500, 520):
                await chain.consume(make_logs(str(number)))
                await asyncio.sleep(0.1)
            await asyncio.sleep(10)
            assert push.delivered == texts(520)
            assert waiting(telemetry) == 0
            await chain.consume(make_logs("520"))
            await asyncio.sleep(1)
            assert push.delivered == texts(521)
    assert telemetry.sent == (521, 0, 0)
    assert telemetry.value("otel_discord_spooled_records_total") in range(495, 516)
    told = [record.getMessage() for record in caplog.records if "spool" in record.getMessage()]
    assert len(told) == 2, told
    assert "takes nothing in now" in told[0]
    assert "empty again" in told[1]


async def test_what_is_left_at_the_end_is_put_by_the_next_process_of_this_disk(
    fleet: InMemoryFleet, make_chain: Any, make_host: Any, make_logs: MakeLogs, caplog: pytest.LogCaptureFixture
) -> None:
    push, disk = Push(), MemoryStorage()
    fleet.is_away = False
    async with make_chain(push).lifespan(make_host(db=fleet.storage("other"), disk=MemoryStorage())):
        first = make_chain(push)
        async with first.lifespan(make_host(db=fleet.storage("a"), disk=disk)):
            await asyncio.sleep(3)
            fleet.is_away = True
            for number in range(50):
                await first.consume(make_logs(str(number)))
        fleet.is_away = False
        assert "50 records stay in the spool disk on this machine's disk" in caplog.text
        await asyncio.sleep(5)
        assert not push.delivered
        async with make_chain(push).lifespan(make_host(db=fleet.storage("b"), disk=disk)):
            await asyncio.sleep(5)
        await asyncio.sleep(2)
    assert push.delivered == texts(50)


async def test_what_was_put_and_not_noted_is_not_put_again(
    fleet: InMemoryFleet,
    make_chain: Any,
    make_host: Any,
    make_logs: MakeLogs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed between the fleet's commit and the spool's: here its last words are held up."""
    push, disk = Push(), MemoryStorage()
    first = make_chain(push)
    async with first.lifespan(make_host(drain_s=0.0, db=fleet.storage("a"), disk=disk)):
        await asyncio.sleep(3)
        fleet.is_away = True
        for number in range(50):
            await first.consume(make_logs(str(number)))
        monkeypatch.setattr(MemoryQueue, "done", _never_done(MemoryQueue.done))
        fleet.is_away = False
        await asyncio.sleep(10)
        put = len(push.delivered)
        assert 0 < put <= 50
        monkeypatch.undo()
    async with make_chain(push).lifespan(make_host(db=fleet.storage("b"), disk=disk)):
        await asyncio.sleep(10)
    assert push.delivered == texts(50)


def _never_done(done: Any) -> Any:
    async def never(queue: MemoryQueue, batch_id: int) -> None:
        if isinstance(queue, ShardQueue):
            await done(queue, batch_id)
        else:
            await asyncio.Event().wait()

    return never


async def test_beyond_its_bound_requests_are_refused(
    fleet: InMemoryFleet, make_chain: Any, make_host: Any, make_logs: MakeLogs, telemetry: Any
) -> None:
    push = Push()
    chain = make_chain(push, spool_mib=1)
    big = "x" * 400_000
    async with chain.lifespan(make_host(db=fleet.storage("a"), disk=MemoryStorage())):
        await asyncio.sleep(3)
        fleet.is_away = True
        await chain.consume(make_logs(big))
        await chain.consume(make_logs(big))
        with pytest.raises(RetryableError) as refused:
            await chain.consume(make_logs(big))
        assert refused.value.reason == "spool_full"
        assert refused.value.retry_after_s
        fleet.is_away = False
        await asyncio.sleep(10)
        assert push.delivered == [big, big]
    assert telemetry.sent == (2, 0, 1)


async def test_a_full_queue_stays_a_full_queue_and_is_waited_for_by_the_spool(
    fleet: InMemoryFleet, make_chain: Any, make_host: Any, make_logs: MakeLogs, telemetry: Any
) -> None:
    push = Push(take_s=1)
    chain = make_chain(push, queue_size=2)
    async with chain.lifespan(make_host(db=fleet.storage("a"), disk=MemoryStorage())):
        await asyncio.sleep(3)
        await chain.consume(make_logs("0"))
        await chain.consume(make_logs("1"))
        with pytest.raises(QueueFullError):
            await chain.consume(make_logs("refused"))
        assert waiting(telemetry) == 0
        fleet.is_away = True
        for number in range(2, 40):
            await chain.consume(make_logs(str(number)))
        fleet.is_away = False
        await asyncio.sleep(60)
        assert push.delivered == texts(40)


async def test_a_put_that_does_not_end_is_kept_and_put_again_only_if_it_was_not_stored(
    fleet: InMemoryFleet, make_chain: Any, make_host: Any, make_logs: MakeLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    push, real, hangs, released = Push(), InMemoryMember.put, ["stored", "lost"], asyncio.Event()

    async def put(member: InMemoryMember, parts: Any, turn: Any = None) -> Any:
        text = next(iter(parts.values())).batch.request.resource_logs[0].scope_logs[0].log_records[0].body.string_value
        if text in hangs:
            hangs.remove(text)
            stored = await real(member, parts, turn) if text == "stored" else None
            await released.wait()
            if stored is None:
                raise RetryableError("it was not stored")
            return stored
        return await real(member, parts, turn)

    monkeypatch.setattr(InMemoryMember, "put", put)
    chain = make_chain(push)
    async with chain.lifespan(make_host(db=fleet.storage("a"), disk=MemoryStorage())):
        await asyncio.sleep(3)
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            for text in ("stored", "lost"):
                group.create_task(chain.consume(make_logs(text)))
        for number in range(5):
            await chain.consume(make_logs(str(number)))
        await asyncio.sleep(60)
        assert push.delivered == ["stored"]
        released.set()
        await asyncio.sleep(10)
        assert push.delivered == ["stored", "lost", *texts(5)]


async def test_what_was_stored_after_all_is_known_until_it_is_let_go(
    make_host: Any, make_logs: MakeLogs, telemetry: Any
) -> None:
    """What comes before it may have to be put again, and it is asked for again."""
    keys = CollectorSendingQueueConfig.model_validate({"storage": "db", "spool": "disk"})
    batch = make_logs("in doubt")

    async def slowly() -> str:
        await asyncio.sleep(IN_DOUBT_S + 5)
        return "stored"

    host = make_host(disk=MemoryStorage())
    async with opened_spool(host, telemetry.settings, keys, Signal.LOGS) as spool:
        assert spool is not None
        assert await spool.through(slowly(), batch, 0) is None
        taken = await spool.queue.take()
        assert [await spool.was_put(taken.id) for _ in range(3)] == [True] * 3
        await spool.done([taken])
        assert not spool.holds
        assert not await spool.was_put(taken.id)


async def test_what_is_never_taken_is_told_of_and_holds_nobody_up(
    fleet: InMemoryFleet,
    make_chain: Any,
    make_host: Any,
    make_logs: MakeLogs,
    telemetry: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    push, real = Push(), InMemoryMember.put

    async def put(member: InMemoryMember, parts: Any, turn: Any = None) -> Any:
        text = next(iter(parts.values())).batch.request.resource_logs[0].scope_logs[0].log_records[0].body.string_value
        if text == "3" and not member.is_away:
            raise PermanentError("storage cannot run put")
        if text == "5" and not member.is_away:
            raise KeyError("a mistake")
        return await real(member, parts, turn)

    monkeypatch.setattr(InMemoryMember, "put", put)
    chain = make_chain(push)
    async with chain.lifespan(make_host(db=fleet.storage("a"), disk=MemoryStorage())):
        await asyncio.sleep(3)
        fleet.is_away = True
        for number in range(9):
            await chain.consume(make_logs(str(number)))
        fleet.is_away = False
        await asyncio.sleep(30)
        assert push.delivered == ["0", "1", "2", "4", "6", "7", "8"]
    assert telemetry.sent == (7, 0, 2)
    assert caplog.text.count("1 records from the spool are refused") == 2


async def test_a_spool_is_refused_where_no_fleet_shares_the_storage(
    fleet: InMemoryFleet, make_chain: Any, make_host: Any
) -> None:
    for extensions, words in (
        ({"db": MemoryStorage(), "disk": MemoryStorage()}, "is not shared"),
        ({"db": fleet.storage("a"), "disk": fleet.storage("a")}, "is shared by a fleet"),
        ({"db": fleet.storage("a")}, "disk"),
    ):
        with pytest.raises(StartError, match=words):
            async with make_chain(Push()).lifespan(make_host(**extensions)):
                pass


@pytest.mark.parametrize(
    ("error", "helps"),
    [
        (RetryableError("away", reason="storage_away"), True),
        (RetryableError("no room on its disk", reason="disk_full"), True),
        (ShutdownError("taken over", reason="late"), True),
        (ShutdownError("closed"), False),
        (QueueFullError("full"), False),
        (RetryableError("divided anew", reason=FLEET_CHANGED), False),
    ],
)
def test_against_which_errors_it_helps(error: RetryableError, *, helps: bool) -> None:
    assert is_away(error) == helps
