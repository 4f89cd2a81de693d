"""What is known of a lane's problems: where a record is counted, and for how long."""

from otel_discord.component import PostedCard, PostedMessage, StoredCard
from otel_discord.exporters.discord.folding import book as book_module
from otel_discord.exporters.discord.folding.book import MAX_MESSAGE_AGE_NS, LaneBook
from otel_discord.exporters.discord.folding.entry import Tally
from otel_discord.exporters.discord.folding.note import Note
from tests.exporters.discord.folding.builders import SECOND, WINDOW, card, entry, posted, problem

P = problem("p").fingerprint


def count(book: LaneBook, fingerprint: bytes, now_ns: int, records: int = 1) -> None:
    found = book.find(fingerprint, now_ns)
    assert found is not None
    book.counted(found, Tally(records, now_ns, now_ns, now_ns))


def test_a_waiting_card_takes_its_repeats_however_long_it_waits() -> None:
    book = LaneBook("a", WINDOW)
    book.opened(entry(1, "p"))
    assert book.find(P, 10**6 * SECOND) is not None


def test_a_posted_card_takes_repeats_until_it_was_quiet_for_the_window() -> None:
    book = LaneBook("a", WINDOW)
    posted(book, "m", entry(1, "p"))
    count(book, P, WINDOW)
    count(book, P, 2 * WINDOW)
    assert book.find(P, 3 * WINDOW + 1) is None
    assert book.find(P, 2 * WINDOW) is None, "a new occurrence is a new message, also if clocks go back"


def test_an_old_message_takes_none() -> None:
    book = LaneBook("a", WINDOW)
    posted(book, "m", entry(1, "p"))
    for now_ns in range(0, MAX_MESSAGE_AGE_NS, WINDOW):
        count(book, P, now_ns)
    count(book, P, MAX_MESSAGE_AGE_NS)
    assert book.find(P, MAX_MESSAGE_AGE_NS + 1) is None


def test_a_message_that_cannot_be_edited_takes_none() -> None:
    book = LaneBook("a", WINDOW)
    posted(book, "m", entry(1, "p")).refused = True
    assert book.find(P, 0) is None


def test_what_is_counted_on_a_posted_card_makes_its_message_stale_until_an_edit() -> None:
    book = LaneBook("a", WINDOW)
    message = posted(book, "m", entry(1, "p"), entry(2, "q"))
    assert not book.stale
    count(book, P, SECOND, 41)
    assert list(book.stale) == ["m"]
    assert message.unshown == 41
    book.edited(message, [(each, each.count) for each in message.entries], 2.0)
    assert not book.stale
    assert message.changed_s == 2


def test_what_came_while_an_edit_was_on_its_way_waits_for_the_next() -> None:
    book = LaneBook("a", WINDOW)
    message = posted(book, "m", entry(1, "p"))
    count(book, P, SECOND, 5)
    shown = [(each, each.count) for each in message.entries]
    count(book, P, SECOND, 2)
    book.edited(message, shown, 1.0)
    assert list(book.stale) == ["m"]
    assert message.unshown == 2


def test_what_came_while_a_message_was_on_its_way_waits_for_an_edit() -> None:
    book = LaneBook("a", WINDOW)
    waiting = entry(1, "p", count=5)
    book.opened(waiting)
    count(book, P, 0, 3)
    book.posted(book_module.Posted("m", 0, Note()), [(waiting, 5)])
    assert list(book.stale) == ["m"]
    assert waiting.unshown == 3


def test_a_card_that_ended_takes_no_repeats() -> None:
    book = LaneBook("a", WINDOW)
    book.opened(entry(1, "p"))
    posted(book, "m", entry(2, "q"))
    book.ended([1, 2, 99])
    assert not book.open
    assert not book.entries
    assert book.kept_bytes == book.waiting_bytes == 0


def test_a_newer_card_of_the_problem_stays_open_when_the_older_ends() -> None:
    book = LaneBook("a", WINDOW)
    book.opened(entry(1, "p"))
    book.opened(entry(2, "p"))
    book.ended([1])
    found = book.find(P, 0)
    assert found is not None
    assert found.card_id == 2


def test_messages_are_kept_while_something_may_be_counted_there_or_is_not_shown() -> None:
    book = LaneBook("a", WINDOW)
    quiet, busy, stale = (
        posted(book, name, entry(number, name)) for number, name in enumerate(("quiet", "busy", "stale"))
    )
    count(book, problem("busy").fingerprint, WINDOW)
    book.edited(busy, [(each, each.count) for each in busy.entries], 1.0)
    count(book, problem("stale").fingerprint, 1)
    assert book.outlived(WINDOW + 2) == [quiet]
    book.forget(quiet)
    assert set(book.messages) == {"busy", "stale"}
    assert stale.unshown


def test_where_messages_take_too_much_room_the_quietest_go_first() -> None:
    book = LaneBook("a", WINDOW)
    size = book_module.MAX_KEPT_BYTES // 3 - 1_000
    messages = [
        posted(book, f"m{number}", entry(number, f"p{number}", now_ns=number, size=size)) for number in range(5)
    ]
    assert book.outlived(10) == messages[:2]


def test_where_waiting_cards_take_too_much_room_the_quietest_are_not_counted_on_any_more() -> None:
    book = LaneBook("a", WINDOW)
    size = book_module.MAX_WAITING_BYTES // 8
    for number in range(9):
        book.opened(entry(number, f"p{number}", now_ns=number, size=size))
    assert book.find(problem("p0").fingerprint, 0) is None
    assert book.find(problem("p8").fingerprint, 0) is not None
    assert book.waiting_bytes <= book_module.MAX_WAITING_BYTES


def test_short_cards_take_room_too() -> None:
    book = LaneBook("a", WINDOW)
    for number in range(40_000):
        book.opened(entry(number, f"p{number}", now_ns=number))
    assert 10_000 < len(book.entries) < 30_000
    assert len(book.open) == len(book.entries)


def test_a_new_run_goes_on_where_the_last_one_ended() -> None:
    before = LaneBook("a", WINDOW)
    shown = posted(before, "m", entry(1, "p"), entry(2, "q"), at_ns=SECOND)
    count(before, P, 9 * SECOND, 4)
    waiting = entry(3, "r", count=2)
    before.opened(waiting)

    after = LaneBook("a", WINDOW)
    kept = PostedMessage(
        "a", "m", SECOND, shown.note.to_bytes(), [PostedCard(e.card_id, 0, e.payload(), e.shown) for e in shown.entries]
    )
    made = list(after.restore([kept], [StoredCard(3, "a", 0, waiting.payload())]))
    assert [each.card_id for each in made] == [1, 2, 3]
    assert list(after.stale) == ["m"]
    found = after.find(P, 9 * SECOND + WINDOW)
    assert found is not None
    assert (found.count, found.unshown) == (5, 4)
    assert after.find(P, 9 * SECOND + WINDOW + 1) is None, "the window goes on from the last record"
    assert after.find(problem("r").fingerprint, 0) is not None


def test_cards_that_nothing_is_counted_on_are_restored_with_their_message_only() -> None:
    plain = b""
    book = LaneBook("a", WINDOW)
    kept = PostedMessage("a", "m", 0, b"", [PostedCard(1, 0, plain, 1)])
    assert list(book.restore([kept], [StoredCard(2, "a", 0, plain)])) == []
    assert [each.card_id for each in book.messages["m"].entries] == [1]
    assert not book.open


def test_the_newest_payload_of_a_card_is_known_where_it_is_counted_on() -> None:
    book = LaneBook("a", WINDOW)
    book.opened(entry(1, "p"))
    count(book, P, 0, 6)
    stored = StoredCard(1, "a", 0, card("p").to_bytes())
    assert book_module.stored_entry(StoredCard(1, "a", 0, book.current(stored))).count == 7
    other = StoredCard(2, "a", 0, b"other")
    assert book.current(other) == b"other"


def test_a_message_that_shows_more_than_is_counted_lacks_nothing() -> None:
    """As a storage may have it that was repaired: nothing has to be edited, and nothing goes on elsewhere."""
    book = LaneBook("a", WINDOW)
    one = entry(1, "p")
    message = posted(book, "m", one)
    one.shown = one.count + 3
    assert (one.unshown, message.unshown) == (0, 0)


def test_what_is_quiet_for_long_goes_before_what_only_takes_room() -> None:
    book = LaneBook("a", WINDOW)
    size = book_module.MAX_KEPT_BYTES // 2
    old = posted(book, "old", entry(0, "p0", size=size))
    newer = [
        posted(book, f"m{each.card_id}", each)
        for each in (entry(number, f"p{number}", now_ns=WINDOW + number, size=size) for number in range(1, 5))
    ]
    outlived = book.outlived(WINDOW + 10)
    assert outlived[0] is old
    assert outlived[1:] == newer[: len(outlived) - 1]
    assert len(outlived) < 5
