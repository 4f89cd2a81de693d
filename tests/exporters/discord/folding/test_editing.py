"""Which message is edited next, and when."""

from otel_discord.exporters.discord.folding.book import LaneBook
from otel_discord.exporters.discord.folding.editing import PATIENCE, Due, may_go, next_edit
from otel_discord.exporters.discord.folding.entry import Tally
from tests.exporters.discord.folding.builders import WINDOW, entry, posted

INTERVAL = 10.0


def stale_book(*posted_at_s: float) -> LaneBook:
    book = LaneBook("a", WINDOW)
    for number, at_s in enumerate(posted_at_s):
        each = entry(number, f"p{number}")
        posted(book, f"m{number}", each).changed_s = at_s
        book.counted(each, Tally(1, 0, 0, 0))
    return book


def test_nothing_to_edit() -> None:
    assert next_edit(LaneBook("a", WINDOW), INTERVAL) is None


def test_the_message_that_is_due_first_comes_first() -> None:
    due = next_edit(stale_book(5, 3, 9), INTERVAL)
    assert due is not None
    assert (due.message.message_id, due.at_s) == ("m1", 13.0)


def test_an_edit_starts_the_interval_anew() -> None:
    book = stale_book(5, 3)
    message = book.messages["m1"]
    book.edited(message, [], 20.0)
    due = next_edit(book, INTERVAL)
    assert due is not None
    assert due.message.message_id == "m0"
    del book.stale["m0"]
    later = next_edit(book, INTERVAL)
    assert later is not None
    assert later.at_s == 30.0


def test_at_the_end_nothing_waits_and_what_is_critical_goes_first() -> None:
    book = stale_book(5, 3)
    book.messages["m0"].entries[0].priority = 1
    due = next_edit(book, INTERVAL, at_once=True)
    assert due is not None
    assert (due.message.message_id, due.at_s) == ("m0", 0)


def test_an_edit_goes_when_it_is_due_and_nothing_else_waits() -> None:
    due = Due(next(iter(stale_book(0).messages.values())), INTERVAL)
    alone = {"others_wait": False, "was_last": True}
    assert not may_go(due, INTERVAL - 0.1, INTERVAL, **alone)
    assert may_go(due, INTERVAL, INTERVAL, **alone)


def test_while_cards_wait_only_what_is_wrong_for_long_goes_and_never_twice_in_a_row() -> None:
    due = Due(next(iter(stale_book(0).messages.values())), INTERVAL)
    late = INTERVAL * (1 + PATIENCE)
    assert not may_go(due, late - 0.1, INTERVAL, others_wait=True, was_last=False)
    assert may_go(due, late, INTERVAL, others_wait=True, was_last=False)
    assert not may_go(due, late, INTERVAL, others_wait=True, was_last=True)
