"""Batches that others put come once each, whatever a look ahead and looks at what came see of each other."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from otel_discord.store.batch_order import BatchOrder, Place


class SharedOrder(RuleBasedStateMachine):
    """A database in miniature: what was put, in the order of the ids; looks see it as it is when they are made."""

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[int, Place] = {}
        self.last_id = 0
        self.newest_id = 0
        self.order = BatchOrder(0, most_known=4)
        self.in_hand: dict[int, Place] = {}
        self.ahead: list[Place] | None = None
        self.all_of_them = False
        self.arrivals: list[Place] | None = None

    @rule(priority=st.integers(0, 2), direct=st.booleans())
    def put(self, priority: int, direct: bool) -> None:
        """Somebody puts; where it is this process, and nobody else has put since, it comes at once."""
        previous_id, self.last_id = self.last_id, self.last_id + 1
        place = Place(-priority, self.last_id)
        self.stored[place.id] = place
        if direct and previous_id == self.newest_id:
            self.came(place)

    def came(self, place: Place) -> None:
        if place.id > self.newest_id:
            self.newest_id = place.id
            self.order.came(place)

    @precondition(lambda self: self.arrivals is None)
    @rule(limit=st.integers(1, 3))
    def look_at_arrivals(self, limit: int) -> None:
        self.arrivals = [place for _, place in sorted(self.stored.items()) if place.id > self.newest_id][:limit]

    @precondition(lambda self: self.arrivals is not None)
    @rule()
    def hear_of_arrivals(self) -> None:
        for place in self.arrivals or ():
            self.came(place)
        self.arrivals = None

    @precondition(lambda self: self.ahead is None and not self.order.has_known and not self.order.is_complete)
    @rule(limit=st.integers(1, 4))
    def look_ahead(self, limit: int) -> None:
        after = self.order.begin_to_look()
        self.ahead = sorted(place for place in self.stored.values() if place > after)[:limit]
        self.all_of_them = len(self.ahead) < limit

    @precondition(lambda self: self.ahead is not None)
    @rule()
    def hear_of_what_is_ahead(self) -> None:
        self.order.found(self.ahead or (), all_of_them=self.all_of_them, taken=self.in_hand)
        self.ahead = None

    @precondition(lambda self: self.ahead is not None)
    @rule()
    def give_up_looking_ahead(self) -> None:
        self.order.give_up_looking()
        self.ahead = None

    @rule()
    def take(self) -> None:
        place = self.order.pop()
        if place is not None:
            assert place.id in self.stored
            assert place.id not in self.in_hand
            self.in_hand[place.id] = place

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        self.order.offer(self.in_hand.pop(data.draw(st.sampled_from(sorted(self.in_hand)))))

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        batch_id = data.draw(st.sampled_from(sorted(self.in_hand)))
        del self.in_hand[batch_id], self.stored[batch_id]

    @invariant()
    def knows_no_more_than_is_stored(self) -> None:
        assert self.newest_id <= self.last_id

    def teardown(self) -> None:
        """In the end each batch comes once."""
        if self.arrivals is not None:
            self.hear_of_arrivals()
        if self.ahead is not None:
            self.hear_of_what_is_ahead()
        for place in [place for _, place in sorted(self.stored.items()) if place.id > self.newest_id]:
            self.came(place)
        while self.order.has_known or not self.order.is_complete:
            if self.order.has_known:
                self.take()
            else:
                self.look_ahead(4)
                self.hear_of_what_is_ahead()
        assert self.in_hand.keys() == self.stored.keys()


TestSharedOrder = SharedOrder.TestCase
TestSharedOrder.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
