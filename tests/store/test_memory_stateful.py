"""Any sequence of calls against a plain model of the queue."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.component.errors import QueueFullError
from otel_discord.component.storage import Fold, Move, NewCard, NewPosted, Posting, QueueLimits, Settlement, Sizer
from otel_discord.signals.batch import LogsBatch
from otel_discord.store.memory import MemoryQueue


def batch_of(records: int) -> LogsBatch:
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for _ in range(records):
        scope.log_records.add().body.string_value = "x"
    return LogsBatch(request)


@dataclass
class Model:
    """A batch as the model sees it."""

    priority: int
    weight: int
    state: str = "waiting"
    cards: set[int] = field(default_factory=set)


class QueueMachine(RuleBasedStateMachine):
    """Puts, takes, releases, routes and settles in any order."""

    @initialize(size=st.integers(1, 12), sizer=st.sampled_from(Sizer))
    def open(self, size: int, sizer: Sizer) -> None:
        self.size = size * (10 if sizer is Sizer.BYTES else 1)
        self.sizer = sizer
        self.queue = MemoryQueue(QueueLimits(self.size, sizer, 10_000))
        self.batches: dict[int, Model] = {}
        self.cards: dict[int, tuple[str, int, int]] = {}  # id: lane, priority, batch
        self.payloads: dict[int, bytes] = {}
        self.messages: dict[tuple[str, str], dict[int, int]] = {}  # by lane and id; of each card what is shown

    def call(self, coroutine):  # type: ignore[no-untyped-def]
        """Run to the end; nothing that the model allows has to wait, so no loop is needed."""
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value
        raise AssertionError("the queue waited")

    def used(self) -> int:
        return sum(batch.weight for batch in self.batches.values())

    def in_state(self, state: str) -> list[int]:
        return [batch_id for batch_id, batch in self.batches.items() if batch.state == state]

    @rule(records=st.integers(0, 5), priority=st.integers(0, 3))
    def put(self, records: int, priority: int) -> None:
        batch = batch_of(records)
        weight = {"requests": 1, "items": records, "bytes": batch.size_bytes}[self.sizer]
        fits = not self.batches or self.used() + weight <= self.size
        try:
            batch_id = self.call(self.queue.put(batch, priority=priority))
        except QueueFullError:
            assert not fits
        else:
            assert fits
            assert batch_id > max(self.batches, default=0)
            self.batches[batch_id] = Model(priority, weight)

    @precondition(lambda self: self.in_state("waiting"))
    @rule()
    def take(self) -> None:
        taken = self.call(self.queue.take())
        assert taken.id == min(self.in_state("waiting"), key=lambda i: (-self.batches[i].priority, i))
        self.batches[taken.id].state = "taken"

    @rule(most=st.integers(0, 8))
    def take_more(self, most: int) -> None:
        for taken in self.call(self.queue.take_more(most)):
            assert taken.id == min(self.in_state("waiting"), key=lambda i: (-self.batches[i].priority, i))
            self.batches[taken.id].state = "taken"
            most -= taken.batch.item_count
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
    @rule(
        data=st.data(),
        news=st.lists(st.builds(NewCard, st.sampled_from("ab"), st.integers(0, 2), st.just(b"")), max_size=6),
    )
    def route(self, data: st.DataObject, news: list[NewCard]) -> None:
        batch_id = data.draw(st.sampled_from(self.in_state("taken")))
        ids = list(self.call(self.queue.route(batch_id, news)))
        assert ids == sorted(set(ids))
        assert len(ids) == len(news)
        assert not ids or ids[0] > max(self.cards, default=0)
        for card_id, card in zip(ids, news, strict=True):
            self.cards[card_id] = (card.lane, card.priority, batch_id)
        self.batches[batch_id].state = "routed"
        self.batches[batch_id].cards = set(ids)
        self.forget_ended()

    def some_cards(self, data: st.DataObject) -> list[int]:
        """Waiting ones, posted ones, and one that never was."""
        known = sorted({*self.cards, *self.posted(), 10**9})
        return data.draw(st.lists(st.sampled_from(known), max_size=5, unique=True))

    def posted(self) -> dict[int, dict[int, int]]:
        return {card_id: message for message in self.messages.values() for card_id in message}

    def leave(self, card_id: int) -> int:
        _, _, batch_id = self.cards.pop(card_id)
        if batch_id in self.batches:
            self.batches[batch_id].cards.discard(card_id)
        return batch_id

    @rule(data=st.data(), settlement=st.sampled_from(Settlement))
    def settle(self, data: st.DataObject, settlement: Settlement) -> None:
        ids = self.some_cards(data)
        self.call(self.queue.settle(ids, settlement))
        for card_id in ids:
            if card_id in self.cards:
                self.leave(card_id)
        self.forget_ended()

    @rule(data=st.data(), payload=st.binary(max_size=2))
    def fold(self, data: st.DataObject, payload: bytes) -> None:
        ids = self.some_cards(data)
        folds = [Fold(card_id, payload, NewCard("ab"[card_id % 2], card_id % 3, payload)) for card_id in ids]
        routed = self.call(self.queue.route_all({}, folds))
        assert list(routed.otherwise) == [each for each in ids if each not in self.cards and each not in self.posted()]
        for card_id in ids:
            self.payloads[routed.otherwise.get(card_id, card_id)] = payload
        for lost, card_id in routed.otherwise.items():
            self.cards[card_id] = ("ab"[lost % 2], lost % 3, 0)

    @rule(data=st.data(), lane=st.sampled_from("ab"), message_id=st.sampled_from("12"))
    def post(self, data: st.DataObject, lane: str, message_id: str) -> None:
        ids = self.some_cards(data)
        self.call(self.queue.post(NewPosted(lane, message_id, 5, b"", [Posting(each, each) for each in ids])))
        message = self.messages.setdefault((lane, message_id), {})
        for card_id in ids:
            if card_id in self.cards:
                self.leave(card_id)
                message[card_id] = card_id
        self.forget_ended()

    @rule(data=st.data(), shown=st.integers(0, 9))
    def show(self, data: st.DataObject, shown: int) -> None:
        ids = self.some_cards(data)
        self.call(self.queue.mark_shown([Posting(card_id, shown) for card_id in ids]))
        for card_id in self.posted().keys() & set(ids):
            self.posted()[card_id][card_id] = shown

    @rule(data=st.data(), moved=st.booleans())
    def move_or_unpost(self, data: st.DataObject, moved: bool) -> None:
        ids = self.some_cards(data)
        posted = self.posted()
        if moved:
            new = iter(self.call(self.queue.move([Move(each, NewCard("a", each % 3, b"moved")) for each in ids])))
            for card_id in ids:
                if card_id in self.cards or card_id in posted:
                    batch_id = self.leave(card_id) if card_id in self.cards else 0
                    self.cards[new_id := next(new)] = ("a", card_id % 3, batch_id)
                    self.payloads[new_id] = b"moved"
                    if batch_id in self.batches:
                        self.batches[batch_id].cards.add(new_id)
            assert not list(new)
        else:
            self.call(self.queue.unpost(ids))
        for card_id in posted.keys() & set(ids):
            del posted[card_id][card_id]

    @rule(lane=st.sampled_from("ab"), message_ids=st.lists(st.sampled_from("129"), max_size=2))
    def forget(self, lane: str, message_ids: list[str]) -> None:
        self.call(self.queue.forget_messages(lane, message_ids))
        for message_id in message_ids:
            self.messages.pop((lane, message_id), None)

    def forget_ended(self) -> None:
        for batch_id in self.in_state("routed"):
            if not self.batches[batch_id].cards:
                del self.batches[batch_id]

    @invariant()
    def room_and_lanes_agree(self) -> None:
        if not hasattr(self, "queue"):
            return
        assert self.queue.size == self.used()
        assert self.call(self.queue.waiting()) == Counter(lane for lane, _, _ in self.cards.values())
        assert set(self.call(self.queue.lanes())) == {lane for lane, _, _ in self.cards.values()}
        for lane in "ab":
            expected = sorted(
                (card_id for card_id, (name, _, _) in self.cards.items() if name == lane),
                key=lambda card_id: (-self.cards[card_id][1], card_id),
            )
            assert [card.id for card in self.call(self.queue.head(lane, 1000))] == expected
            assert [card.id for card in self.call(self.queue.head(lane, 2))] == expected[:2]
            for card in self.call(self.queue.head(lane, 1000)):
                assert card.payload == self.payloads.get(card.id, b"")
            found = {}
            for message in self.call(self.queue.posted(lane)):
                found[lane, message.message_id] = [(card.id, card.shown) for card in message.cards]
                assert all(card.payload == self.payloads.get(card.id, b"") for card in message.cards)
            assert found == {key: list(cards.items()) for key, cards in self.messages.items() if key[0] == lane}


QueueMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


class TestQueue(QueueMachine.TestCase):  # type: ignore[misc, name-defined]
    """The machine as a test."""

    pytestmark = pytest.mark.timeout(60)
