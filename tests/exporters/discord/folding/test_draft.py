"""A routing step: what it opens, what it counts, and that nothing of it counts before it is stored."""

from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.folding.entry import Posted
from otel_discord.exporters.discord.folding.note import Note
from otel_discord.exporters.discord.folding.problem import Problem
from otel_discord.exporters.discord.seen import Seen
from tests.exporters.discord.folding.builders import SECOND, Books, card, problem


def test_the_first_record_opens_a_card_and_the_next_ones_are_counted_there() -> None:
    books = Books("a")
    books.tell("p", times=3)
    books.tell("p", now_ns=5 * SECOND, times=2)
    assert list(books.payloads) == [1]
    stored = Card.from_bytes(books.payloads[1])
    assert stored.count == 5
    assert stored.first_seen_ns == 0
    assert stored.last_seen_ns == 5 * SECOND


def test_another_problem_is_another_card() -> None:
    books = Books("a")
    books.tell("p")
    books.tell("q")
    assert [books.count(card_id) for card_id in books.payloads] == [1, 1]


def test_each_lane_counts_for_itself() -> None:
    books = Books("a", "b")
    books.tell("p", lane="a", times=2)
    books.tell("p", lane="b")
    assert [books.count(card_id) for card_id in books.payloads] == [2, 1]


def test_what_is_not_stored_does_not_count() -> None:
    books = Books("a")
    books.tell("p")
    lost = books.draft()
    lost.begin(9)
    assert lost.fold("a", problem("p"), Seen.once(0))
    lost.open(9, "a", problem("q"), card("q"), 0, "shop")
    books.tell("p")
    assert books.count(1) == 2
    again = books.draft()
    assert not again.fold("a", problem("q"), Seen.once(0))


def test_a_batch_of_repeats_opens_nothing_so_its_room_is_free_at_once() -> None:
    books = Books("a")
    books.tell("p")
    draft = books.draft()
    draft.begin(7)
    draft.fold("a", problem("p"), Seen.once(0))
    assert draft.cards() == {7: []}
    assert draft.opened_by(7) == 0
    assert draft.lanes() == {}
    assert draft.folded == {"a": 1}


def test_what_is_gone_by_then_is_a_card_of_what_would_go_uncounted() -> None:
    books = Books("a")
    books.tell("p", times=5)
    books.gone.add(1)
    books.tell("p", times=3)
    assert books.count(2) == 3
    books.tell("p", times=4)
    assert books.count(2) == 7


def test_up_to_three_messages_that_differ_are_kept_as_samples() -> None:
    books = Books("a")
    books.tell("p", text="p 1")
    for text in ("p 1", "p 2", "p 2", "p 3"):
        books.tell("p", text=text)
    books.tell("p", text="p 4")
    books.tell("p", text="p 5")
    assert Card.from_bytes(books.payloads[1]).samples == ("p 2", "p 3", "p 4")


def test_samples_come_also_from_the_step_that_opened_the_card() -> None:
    books = Books("a")
    draft = books.draft()
    draft.begin(1)
    draft.open(1, "a", problem("p", "p 1"), card("p"), 0, "shop")
    for text in ("p 1", "p 2", "p 3"):
        draft.fold("a", problem("p", text), Seen.once(0))
    books.store(draft)
    books.tell("p", text="p 9")
    assert Card.from_bytes(books.payloads[1]).samples == ("p 2", "p 3", "p 9")


def test_a_record_with_a_file_is_shown_by_itself() -> None:
    books = Books("a")
    draft = books.draft()
    draft.begin(1)
    alone = Problem(b"", "", "")
    for _ in range(2):
        assert not draft.fold("a", alone, Seen.once(0))
        draft.open(1, "a", alone, card(), 0, "shop")
    books.store(draft)
    assert len(books.payloads) == 2
    assert not books.books["a"].entries


def test_the_highest_priority_of_new_cards_is_told() -> None:
    draft = Books("a").draft()
    draft.begin(1)
    draft.open(1, "a", problem("p"), card("p"), 0, "shop")
    draft.open(1, "a", problem("q"), card("q"), 1, "shop")
    draft.open(1, "a", problem("r"), card("r"), 0, "shop")
    assert draft.lanes() == {"a": 1}


@given(
    st.lists(
        st.tuples(
            st.sampled_from("pqr"), st.integers(1, 4), st.sampled_from(["keep", "lose", "post", "gone", "forget"])
        ),
        max_size=40,
    )
)
def test_the_sum_over_all_cards_is_the_number_of_records(steps: list[tuple[str, int, str]]) -> None:
    """Whatever happens to cards in between, every stored record is counted on exactly one card."""
    books = Books("a")
    book = books.books["a"]
    told = 0
    ended = 0
    for number, (name, times, fate) in enumerate(steps):
        if fate == "lose":
            draft = books.draft()
            draft.begin(0)
            draft.fold("a", problem(name), Seen.once(0))
            continue
        books.tell(name, times=times)
        told += times
        waiting = [each for each in book.entries.values() if each.message is None]
        if fate == "post" and waiting:
            book.posted(Posted(str(number), 0, Note()), [(each, each.count) for each in waiting])
        elif fate == "gone":
            for card_id in set(books.payloads) - books.gone:
                ended += books.count(card_id)
                books.gone.add(card_id)
        elif fate == "forget":
            for message in list(book.messages.values()):
                book.forget(message)
    assert ended + sum(books.count(card_id) for card_id in set(books.payloads) - books.gone) == told
