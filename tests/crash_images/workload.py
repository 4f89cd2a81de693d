"""Work on a queue as the discord exporter does it: put, route, mark, settle, bury, move, fold, post; from a seed."""

import asyncio
import random

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.component.storage import Fold, Move, NewCard, NewLetter, NewPosted, Posting, Settlement, WorkQueue
from otel_discord.signals.batch import LogsBatch
from tests.crash_images.books import ABSENT, Books

LANES = ("errors", "ops", "audit")


def batch_named(name: str, filler: str) -> LogsBatch:
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    record.event_name = name
    record.body.string_value = filler
    return LogsBatch(request)


class Worker:
    """Does one thing after the other; several workers share the queue."""

    def __init__(self, queue: WorkQueue, books: Books, dice: random.Random, name: str) -> None:
        self._queue = queue
        self._books = books
        self._dice = dice
        self._name = name

    async def work(self, rounds: int) -> None:
        for turn in range(rounds):
            await self._one_batch(f"{self._name}x{turn}")

    async def _one_batch(self, label: str) -> None:
        dice, queue, books = self._dice, self._queue, self._books
        filler = dice.randbytes(dice.choice((100, 400, 2000, 20_000))).hex()
        with books.changing({f"b{label}": "waiting"}):
            batch_id = await queue.put(batch_named(f"b{label}", filler), priority=dice.choice((0, 0, 1)))
        if dice.random() < 0.2:
            return  # stays
        names = [f"c{label}.{index}" for index in range(dice.randint(0, 4))]
        lanes = [dice.choice(LANES) for _ in names]
        cards = [NewCard(lane, 0, _payload(name, dice)) for name, lane in zip(names, lanes, strict=True)]
        with books.changing({f"b{label}": ABSENT, **{n: f"in {lane}" for n, lane in zip(names, lanes, strict=True)}}):
            ids = await queue.route(batch_id, cards)
        for name, lane, card_id in zip(names, lanes, ids, strict=True):
            if dice.random() < 0.75:
                await self._one_card(name, lane, card_id)

    async def _one_card(self, name: str, lane: str, card_id: int) -> None:
        dice, queue, books = self._dice, self._queue, self._books
        with books.changing({name: f"in {lane}, in doubt"}):
            await queue.mark_sending([card_id])
        match dice.choice(("settle", "settle", "settle", "unsent", "bury", "move", "post", "post", "fold")):
            case "settle":
                with books.changing({name: ABSENT}):
                    await queue.settle([card_id], Settlement.DELIVERED)
            case "unsent":
                with books.changing({name: f"in {lane}"}):
                    await queue.mark_unsent([card_id])
            case "bury":
                with books.changing({name: "letter"}):
                    await queue.bury([NewLetter(card_id, 1, lane, "test", name.encode())])
            case "move":
                other = dice.choice(LANES)
                with books.changing({name: f"in {other}"}):
                    await queue.move([Move(card_id, NewCard(other, 0, name.encode()))])
            case "fold":
                with books.changing({name: f"in {lane}, in doubt, folded"}):
                    await queue.route_all({}, [_fold(name, lane, card_id)])
            case "post":
                await self._one_posted(name, lane, card_id)

    async def _one_posted(self, name: str, lane: str, card_id: int) -> None:
        dice, queue, books = self._dice, self._queue, self._books
        message_id = f"m{name}"
        with books.changing({name: "posted, shows 1"}):
            await queue.post(NewPosted(lane, message_id, 5, b"", [Posting(card_id, 1)]))
        with books.changing({name: "posted, shows 1, folded"}):
            await queue.route_all({}, [_fold(name, lane, card_id)])
        match dice.choice(("stay", "show", "unpost", "forget", "move")):
            case "show":
                with books.changing({name: "posted, shows 2, folded"}):
                    await queue.mark_shown([Posting(card_id, 2)])
            case "unpost":
                with books.changing({name: ABSENT}):
                    await queue.unpost([card_id])
            case "forget":
                with books.changing({name: ABSENT}):
                    await queue.forget_messages(lane, [message_id])
            case "move":
                with books.changing({name: f"in {lane}"}):
                    await queue.move([Move(card_id, NewCard(lane, 0, name.encode()))])


def _fold(name: str, lane: str, card_id: int) -> Fold:
    return Fold(card_id, f"{name} folded".encode(), NewCard(lane, 0, b"never"))


def _payload(name: str, dice: random.Random) -> bytes:
    return name.encode() + b" " + dice.randbytes(dice.choice((50, 500, 5000)))


async def work_from(seed: int, queue: WorkQueue, books: Books, *, part: int, workers: int, rounds: int) -> None:
    """Let several workers loose on a queue; ``part`` makes the names of its things its own."""
    async with asyncio.TaskGroup() as group:
        for number in range(workers):
            dice = random.Random(f"{seed}/{part}/{number}")
            group.create_task(Worker(queue, books, dice, f"{part}x{number}").work(rounds))
