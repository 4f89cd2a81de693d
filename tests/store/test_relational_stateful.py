"""Any calls, restarts and failures against a plain model of the queue: nothing is lost, doubled or out of order."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.component.errors import QueueFullError, RetryableError
from otel_discord.component.storage import (
    Fold,
    Move,
    NewCard,
    NewLetter,
    NewPosted,
    PostedCard,
    PostedMessage,
    Posting,
    QueueLimits,
    Revival,
    Settlement,
    Sizer,
    StoredCard,
    StoredLetter,
)
from otel_discord.signals.batch import LogsBatch
from otel_discord.store import relational_cards, transactions, waiting_batches
from tests.store.sqlite_database import SqliteStorage

MAX_BYTES = 10_000
NEWS = st.lists(st.builds(NewCard, st.sampled_from("ab"), st.integers(0, 2), st.binary(max_size=2)), max_size=5)


def batch_of(records: int, number: int) -> LogsBatch:
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    scope.scope.name = str(number)
    for _ in range(records):
        scope.log_records.add().body.string_value = "x"
    return LogsBatch(request)


@dataclass
class Model:
    """A batch as the model sees it."""

    priority: int
    batch: LogsBatch
    items: int
    state: str = "waiting"
    cards: set[int] = field(default_factory=set)
    dead: bool = False

    def weight(self, sizer: Sizer) -> int:
        return {Sizer.REQUESTS: 1, Sizer.ITEMS: self.items, Sizer.BYTES: self.batch.size_bytes}[sizer]


@dataclass
class ModelCard:
    card: NewCard
    batch: int
    attempts: int = 0
    in_doubt: bool = False


@dataclass
class ModelMessage:
    posted_ns: int
    note: bytes
    cards: dict[int, PostedCard] = field(default_factory=dict)


class QueueMachine(RuleBasedStateMachine):
    """The queue, its database, and what should be in both."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.storage = SqliteStorage()
        self.batches: dict[int, Model] = {}
        self.cards: dict[int, ModelCard] = {}
        self.messages: dict[tuple[str, str], ModelMessage] = {}
        self.letters: list[tuple[int, NewLetter]] = []
        self.last = {"batch": 0, "card": 0, "letter": 0}
        self.number = 0
        self.state: dict[str, bytes] = {}

    @initialize(size=st.integers(1, 12), sizer=st.sampled_from(Sizer))
    def begin(self, size: int, sizer: Sizer) -> None:
        self.open(size, sizer)

    def open(self, size: int, sizer: Sizer) -> None:
        self.sizer = sizer
        self.size = size * (10 if sizer is Sizer.BYTES else 1)
        opening = self.storage.open_queue("q", QueueLimits(self.size, sizer, MAX_BYTES))
        self.queue = self.call(self.stack.enter_async_context(opening))

    def call(self, awaited: Any) -> Any:
        async def within_a_second() -> Any:
            async with asyncio.timeout(5):
                return await awaited

        return self.runner.run(within_a_second())

    def teardown(self) -> None:
        self.call(self.stack.aclose())
        self.runner.close()

    def new_id(self, kind: str, found: int) -> int:
        assert found > self.last[kind]
        self.last[kind] = found
        return found

    def in_state(self, state: str) -> list[int]:
        return [batch_id for batch_id, batch in self.batches.items() if batch.state == state]

    def used(self) -> int:
        return sum(batch.weight(self.sizer) for batch in self.batches.values())

    def some_cards(self, data: st.DataObject) -> list[int]:
        """Waiting ones, posted ones, and one that never was."""
        known = st.sampled_from(sorted(self.cards)) if self.cards else st.nothing()
        posted = st.sampled_from(sorted(self.posted())) if self.posted() else st.nothing()
        return data.draw(st.lists(known | posted | st.just(10**9), max_size=6))

    def posted(self) -> dict[int, ModelMessage]:
        return {card_id: message for message in self.messages.values() for card_id in message.cards}

    # ------------------------------------------------------------------------------------------------- batches

    @rule(records=st.integers(0, 5), priority=st.integers(0, 3), disk_full=st.sampled_from([False] * 4 + [True]))
    def put(self, records: int, priority: int, disk_full: bool) -> None:
        self.number += 1
        model = Model(priority, batch_of(records, self.number), records)
        fits = not self.batches or self.used() + model.weight(self.sizer) <= self.size
        self.storage.database.refuse = lambda work: disk_full
        try:
            batch_id = self.call(self.queue.put(model.batch, priority=priority))
        except QueueFullError:
            assert not fits
        except RetryableError:
            assert disk_full
            assert fits
        else:
            assert fits
            assert not disk_full
            self.batches[self.new_id("batch", batch_id)] = model
        finally:
            self.storage.database.refuse = lambda work: False

    @rule(records=st.integers(0, 2), pauses=st.integers(0, 8))
    def put_cancelled(self, records: int, pauses: int) -> None:
        self.number += 1
        model = Model(1, batch_of(records, self.number), records)
        fits = not self.batches or self.used() + model.weight(self.sizer) <= self.size

        async def cancel_it() -> None:
            task = asyncio.ensure_future(self.queue.put(model.batch, priority=1))
            for _ in range(pauses):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                assert (task.exception() is None) is fits
            for _ in range(20):
                await asyncio.sleep(0)

        self.call(cancel_it())
        stored = [row[0] for row in self.storage.database.rows("batches") if row[0] not in self.batches]
        assert len(stored) <= fits
        for batch_id in stored:
            self.batches[self.new_id("batch", batch_id)] = model

    @precondition(lambda self: self.in_state("waiting"))
    @rule()
    def take(self) -> None:
        taken = self.call(self.queue.take())
        assert taken.id == min(self.in_state("waiting"), key=lambda i: (-self.batches[i].priority, i))
        model = self.batches[taken.id]
        assert (taken.batch.request, taken.priority) == (model.batch.request, model.priority)
        model.state = "taken"

    @rule(most=st.integers(0, 8))
    def take_more(self, most: int) -> None:
        for taken in self.call(self.queue.take_more(most)):
            assert taken.id == min(self.in_state("waiting"), key=lambda i: (-self.batches[i].priority, i))
            assert taken.batch.request == self.batches[taken.id].batch.request
            self.batches[taken.id].state = "taken"
            most -= self.batches[taken.id].items
        assert most >= 0

    @precondition(lambda self: self.in_state("taken"))
    @rule(data=st.data(), how=st.sampled_from(["release", "done"]))
    def give_back(self, data: st.DataObject, how: str) -> None:
        batch_id = data.draw(st.sampled_from(self.in_state("taken")))
        if how == "release":
            self.call(self.queue.release(batch_id))
            self.batches[batch_id].state = "waiting"
        else:
            self.call(self.queue.done(batch_id))
            del self.batches[batch_id]

    @precondition(lambda self: self.in_state("taken"))
    @rule(data=st.data(), news=NEWS)
    def route(self, data: st.DataObject, news: list[NewCard]) -> None:
        batch_id = data.draw(st.sampled_from(self.in_state("taken")))
        self.batches[batch_id].state = "routed"
        self.add(self.call(self.queue.route(batch_id, news)), news, [batch_id] * len(news))
        self.forget_ended()

    @rule(data=st.data(), news=st.lists(NEWS, max_size=4), payload=st.binary(max_size=900), lane=st.sampled_from("ab"))
    def route_all(self, data: st.DataObject, news: list[list[NewCard]], payload: bytes, lane: str) -> None:
        known = st.sampled_from([*self.in_state("taken"), *self.in_state("routed"), 10**9])
        batch_ids = data.draw(st.lists(known, max_size=len(news), unique=True))
        taken = dict(zip(batch_ids, news, strict=False))
        folds = [Fold(each, payload, NewCard(lane, each % 3, payload)) for each in self.some_cards(data)]
        routed = self.call(self.queue.route_all(taken, folds))
        assert list(routed.cards) == [batch_id for batch_id in taken if batch_id in self.in_state("taken")]
        for batch_id, ids in routed.cards.items():
            self.batches[batch_id].state = "routed"
            self.add(ids, taken[batch_id], [batch_id] * len(ids))
        for fold in folds:
            if fold.card_id in self.cards:
                self.cards[fold.card_id].card = replace(self.cards[fold.card_id].card, payload=payload)
            elif message := self.posted().get(fold.card_id):
                message.cards[fold.card_id] = replace(message.cards[fold.card_id], payload=payload)
        lost = {fold.card_id: fold.otherwise for fold in folds if fold.card_id not in {*self.cards, *self.posted()}}
        assert list(routed.otherwise) == list(lost)
        self.add(routed.otherwise.values(), list(lost.values()), [0] * len(lost))
        self.forget_ended()

    # --------------------------------------------------------------------------------------------------- cards

    def add(self, ids: Any, news: list[NewCard], batch_ids: list[int]) -> None:
        for card_id, card, batch_id in zip(ids, news, batch_ids, strict=True):
            self.cards[self.new_id("card", card_id)] = ModelCard(card, batch_id)
            if batch_id in self.batches:
                self.batches[batch_id].cards.add(card_id)

    def leave(self, card_id: int, *, dead: bool) -> int:
        batch_id = self.cards.pop(card_id).batch
        if batch_id in self.batches:
            self.batches[batch_id].cards.discard(card_id)
            self.batches[batch_id].dead |= dead
        return batch_id

    def forget_ended(self) -> None:
        for batch_id in self.in_state("routed"):
            if not self.batches[batch_id].cards:
                ended = self.call(self.queue.settled(batch_id))
                assert ended is (Settlement.DEAD if self.batches[batch_id].dead else Settlement.DELIVERED)
                del self.batches[batch_id]

    @rule(data=st.data(), lane=st.sampled_from("ab"), message_id=st.sampled_from("123"), posted_ns=st.integers(0, 3))
    def post(self, data: st.DataObject, lane: str, message_id: str, posted_ns: int) -> None:
        postings = [Posting(card_id, number) for number, card_id in enumerate(self.some_cards(data))]
        note = b"%d" % posted_ns
        self.call(self.queue.post(NewPosted(lane, message_id, posted_ns, note, postings)))
        message = self.messages.setdefault((lane, message_id), ModelMessage(posted_ns, note))
        shown = {posting.card_id: posting.shown for posting in postings}
        for card_id, count in shown.items():
            if card_id in self.cards:
                card = self.cards[card_id].card
                message.cards[card_id] = PostedCard(card_id, card.priority, card.payload, count)
                self.leave(card_id, dead=False)
        self.forget_ended()

    @rule(data=st.data(), shown=st.integers(0, 9))
    def show(self, data: st.DataObject, shown: int) -> None:
        ids = self.some_cards(data)
        self.call(self.queue.mark_shown([Posting(card_id, shown) for card_id in ids]))
        for card_id in set(ids) & set(posted := self.posted()):
            posted[card_id].cards[card_id] = replace(posted[card_id].cards[card_id], shown=shown)

    @rule(data=st.data())
    def unpost(self, data: st.DataObject) -> None:
        ids = self.some_cards(data)
        self.call(self.queue.unpost(ids))
        for card_id in set(ids) & set(posted := self.posted()):
            del posted[card_id].cards[card_id]

    @rule(lane=st.sampled_from("ab"), message_ids=st.lists(st.sampled_from("1239"), max_size=2))
    def forget(self, lane: str, message_ids: list[str]) -> None:
        self.call(self.queue.forget_messages(lane, message_ids))
        for message_id in message_ids:
            self.messages.pop((lane, message_id), None)

    @rule(data=st.data(), settlement=st.sampled_from(Settlement))
    def settle(self, data: st.DataObject, settlement: Settlement) -> None:
        ids = self.some_cards(data)
        self.call(self.queue.settle(ids, settlement))
        for card_id in set(ids) & set(self.cards):
            self.leave(card_id, dead=settlement is Settlement.DEAD)
        self.forget_ended()

    @rule(data=st.data())
    def bury(self, data: st.DataObject) -> None:
        news = [NewLetter(card_id, card_id, "ab"[card_id % 2], "gone", b"x") for card_id in self.some_cards(data)]
        self.call(self.queue.bury(news))
        for letter in news:
            if letter.card_id in self.cards:
                self.leave(letter.card_id, dead=True)
                self.letters.append((0, letter))
        found = self.call(self.queue.letters(limit=1000))
        numbered = [(each.id, letter) for each, (_, letter) in zip(found, self.letters, strict=True)]
        for letter_id, _ in numbered[len([each for each, _ in self.letters if each]) :]:
            self.new_id("letter", letter_id)
        self.letters = numbered
        self.forget_ended()

    @rule(data=st.data(), sent=st.booleans())
    def mark(self, data: st.DataObject, sent: bool) -> None:
        ids = self.some_cards(data)
        self.call(self.queue.mark_sending(ids) if sent else self.queue.mark_unsent(ids))
        for card_id in set(ids) & set(self.cards):
            self.cards[card_id].attempts += sent
            self.cards[card_id].in_doubt = sent

    @rule(data=st.data(), news=NEWS)
    def move(self, data: st.DataObject, news: list[NewCard]) -> None:
        pairs = list(zip(self.some_cards(data), news, strict=False))
        ids = self.call(self.queue.move([Move(card_id, card) for card_id, card in pairs]))
        moved = []
        for card_id, card in pairs:
            if card_id in self.cards:
                moved.append((self.leave(card_id, dead=False), card))
            elif message := self.posted().get(card_id):
                del message.cards[card_id]
                moved.append((0, card))
        self.add(ids, [card for _, card in moved], [batch_id for batch_id, _ in moved])

    @rule(news=NEWS)
    def adopt(self, news: list[NewCard]) -> None:
        self.add(self.call(self.queue.adopt(news)), news, [0] * len(news))

    @precondition(lambda self: self.letters)
    @rule(data=st.data(), news=NEWS, purge=st.booleans())
    def letters_go(self, data: st.DataObject, news: list[NewCard], purge: bool) -> None:
        chosen = data.draw(st.lists(st.sampled_from([letter_id for letter_id, _ in self.letters]), max_size=4))
        if purge:
            assert self.call(self.queue.purge(chosen)) == len(set(chosen))
            gone = set(chosen)
        else:
            revivals = dict(reversed(list(zip(chosen, news, strict=False))))
            asked = [Revival(letter_id, card) for letter_id, card in zip(chosen, news, strict=False)]
            order = list(dict.fromkeys(revival.letter_id for revival in asked))
            self.add(self.call(self.queue.revive(asked)), [revivals[each] for each in order], [0] * len(order))
            gone = set(order)
        self.letters = [(letter_id, letter) for letter_id, letter in self.letters if letter_id not in gone]

    @rule(key=st.sampled_from("kl"), value=st.none() | st.binary(max_size=3))
    def remember(self, key: str, value: bytes | None) -> None:
        self.call(self.queue.set_state(key, value))
        if value is None:
            self.state.pop(key, None)
        else:
            self.state[key] = value

    # ---------------------------------------------------------------------------------------- restarts, failures

    @rule(size=st.integers(1, 12), sizer=st.sampled_from(Sizer), gently=st.booleans())
    def restart(self, size: int, sizer: Sizer, gently: bool) -> None:
        if gently:
            self.call(self.stack.aclose())
        self.stack = AsyncExitStack()
        self.open(size, sizer)
        for batch_id in self.in_state("taken"):
            self.batches[batch_id].state = "waiting"

    @rule(failures=st.integers(1, 2))
    def disk_fails_for_a_while(self, failures: int) -> None:
        left = [failures]

        def refuse(work: Any) -> bool:
            left[0] -= 1
            return left[0] >= 0 and work.name not in {"put", "open", "adopt", "revive", "purge"}

        self.storage.database.refuse = refuse

    # -------------------------------------------------------------------------------------------------- always

    @invariant()
    def everything_is_where_it_should_be(self) -> None:
        if not hasattr(self, "queue"):
            return
        assert self.queue.size == self.used()
        assert self.queue.capacity == self.size
        assert set(self.call(self.queue.lanes())) == {each.card.lane for each in self.cards.values()}
        assert self.call(self.queue.waiting()) == Counter(each.card.lane for each in self.cards.values())
        for lane in "ab":
            expected_messages = [
                PostedMessage(lane, message_id, message.posted_ns, message.note, list(message.cards.values()))
                for (name, message_id), message in self.messages.items()
                if name == lane
            ]
            expected_messages.sort(key=lambda message: (message.posted_ns, message.message_id))
            assert self.call(self.queue.posted(lane)) == expected_messages
            ids = [card_id for card_id, each in self.cards.items() if each.card.lane == lane]
            ids.sort(key=lambda card_id: (-self.cards[card_id].card.priority, card_id))
            expected = [
                StoredCard(card_id, lane, each.card.priority, each.card.payload, each.attempts, each.in_doubt)
                for card_id, each in ((card_id, self.cards[card_id]) for card_id in ids)
            ]
            assert self.call(self.queue.head(lane, 1000)) == expected
            assert self.call(self.queue.head(lane, 2)) == expected[:2]
        assert self.call(self.queue.letters(limit=1000)) == [
            StoredLetter(letter_id, letter.time_ns, letter.destination, letter.reason, letter.payload)
            for letter_id, letter in self.letters
        ]
        assert {key: value for key in "kl" if (value := self.call(self.queue.get_state(key))) is not None} == self.state
        assert {row[0] for row in self.storage.database.rows("batches")} == set(self.batches)


QueueMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


class TestQueue(QueueMachine.TestCase):  # type: ignore[misc, name-defined]
    """The machine as a test, with short pauses, looks ahead of two batches, and two cards of each lane in memory."""

    pytestmark = pytest.mark.timeout(120)

    @pytest.fixture(autouse=True)
    def _quick_and_narrow(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(transactions, "_FIRST_PAUSE_S", 0.0)
        monkeypatch.setattr(waiting_batches, "_LOOK_AHEAD", 2)
        monkeypatch.setattr(relational_cards, "MOST_CARDS", 2)
