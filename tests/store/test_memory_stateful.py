"""Any sequence of calls against a plain model of the queue."""

from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.component.errors import QueueFullError
from otel_discord.component.storage import NewCard, QueueLimits, Settlement, Sizer
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

    @rule(data=st.data(), settlement=st.sampled_from(Settlement))
    def settle(self, data: st.DataObject, settlement: Settlement) -> None:
        known = st.sampled_from(sorted(self.cards)) if self.cards else st.nothing()
        ids = data.draw(st.lists(known | st.just(10**9), max_size=5))
        self.call(self.queue.settle(ids, settlement))
        for card_id in ids:
            if card_id in self.cards:
                _, _, batch_id = self.cards.pop(card_id)
                self.batches[batch_id].cards.discard(card_id)
        self.forget_ended()

    def forget_ended(self) -> None:
        for batch_id in self.in_state("routed"):
            if not self.batches[batch_id].cards:
                del self.batches[batch_id]

    @invariant()
    def room_and_lanes_agree(self) -> None:
        if not hasattr(self, "queue"):
            return
        assert self.queue.size == self.used()
        assert set(self.call(self.queue.lanes())) == {lane for lane, _, _ in self.cards.values()}
        for lane in "ab":
            expected = sorted(
                (card_id for card_id, (name, _, _) in self.cards.items() if name == lane),
                key=lambda card_id: (-self.cards[card_id][1], card_id),
            )
            assert [card.id for card in self.call(self.queue.head(lane, 1000))] == expected
            assert [card.id for card in self.call(self.queue.head(lane, 2))] == expected[:2]


QueueMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


class TestQueue(QueueMachine.TestCase):  # type: ignore[misc, name-defined]
    """The machine as a test."""

    pytestmark = pytest.mark.timeout(60)
