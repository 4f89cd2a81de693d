"""What stands between a seat and the world: the guard, the host of a shard, one status of all."""

import asyncio
from dataclasses import dataclass
from typing import Any, cast

import pytest

from otel_discord.component import Status
from otel_discord.component.fleet import Seat
from otel_discord.discord_api.http import HttpRequest, HttpResponse, TransportError
from otel_discord.exporters.discord.fleet.guard import LONGEST_WAIT_S, Guard
from otel_discord.exporters.discord.fleet.shard_host import ShardHost, StatusOfAll
from otel_discord.testing.host import NopHost

pytestmark = pytest.mark.looptime(idle_timeout=1000)


@dataclass
class _Seat:
    until_s: float
    is_lost: bool = False

    @property
    def certain_s(self) -> float:
        return self.until_s - asyncio.get_running_loop().time()


@dataclass
class _Wire:
    sent: int = 0

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.sent += 1
        return HttpResponse(status=204, headers={})


REQUEST = HttpRequest(method="GET", url="https://discord.example")


def guard(seat: Any, wire: _Wire) -> Guard:
    return Guard(transport=wire, seat=cast("Seat", seat))


async def test_a_request_goes_out_while_the_seat_is_certain_and_waits_for_that() -> None:
    seat, wire, loop = _Seat(30.0), _Wire(), asyncio.get_running_loop()
    guarded = guard(seat, wire)
    await guarded.send(REQUEST)
    await asyncio.sleep(29)
    sending = asyncio.create_task(guarded.send(REQUEST))
    await asyncio.sleep(1.5)
    assert wire.sent == 1
    seat.until_s = loop.time() + 30
    await sending
    assert wire.sent == 2


async def test_what_stays_uncertain_or_is_lost_was_certainly_not_sent() -> None:
    seat, wire, loop = _Seat(1.0), _Wire(), asyncio.get_running_loop()
    guarded = guard(seat, wire)
    await guarded.send(REQUEST)
    await asyncio.sleep(2)
    began_s = loop.time()
    with pytest.raises(TransportError) as waited:
        await guarded.send(REQUEST)
    assert LONGEST_WAIT_S <= loop.time() - began_s < LONGEST_WAIT_S + 0.1
    assert not waited.value.sent
    seat.is_lost, began_s = True, loop.time()
    with pytest.raises(TransportError) as lost:
        await guarded.send(REQUEST)
    assert (lost.value.sent, loop.time() - began_s, wire.sent) == (False, 0, 1)


async def test_a_lease_of_a_second_is_long_enough() -> None:
    seat, wire, loop = _Seat(1.0), _Wire(), asyncio.get_running_loop()
    guarded = guard(seat, wire)
    for _ in range(10):
        await guarded.send(REQUEST)
        await asyncio.sleep(0.33)
        await guarded.send(REQUEST)
        seat.until_s = loop.time() + 1
    assert wire.sent == 20
    assert loop.time() < 3.4, "nothing has waited"


def test_the_worst_of_all_shards_is_reported_once() -> None:
    host = NopHost()
    statuses = StatusOfAll(host)
    ours = [ShardHost(host, shard, statuses) for shard in range(3)]
    for each in ours:
        each.report_status(Status.OK)
    ours[1].report_status(Status.RECOVERABLE, error="b: gone")
    ours[2].report_status(Status.RECOVERABLE, error="c: away")
    ours[0].report_status(Status.OK)
    ours[1].report_status(Status.OK)
    statuses.forget(2)
    ours[0].report_status(Status.FATAL, error="the end")
    assert [(event.status, event.error) for event in host.events] == [
        (Status.OK, ""),
        (Status.RECOVERABLE, "b: gone"),
        (Status.RECOVERABLE, "b: gone; c: away"),
        (Status.RECOVERABLE, "c: away"),
        (Status.OK, ""),
        (Status.FATAL, "the end"),
    ]


def test_what_is_kept_is_the_seat_s_own_but_for_what_the_process_has_seen() -> None:
    host = NopHost({"x": "an extension"}, drain_deadline_s=9.0)
    statuses = StatusOfAll(host)
    first, second = ShardHost(host, 1, statuses), ShardHost(host, 1, statuses, deadline_s=5.0)
    assert first.kept("queue", list) is first.kept("queue", list)
    assert first.kept("queue", list) is not second.kept("queue", list)
    assert first.kept("evidence", list) is second.kept("evidence", list) is host.kept("evidence", list)
    assert (first.drain_deadline_s, second.drain_deadline_s) == (9.0, 5.0)
    assert second.extension("x", str) == "an extension"
