"""What is held of a lane is what the database has, in its order, within bounds; or the database is asked."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from otel_discord.component.storage import StoredCard
from otel_discord.store.lane_heads import LaneHeads

LANES = "abc"


class HeadsMachine(RuleBasedStateMachine):
    """The heads beside all cards."""

    @initialize(most_cards=st.integers(1, 6), most_bytes=st.integers(2_000, 20_000))
    def begin(self, most_cards: int, most_bytes: int) -> None:
        self.most_cards, self.most_bytes = most_cards, most_bytes
        self.heads = LaneHeads(most_cards, most_bytes)
        self.cards: dict[int, StoredCard] = {}
        self.last_id = 0

    def in_order(self, lane: str) -> list[StoredCard]:
        cards = [card for card in self.cards.values() if card.lane == lane]
        return sorted(cards, key=lambda card: (-card.priority, card.id))

    def some_ids(self, data: st.DataObject) -> list[int]:
        known = st.sampled_from(sorted(self.cards)) if self.cards else st.nothing()
        return data.draw(st.lists(known | st.just(10**9), max_size=6))

    @rule(lane=st.sampled_from(LANES), limit=st.integers(0, 8))
    def look(self, lane: str, limit: int) -> None:
        held = self.heads.first(lane, limit)
        if held is not None:
            assert held == self.in_order(lane)[:limit]
            return
        found = self.in_order(lane)
        self.heads.read(lane, found[:limit], is_all=len(found) <= limit)

    @rule(news=st.lists(st.tuples(st.sampled_from(LANES), st.integers(0, 2), st.integers(0, 2_000)), max_size=6))
    def add(self, news: list[tuple[str, int, int]]) -> None:
        cards = []
        for lane, priority, size_bytes in news:
            self.last_id += 1
            cards.append(StoredCard(self.last_id, lane, priority, bytes(size_bytes)))
        self.cards |= {card.id: card for card in cards}
        self.heads.added(cards)

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        ids = self.some_ids(data)
        for card_id in ids:
            self.cards.pop(card_id, None)
        self.heads.removed(ids)

    @rule(data=st.data(), size_bytes=st.integers(0, 3_000))
    def fold(self, data: st.DataObject, size_bytes: int) -> None:
        payloads = dict.fromkeys(self.some_ids(data), bytes(size_bytes))
        for card_id in payloads.keys() & self.cards.keys():
            self.cards[card_id] = replace(self.cards[card_id], payload=payloads[card_id])
        self.heads.folded(payloads)

    @rule(data=st.data(), attempts=st.integers(0, 1), in_doubt=st.booleans())
    def mark(self, data: st.DataObject, attempts: int, in_doubt: bool) -> None:
        ids = self.some_ids(data)
        for card_id in set(ids) & set(self.cards):
            card = self.cards[card_id]
            self.cards[card_id] = StoredCard(
                card.id, card.lane, card.priority, card.payload, card.attempts + attempts, in_doubt
            )
        self.heads.marked(ids, attempts=attempts, in_doubt=in_doubt)

    @rule(lane=st.sampled_from(LANES))
    def forget(self, lane: str) -> None:
        self.heads.forget(lane)
        assert self.heads.first(lane, 1) is None

    @rule()
    def begin_anew_after_damage(self) -> None:
        self.cards = {1: StoredCard(1, "a", 0, b"anew")}
        self.heads.added(self.cards.values())
        if self.last_id:
            assert all(self.heads.first(lane, 1) in (None, []) for lane in LANES)
        self.last_id = 1

    @invariant()
    def what_is_held_is_true_and_bounded(self) -> None:
        if not hasattr(self, "heads"):
            return
        size_bytes = 0
        for lane in LANES:
            held = max((self.heads.first(lane, limit) or [] for limit in range(10)), key=len)
            assert held == self.in_order(lane)[: len(held)]
            assert len(held) <= self.most_cards
            size_bytes += sum(len(card.payload) for card in held)
        assert size_bytes <= self.most_bytes


HeadsMachine.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


class TestHeads(HeadsMachine.TestCase):  # type: ignore[misc, name-defined]
    """The machine as a test."""

    pytestmark = pytest.mark.timeout(60)


def cards(*ids: int, lane: str = "ops", priority: int = 0, size_bytes: int = 0) -> list[StoredCard]:
    return [StoredCard(card_id, lane, priority, bytes(size_bytes)) for card_id in ids]


def test_a_lane_that_is_not_known_is_to_be_read() -> None:
    heads = LaneHeads()
    assert heads.first("ops", 1) is None
    heads.read("ops", [], is_all=True)
    assert heads.first("ops", 1) == []
    heads.added(cards(1))
    assert heads.first("ops", 9) == cards(1)


def test_what_comes_behind_the_edge_is_left_to_the_database() -> None:
    heads = LaneHeads()
    heads.read("ops", cards(1, 2), is_all=False)
    heads.added([*cards(3), *cards(4, priority=1)])
    assert heads.first("ops", 3) == [*cards(4, priority=1), *cards(1, 2)]
    assert heads.first("ops", 4) is None


def test_a_lane_used_up_to_its_edge_is_read_anew() -> None:
    heads = LaneHeads()
    heads.read("ops", cards(1, 2), is_all=False)
    heads.removed([1, 2])
    assert heads.first("ops", 1) is None
    assert heads.first("ops", 0) == []


def test_of_many_lanes_those_looked_at_last_are_held() -> None:
    heads = LaneHeads(most_bytes=10_000)
    for number in range(1, 7):
        heads.read(f"lane {number}", cards(number, lane=f"lane {number}", size_bytes=1_000), is_all=True)
        heads.first("lane 1", 1)
    held = [number for number in range(1, 7) if heads.first(f"lane {number}", 1) is not None]
    assert held == [1, 4, 5, 6]


def test_a_card_larger_than_all_the_room_is_read_each_time() -> None:
    heads = LaneHeads(most_bytes=10_000)
    heads.read("ops", cards(1, size_bytes=10_000), is_all=True)
    assert heads.first("ops", 1) is None


def test_a_card_that_grows_too_large_is_left_to_the_database() -> None:
    heads = LaneHeads(most_bytes=40_000)
    heads.read("ops", cards(1, 2, size_bytes=100), is_all=True)
    heads.folded({1: bytes(200), 2: bytes(9_000), 7: b""})
    assert heads.first("ops", 1) == cards(1, size_bytes=200)
    assert heads.first("ops", 2) is None
    heads.folded({1: bytes(20_000)})
    assert heads.first("ops", 1) is None
