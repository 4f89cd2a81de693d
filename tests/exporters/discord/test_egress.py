"""Limiters of several processes behind one address: together they keep to what Discord allows it."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from otel_discord.component.egress import Claim, Share
from otel_discord.component.errors import PermanentError
from otel_discord.discord_api.outcome_types import Scope
from otel_discord.discord_api.permits import RateLimits
from otel_discord.discord_api.ratelimit import Answer, InvalidLevel, Limiter
from otel_discord.discord_api.ratelimit.answer import Limited
from otel_discord.discord_api.routes import Operation, Route
from otel_discord.exporters.discord.egress import shared_egress
from otel_discord.testing.in_memory_egress import InMemoryAccount, InMemoryEgress
from otel_discord.testing.leaks import no_leaked_tasks

pytestmark = pytest.mark.looptime(idle_timeout=2000, idle_step=1)
LOGGER = logging.getLogger("test")
WHOLE = 45.0


@dataclass(slots=True)
class Address:
    """Discord, as far as it counts by address."""

    times: deque[float] = field(default_factory=deque)
    most: int = 0
    banned_until_s: float = 0.0
    met_ban: int = 0

    def take(self) -> float:
        """Count a request; return for how long the address is banned."""
        now_s = asyncio.get_running_loop().time()
        self.times.append(now_s)
        self.most = max(self.most, sum(1 for at in self.times if at > now_s - 1.0))
        while self.times[0] < now_s - 20:
            self.times.popleft()
        left_s = max(0.0, self.banned_until_s - now_s)
        self.met_ban += left_s > 0
        return left_s


@dataclass(slots=True)
class Process:
    address: Address
    limits: RateLimits = field(default_factory=lambda: RateLimits(Limiter()))
    sent: int = 0

    async def ask(self, webhook: int, *, refused: bool = False) -> None:
        async with self.limits.permit(Route(Operation.GET_WEBHOOK, str(webhook))) as permit:
            await permit.ready()
            permit.sending()
            left_s, now_s = self.address.take(), asyncio.get_running_loop().time()
            limited = Limited(left_s, Scope.HOST) if left_s else None
            await asyncio.sleep(0.02)
            status = 401 if refused else 429 if limited else 200
            permit.seen(Answer(status=status, limited=limited, sent_at=now_s, received_at=now_s + 0.02))
            self.sent += 1

    async def press(self, webhooks: int, pause_s: float = 0.0) -> None:
        """Send as much as the limits let through, until cancelled."""

        async def one(webhook: int) -> None:
            while True:
                await self.ask(webhook)
                await asyncio.sleep(pause_s)

        async with asyncio.TaskGroup() as tasks:
            for webhook in range(webhooks):
                tasks.create_task(one(webhook))


def in_use(process: Process, egress: InMemoryEgress, endpoint: str = "e") -> AbstractAsyncContextManager[None]:
    return shared_egress(egress, endpoint, WHOLE, process.limits, LOGGER)


@asynccontextmanager
async def pressing(process: Process, webhooks: int = 100, pause_s: float = 0.0) -> AsyncIterator[None]:
    task = asyncio.create_task(process.press(webhooks, pause_s))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_one_alone_has_the_whole_rate_at_once() -> None:
    address = Address()
    egress, process = InMemoryEgress(), Process(address)
    async with no_leaked_tasks(), in_use(process, egress), pressing(process):
        await asyncio.sleep(1)
        process.sent = 0
        await asyncio.sleep(10)
        assert process.sent >= 0.95 * WHOLE * 10
    assert address.most <= 50
    assert process.limits.usage().rate_per_s == WHOLE, "it is its own again"


@pytest.mark.parametrize(("count", "most_s"), [(1, 0.0), (3, 0.3)])
async def test_a_few_requests_after_a_quiet_time_hardly_wait_for_each_other(count: int, most_s: float) -> None:
    egress = InMemoryEgress()
    processes = [Process(Address()) for _ in range(count)]
    waited_s: list[float] = []
    async with AsyncExitStack() as stack:
        for process in processes:
            await stack.enter_async_context(in_use(process, egress))
        await asyncio.sleep(10)
        for number, pause_s in enumerate((0.3, 0.2, 0.4, 0.25, 0.5, 0.2, 0.3, 0.2) * 3):
            began_s = asyncio.get_running_loop().time()
            await processes[0].ask(number)
            waited_s.append(asyncio.get_running_loop().time() - began_s - 0.02)
            await asyncio.sleep(pause_s)
    assert max(waited_s) <= most_s + 1e-6
    assert sum(waited_s) / len(waited_s) <= 0.1 * most_s + 1e-6


async def test_busy_ones_share_it_evenly_and_an_idle_one_leaves_it_to_the_others() -> None:
    address, egress = Address(), InMemoryEgress()
    processes = [Process(address) for _ in range(3)]
    async with AsyncExitStack() as stack:
        for process in processes:
            await stack.enter_async_context(in_use(process, egress))
        await asyncio.sleep(10)
        began_s = asyncio.get_running_loop().time()
        await processes[2].ask(1)
        assert asyncio.get_running_loop().time() - began_s < 0.1, "who was idle need not wait"
        await stack.enter_async_context(pressing(processes[0]))
        await asyncio.sleep(1)
        assert processes[0].limits.usage().rate_per_s >= 0.6 * WHOLE
        await asyncio.sleep(5)  # the idle ones have been heard
        assert processes[0].limits.usage().rate_per_s >= 0.9 * WHOLE
        await stack.enter_async_context(pressing(processes[1]))
        await asyncio.sleep(3)
        for process in processes:
            process.sent = 0
        await asyncio.sleep(20)
        shares = [process.sent / 20 for process in processes]
        assert shares[0] == pytest.approx(shares[1], rel=0.1)
        assert shares[0] + shares[1] >= 0.9 * WHOLE
        await stack.enter_async_context(pressing(processes[2]))
        await asyncio.sleep(4)
        for process in processes:
            process.sent = 0
        await asyncio.sleep(20)
        assert [process.sent / 20 for process in processes] == pytest.approx([15, 15, 15], rel=0.1)
        assert egress.asked <= 75 * 3 * 2
    assert address.most <= 50


async def test_who_dies_keeps_its_share_from_the_others_only_for_seconds() -> None:
    address, egress = Address(), InMemoryEgress()
    dead, alive = Process(address), Process(address)
    async with in_use(dead, egress), in_use(alive, egress):
        async with pressing(dead):
            await asyncio.sleep(8)
        (row,) = [row for row in egress.rows.values() if row.granted_per_s > 40]
        frozen = dict.fromkeys([number for number, each in egress.rows.items() if each is row], row)
        for _ in range(3):  # nobody renews it
            egress.rows.update(frozen)
            await asyncio.sleep(0)
        async with pressing(alive):
            await asyncio.sleep(5)
            assert alive.limits.usage().rate_per_s >= 0.9 * WHOLE
    assert address.most <= 50


async def test_an_outage_of_the_storage_stops_everything_and_ends_by_itself() -> None:
    address, egress = Address(), InMemoryEgress()
    process = Process(address)
    async with in_use(process, egress), pressing(process):
        await asyncio.sleep(3)
        egress.is_away = True
        await asyncio.sleep(3.1)
        process.sent = 0
        await asyncio.sleep(60)
        assert process.sent <= 1
        assert egress.counted_per_s == 0
        egress.is_away = False
        await asyncio.sleep(1)
        process.sent = 0
        await asyncio.sleep(5)
        assert process.sent >= 0.95 * WHOLE * 5
    assert address.most <= 50


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (PermanentError("no such table"), "no such table"),
        (ValueError("a mistake"), "a mistake"),
        (ValueError(), "ValueError"),
        (TimeoutError(), "the storage does not answer in time"),
    ],
)
async def test_an_error_that_nobody_expects_lets_nobody_send_without_a_share(
    error: Exception, why: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    address, egress = Address(), InMemoryEgress()
    process, renew = Process(address), InMemoryAccount.renew
    fails = False

    async def renew_or_fail(account: InMemoryAccount, claim: Claim) -> Share:
        if fails:
            raise error
        return await renew(account, claim)

    monkeypatch.setattr(InMemoryAccount, "renew", renew_or_fail)
    async with no_leaked_tasks(), in_use(process, egress), pressing(process):
        await asyncio.sleep(5)
        fails = True
        await asyncio.sleep(5)
        sent = process.sent
        await asyncio.sleep(10)
        assert process.sent == sent
        assert caplog.messages == [f"what Discord allows this address cannot be shared for now: {why}"]
        fails = False
        await asyncio.sleep(3)
        assert process.sent > sent + 40


async def test_a_ban_stops_all_within_a_second_and_one_probe_ends_it() -> None:
    address, egress = Address(), InMemoryEgress()
    processes = [Process(address) for _ in range(3)]
    async with AsyncExitStack() as stack:
        for process in processes:
            await stack.enter_async_context(in_use(process, egress))
        for process in processes[:2]:
            await stack.enter_async_context(pressing(process))
        await asyncio.sleep(5)
        address.banned_until_s = asyncio.get_running_loop().time() + 120
        await asyncio.sleep(1.5)
        met = address.met_ban
        assert met <= 50
        await asyncio.sleep(110)
        assert address.met_ban == met
        quiet = asyncio.create_task(processes[2].ask(1))
        await asyncio.sleep(5)
        assert not quiet.done(), "also who was idle when it began"
        await asyncio.sleep(60)
        assert quiet.done()
        assert not any(process.limits.limiter.is_banned for process in processes)
        assert address.met_ban == met, "nobody asked before it was over"
        for process in processes:
            process.sent = 0
        await asyncio.sleep(5)
        assert processes[0].sent + processes[1].sent >= 0.9 * WHOLE * 5
    assert address.most <= 50


async def test_requests_that_discord_refuses_count_for_all() -> None:
    egress = InMemoryEgress()
    one, two = Process(Address()), Process(Address())
    async with in_use(one, egress), in_use(two, egress):
        for invalid, level in ((600, InvalidLevel.FINE), (500, InvalidLevel.SLOW)):
            for _ in range(invalid):
                await one.ask(1, refused=True)
            await asyncio.sleep(12)
            assert two.limits.snapshot().invalid_level is level
        assert two.limits.snapshot().invalid_requests == 1100


async def test_one_task_serves_all_who_use_a_limiter_and_goes_on_for_the_last() -> None:
    egress, process = InMemoryEgress(), Process(Address())
    async with no_leaked_tasks():
        first, second = AsyncExitStack(), AsyncExitStack()
        await first.enter_async_context(in_use(process, egress))
        await second.enter_async_context(in_use(process, egress))
        await asyncio.sleep(1)
        assert len(egress.rows) == 1
        await first.aclose()
        await asyncio.sleep(1)
        assert len(egress.rows) == 1
        await process.ask(1)
        await second.aclose()
        assert not egress.rows


async def test_a_storage_that_is_not_shared_costs_nothing() -> None:
    egress, process = InMemoryEgress(is_shared=False), Process(Address())
    async with in_use(process, egress), shared_egress(None, "e", WHOLE, process.limits, LOGGER):
        await process.ask(1)
        assert process.limits.usage().rate_per_s == WHOLE
    assert egress.asked == 0
