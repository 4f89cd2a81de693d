"""Rows 1–8: the process ends at a step of the queue's protocol, or at any time under load."""

import asyncio
import signal
import time
from collections.abc import Callable
from math import inf

from otel_discord.component.failpoint import VARIABLE
from otel_discord.testing.fake_discord import Answer, Fault, posts
from tests.faults.clients import Client
from tests.faults.row import Theme, row
from tests.faults.service import READY
from tests.faults.stage import Stage
from tests.sending.markers import markers_in

KILLED = -signal.SIGKILL


async def _killed_at(stage: Stage, place: str, records: int = 5) -> None:
    """Start with a failpoint, send, and start again once the process has ended there."""
    await stage.start(environment={VARIABLE: place})
    client = stage.client()
    sending = asyncio.ensure_future(client.send(records, deadline_s=30))
    try:
        code = await stage.service.ended(20)
        assert code == KILLED, f"the process was not killed at {place}, it ended with {code}"
        await stage.start()
        await sending
    finally:
        sending.cancel()
    stage.note(place)


@row(
    1,
    Theme.PROCESS,
    "kill -9 before the commit of an accepted request",
    injected="failpoint `put.before_commit`",
    expected="the client got no answer and sends again: nothing lost, nothing repeated",
    codes="NL D0 LIVE",
)
async def before_commit(stage: Stage) -> None:
    await _killed_at(stage, "put.before_commit")
    held = await stage.close_books()
    assert all(len(ids) == len(set(ids)) for ids in held.delivered.values()), "a record came twice"


@row(
    2,
    Theme.PROCESS,
    "kill -9 after the commit, before the answer",
    injected="failpoint `put.after_commit`",
    expected="the client sends again, and OTLP has no request id: at most one copy more",
    codes="NL D1 LIVE",
)
async def after_commit(stage: Stage) -> None:
    await _killed_at(stage, "put.after_commit")
    await stage.close_books()


_UNSENT = (
    "route.before_commit",
    "route.after_commit",
    "send.before_mark",
    "mark_sending.before_commit",
)


@row(
    3,
    Theme.PROCESS,
    "kill -9 between acceptance and the first byte to Discord",
    injected=f"failpoints {', '.join(f'`{name}`' for name in _UNSENT)}, `mark_sending.after_commit`",
    expected="nothing lost, nothing repeated; from `mark_sending` on the message may carry the mark of a repeated one",
    codes="NL D0 LIVE",
)
async def before_sending(stage: Stage) -> None:
    places = [*_UNSENT, "mark_sending.after_commit", "send.after_mark"]
    for place in places if stage.whole else stage.dice.sample(places, 1):
        await _killed_at(stage, place)
        await stage.until(lambda: stage.arrived(stage.ledger.accepted), "it arrives after the restart")
        await stage.service.stop()
    await stage.start()
    await stage.close_books()


@row(
    4,
    Theme.PROCESS,
    "kill -9 after Discord has the message, before that is noted",
    injected="failpoints `send.after_answer`, `settle.before_commit`",
    expected="exactly that message comes again, marked as repeated and counted",
    codes="NL D1 LIVE",
)
async def before_settling(stage: Stage) -> None:
    records = 0
    places = ("send.after_answer", "settle.before_commit")
    for place in places if stage.whole else [stage.dice.choice(places)]:
        await _killed_at(stage, place)
        records += 5
        await stage.until(lambda records=records: stage.copies() == records, "the message in flight comes again")
        assert await stage.metric("otel_discord_possible_duplicates_total") >= 1
        await stage.service.stop()
    await stage.start()
    await stage.close_books(duplicates=records)


@row(
    5,
    Theme.PROCESS,
    "kill -9 during the commit of the settlement",
    injected="failpoint `settle.after_commit`; every instant of the disk: row 9",
    expected="nothing lost; what is settled does not come again",
    codes="NL D0 LIVE",
)
async def settled(stage: Stage) -> None:
    await _killed_at(stage, "settle.after_commit")
    await stage.close_books()


@row(
    6,
    Theme.PROCESS,
    "kill -9 while a record becomes a dead letter",
    injected="failpoints `bury.before_commit`, `bury.after_commit`",
    expected="it is in exactly one place",
    codes="NL D0 LIVE",
)
async def burying(stage: Stage) -> None:
    refused = Answer(400, {"message": "Message was blocked by automatic moderation", "code": 200000})
    places = ("bury.before_commit", "bury.after_commit")
    dead: set[int] = set()
    for place in places if stage.whole else [stage.dice.choice(places)]:
        stage.fake.faults.add(Fault(refused, match=posts, times=inf))
        before = set(stage.ledger.accepted)
        await _killed_at(stage, place, 1)
        dead |= set(stage.ledger.accepted) - before
        await asyncio.sleep(0.5)
        stage.fake.faults.clear()
        await stage.service.stop()
    await stage.start()
    await stage.close_books(dead={"default": dead})


@row(
    7,
    Theme.PROCESS,
    "kill -9 while the tables are made",
    injected="failpoints at each statement of the first migration, and around its commit",
    expected="the next start finishes or begins anew",
    codes="NL LIVE",
)
async def first_start(stage: Stage) -> None:
    places = [f"migrate.1.{number}" for number in range(1, 40)]
    places += ["migrate.before_commit", "migrate.after_commit"]
    killed = 0
    for place in places if stage.whole else stage.dice.sample(places[:8], 1) + places[-2:-1]:
        for path in stage.storage_directory.glob("*"):
            path.unlink()
        service = await stage.start(environment={VARIABLE: place}, ready=False)
        await stage.until(lambda s=service: s.is_over or READY in s.log, "it ends, or is ready")  # type: ignore[misc]
        if not service.is_over:
            await service.kill()
            continue
        assert await service.ended() == KILLED
        killed += 1
        await stage.start()
        await stage.service.stop()
    assert killed >= 2, "no such places"
    await stage.start()
    await stage.close_books()
    stage.note(f"{killed} places")


async def load(stage: Stage, clients: list[Client], is_over: Callable[[], bool], pause_s: float = 0.02) -> None:
    """Let clients send until it is over; each sends again what was not answered OK."""

    async def one(client: Client) -> None:
        place = 0
        while not is_over():
            via = "grpc" if place % 3 == 2 else "http"
            severity = 21 if place % 7 == 6 else 17
            place += 1
            await client.send(1 + place % 5, severity=severity, via=via, deadline_s=60)
            await asyncio.sleep(pause_s)

    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(one(client))


@row(
    8,
    Theme.PROCESS,
    "kill -9 at random times under load from several clients",
    injected="SIGKILL every half a second or so, then a restart at once",
    expected="nothing lost; at most one message for each kill and destination comes again",
    codes="NL D1 LIVE",
    destinations=2,
)
async def kills_under_load(stage: Stage) -> None:
    await ends_under_load(stage, signal.SIGKILL, stage.of(4, 200))


async def ends_under_load(stage: Stage, number: signal.Signals, times: int) -> None:
    """End and restart the service many times while clients send, and hold the books."""
    await stage.start()
    over = False
    clients = [stage.client() for _ in range(4)]
    sending = asyncio.ensure_future(load(stage, clients, lambda: over))
    started = time.monotonic()
    try:
        for _ in range(times):
            await asyncio.sleep(stage.dice.uniform(0.1, 0.6))
            await stage.restart(number)
    finally:
        over = True
    await sending
    messages = times * len(stage.webhooks)
    allowed = messages * 10 if number is signal.SIGKILL else 0  # a message has ten cards at most
    held = await stage.close_books(duplicates=allowed, ordered=number is not signal.SIGKILL, deadline_s=60)
    repeated = {name: _repeated_messages(stage, name) for name in held.delivered}
    assert all(count <= times for count in repeated.values()), f"repeated messages: {repeated}, {times} ends"
    stage.note(f"{times} ends in {time.monotonic() - started:.0f} s, repeated messages {list(repeated.values())}")


def _repeated_messages(stage: Stage, name: str) -> int:
    """Return how many messages hold only records that were in an earlier one, more often than they were sent to us."""
    seen: dict[int, int] = {}
    repeated = 0
    for message in stage.fake.messages:
        if message.webhook_id != stage.webhooks[name].id:
            continue
        ids = set(markers_in("\n".join(message.texts())))
        repeated += any(seen.get(each, 0) >= stage.ledger.offered[each] for each in ids)
        for each in ids:
            seen[each] = seen.get(each, 0) + 1
    return repeated
