"""Batches are offered in order, each once, whatever is stored, given back or ended while a look ahead runs."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from otel_discord.store.batch_order import BEFORE_ALL, BEHIND_ALL, BatchOrder, Place


class OrderMachine(RuleBasedStateMachine):
    """The order beside a database of which everything is known, and news that travel slowly between the two."""

    @initialize(stored=st.lists(st.integers(0, 2), max_size=12), most_known=st.integers(2, 8), limit=st.integers(1, 5))
    def begin(self, stored: list[int], most_known: int, limit: int) -> None:
        self.limit = limit
        self.database = {number: Place(-priority, number) for number, priority in enumerate(stored, start=1)}
        self.last_id = len(stored)
        self.order = BatchOrder(self.last_id, most_known)
        self.handed_over: list[tuple[int, int]] = []  # ticket, priority: not yet stored
        self.under_way: list[tuple[int, Place | None]] = []  # the answer is on its way back
        self.in_hand: dict[int, Place] = {}
        self.look: Place | None = None
        self.seen: list[Place] | None = None

    # puts: handed over in order, stored in order, heard of in any order
    @rule(priority=st.integers(0, 2))
    def hand_over(self, priority: int) -> None:
        self.handed_over.append((self.order.expect(), priority))

    @precondition(lambda self: self.handed_over)
    @rule(works=st.booleans())
    def store(self, works: bool) -> None:
        ticket, priority = self.handed_over.pop(0)
        if not works:
            self.under_way.append((ticket, None))
            return
        self.last_id += 1
        place = self.database[self.last_id] = Place(-priority, self.last_id)
        self.under_way.append((ticket, place))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def hear(self, data: st.DataObject) -> None:
        ticket, place = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        if place is None:
            self.order.lost(ticket)
        else:
            self.order.arrived(ticket, place)

    # looking: begun, read, told
    @precondition(lambda self: self.look is None and not self.order.has_known and not self.order.is_complete)
    @rule()
    def begin_to_look(self) -> None:
        self.look = self.order.begin_to_look()

    @precondition(lambda self: self.look is not None and self.seen is None)
    @rule()
    def read(self) -> None:
        self.seen = sorted(place for place in self.database.values() if place > self.look)[: self.limit]

    @precondition(lambda self: self.seen is not None)
    @rule(works=st.sampled_from([True, True, True, False]))
    def tell(self, works: bool) -> None:
        assert self.seen is not None
        if works:
            self.order.found(self.seen, all_of_them=len(self.seen) < self.limit, taken=self.in_hand)
        else:
            self.order.give_up_looking()
        self.look = self.seen = None

    # taking
    @rule()
    def take(self) -> None:
        (expected,) = self.order.next_known(1) or [None]
        place = self.order.pop()
        assert place == expected
        if place is None:
            return
        assert place.id not in self.in_hand
        if place.id not in self.database:
            return  # found while it was ending; reading it says so
        if self.look is None:
            assert place == min(self.waiting())
        self.in_hand[place.id] = place

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data(), ends=st.booleans())
    def leave(self, data: st.DataObject, ends: bool) -> None:
        place = self.in_hand.pop(data.draw(st.sampled_from(sorted(self.in_hand))))
        if ends:
            del self.database[place.id]
        else:
            self.order.offer(place)

    def waiting(self) -> list[Place]:
        unheard = {place.id for _, place in self.under_way if place is not None}
        return [place for place in self.database.values() if place.id not in self.in_hand and place.id not in unheard]

    @invariant()
    def little_is_in_memory(self) -> None:
        if hasattr(self, "order"):
            assert len(self.order._known) <= self.order._most_known + self.limit + 20

    def teardown(self) -> None:
        if not hasattr(self, "order"):
            return
        while self.handed_over:
            self.store(works=True)
        for ticket, place in self.under_way:
            self.order.lost(ticket) if place is None else self.order.arrived(ticket, place)
        self.under_way.clear()
        if self.look is not None:
            self.order.give_up_looking()
        expected = sorted(self.waiting())
        found = []
        while True:
            place = self.order.pop()
            if place is not None:
                if place.id in self.database:
                    found.append(place)
                    self.in_hand[place.id] = place
            elif self.order.is_complete:
                break
            else:
                after = self.order.begin_to_look()
                seen = sorted(place for place in self.database.values() if place > after)[: self.limit]
                self.order.found(seen, all_of_them=len(seen) < self.limit, taken=self.in_hand)
        assert found == expected


OrderMachine.TestCase.settings = settings(max_examples=400, stateful_step_count=50, deadline=None)


class TestOrder(OrderMachine.TestCase):  # type: ignore[misc, name-defined]
    """The machine as a test."""

    pytestmark = pytest.mark.timeout(90)


def test_the_ends_of_the_order() -> None:
    assert BEFORE_ALL < Place(-24, 1) < Place(-24, 2) < Place(-9, 1) < BEHIND_ALL


def test_a_look_that_was_overtaken_says_nothing() -> None:
    order = BatchOrder(0, most_known=2)
    order.found([], all_of_them=True, taken=())  # nobody looked
    assert not order.is_complete
    order.begin_to_look()
    order.found([], all_of_them=True, taken=())
    assert order.is_complete
    tickets = [order.expect() for _ in range(3)]
    order.begin_to_look()
    for number, ticket in enumerate(tickets, start=1):
        order.arrived(ticket, Place(-9, number))
    order.found([], all_of_them=True, taken=())
    assert not order.is_complete  # what was forgotten meanwhile is still to be found
    assert order.pop() == Place(-9, 1)


def test_news_in_another_order_than_the_batches_were_stored() -> None:
    order = BatchOrder(0)
    first, second = order.expect(), order.expect()
    order.arrived(second, Place(-9, 2))
    order.begin_to_look()
    order.found([Place(-9, 2)], all_of_them=False, taken=())
    assert order.pop() == Place(-9, 2)
    order.begin_to_look()
    order.found([], all_of_them=True, taken=())
    order.arrived(first, Place(-9, 1))
    assert order.pop() == Place(-9, 1)
