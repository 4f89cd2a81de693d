"""Cards, problems and books for the tests of folding."""

from otel_discord.component import NewCard, RoutedIds
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.folding.book import LaneBook
from otel_discord.exporters.discord.folding.draft import Draft
from otel_discord.exporters.discord.folding.entry import Entry, Posted
from otel_discord.exporters.discord.folding.note import Note
from otel_discord.exporters.discord.folding.problem import Problem
from otel_discord.exporters.discord.seen import Seen

SECOND = 10**9
WINDOW = 300 * SECOND


def problem(name: str, text: str = "") -> Problem:
    return Problem(name.encode().ljust(16, b"\0"), f"{name} <*>", text or f"{name} 1")


def card(name: str = "p", *, seen_ns: int = 0) -> Card:
    return Card(
        resource=b"",
        scope=b"",
        record=b"",
        severity=17,
        first_seen_ns=seen_ns,
        last_seen_ns=seen_ns,
        accepted_ns=seen_ns,
        fingerprint=problem(name).fingerprint,
        template=f"{name} <*>",
    )


class Books:
    """Books of some lanes, and a storage's part played by hand: ids are given in order."""

    def __init__(self, *lanes: str) -> None:
        self.books = {lane: LaneBook(lane, WINDOW) for lane in lanes}
        self.next_id = 1
        self.gone: set[int] = set()
        self.payloads: dict[int, bytes] = {}

    def draft(self, now_ns: int = 0) -> Draft:
        return Draft(self.books, now_ns)

    def store(self, draft: Draft) -> RoutedIds:
        cards, folds = draft.cards(), draft.folds()
        ids = {batch_id: [self._give(each) for each in of_batch] for batch_id, of_batch in cards.items()}
        otherwise = {}
        for fold in folds:
            if fold.card_id in self.gone:
                otherwise[fold.card_id] = self._give(fold.otherwise)
            else:
                self.payloads[fold.card_id] = fold.payload
        routed = RoutedIds(ids, otherwise)
        draft.commit(routed, cards)
        return routed

    def _give(self, new: NewCard) -> int:
        card_id = self.next_id
        self.next_id += 1
        self.payloads[card_id] = new.payload
        return card_id

    def count(self, card_id: int) -> int:
        return Card.from_bytes(self.payloads[card_id]).count

    def tell(self, name: str, *, lane: str = "a", now_ns: int = 0, text: str = "", times: int = 1) -> None:
        """Route records of one problem, stored at once."""
        draft = self.draft(now_ns)
        draft.begin(self.next_id)
        for _ in range(times):
            told = problem(name, text)
            if not draft.fold(lane, told, Seen.once(now_ns)):
                draft.open(self.next_id, lane, told, card(name, seen_ns=now_ns), 0, "shop")
        self.store(draft)


def entry(card_id: int, name: str, *, count: int = 1, now_ns: int = 0, priority: int = 0, size: int = 0) -> Entry:
    return Entry(
        card_id=card_id,
        fingerprint=problem(name).fingerprint,
        priority=priority,
        base=bytes(size) if size else card(name).to_bytes(),
        text=f"{name} 1",
        service="shop",
        count=count,
        first_seen_ns=now_ns,
        last_seen_ns=now_ns,
        touched_ns=now_ns,
    )


def posted(book: LaneBook, message_id: str, *entries: Entry, at_ns: int = 0) -> Posted:
    message = Posted(message_id, at_ns, Note())
    for each in entries:
        book.opened(each)
    book.posted(message, [(each, each.count) for each in entries])
    return message
