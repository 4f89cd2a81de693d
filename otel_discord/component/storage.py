"""What a place for waiting work promises: batches accepted and not yet routed, and cards in lanes.

The model is relational and the same everywhere (reference: docs/explanation/the-house.md): a *batch* is what was
accepted; routing it, in one transaction, removes it and puts its *cards* into *lanes*, one lane a destination by its
name. A card is opaque here: bytes with a priority. An implementation keeps cards of a lane in order (higher priority
first, then oldest) and counts a batch's room as taken until the last card that it opened is settled.

A card may come to stand for more records than the one that opened it: a *fold* replaces its payload. Posted cards are
those that are in Discord and can be folded into still, by an edit of their message; they take no room and wait for
nothing.

``store.memory`` is the first implementation; ``file_storage`` and ``db_storage`` pass the same contract suite
(``otel_discord.testing.storage_contract``).
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol, runtime_checkable

from otel_discord.component.storage_types import (
    EVERY_LETTER,
    Fold,
    LetterFilter,
    LetterTotals,
    Move,
    NewCard,
    NewLetter,
    NewPosted,
    PostedCard,
    PostedMessage,
    Posting,
    QueueLimits,
    Revival,
    RoutedIds,
    Settlement,
    Sizer,
    StoredBatch,
    StoredCard,
    StoredLetter,
)
from otel_discord.signals.batch import Batch

__all__ = [
    "EVERY_LETTER",
    "Fold",
    "KeepsState",
    "LetterFilter",
    "LetterTotals",
    "Move",
    "NewCard",
    "NewLetter",
    "NewPosted",
    "PostedCard",
    "PostedMessage",
    "Posting",
    "QueueLimits",
    "Revival",
    "RoutedIds",
    "Settlement",
    "Sizer",
    "Storage",
    "StoredBatch",
    "StoredCard",
    "StoredLetter",
    "WorkQueue",
]


class WorkQueue(Protocol):
    """The waiting work of one exporter (and signal). All methods are safe to call from any task of the loop."""

    async def put(self, batch: Batch, *, priority: int = 0, accepted_ns: int = 0) -> int:
        """Store a batch and return its id once it is as durable as this storage promises.

        A batch larger than the whole queue is taken while the queue is empty, so that nothing is unsendable.

        Raises:
            QueueFullError: no room; nothing was stored.
            RetryableError: the storage cannot store now (a full disk); nothing was stored.
            ShutdownError: the queue is closed.
        """
        ...

    async def wait_for_room(self, batch: Batch) -> None:
        """Return when ``put`` would have room for the batch (``block_on_overflow``)."""
        ...

    async def take(self) -> StoredBatch:
        """Wait for and return the batch to handle next: highest priority, then oldest. It stays stored and is handed
        to nobody else until it is routed, done, or released.

        Raises:
            ShutdownError: the queue is closed and has nothing more to hand out.
        """
        ...

    async def take_more(self, most_items: int) -> Sequence[StoredBatch]:
        """Return batches that come next, of ``most_items`` together at most, as far as they are at hand; often none.

        They are the caller's like those of :meth:`take`.
        """
        ...

    async def release(self, batch_id: int) -> None:
        """Give a taken batch back, unhandled, to its place in the order."""
        ...

    async def done(self, batch_id: int) -> None:
        """Remove a batch that was delivered whole or ended otherwise (exporters without cards)."""
        ...

    async def route(self, batch_id: int, cards: Sequence[NewCard]) -> Sequence[int]:
        """In one step remove the batch, put its cards into their lanes and return the cards' ids."""
        ...

    async def route_all(self, cards: Mapping[int, Sequence[NewCard]], folds: Sequence[Fold] = ()) -> RoutedIds:
        """Route several batches in one step, in this order, then fold.

        Batches that are not there, or were routed, are left out. A batch's room is free at once where no card is opened
        for it. A card made by ``Fold.otherwise`` belongs to no batch. Of several folds of one card the last counts: its
        payload, like its ``otherwise``, stands for them all.
        """
        ...

    async def lanes(self) -> Sequence[str]:
        """Return the lanes that hold cards."""
        ...

    async def waiting(self) -> Mapping[str, int]:
        """Return how many cards each lane holds, for words to a person; lanes without cards are left out."""
        ...

    async def head(self, lane: str, limit: int) -> Sequence[StoredCard]:
        """Return up to ``limit`` cards of a lane, in the order in which they are to be sent; they stay."""
        ...

    async def find(self, card_ids: Sequence[int]) -> Sequence[StoredCard]:
        """Return those of these cards that wait in a lane, in the order asked for; they stay."""
        ...

    async def settle(self, card_ids: Sequence[int], settlement: Settlement) -> None:
        """In one step end cards and free the room of batches whose last card this was; unknown ids are ignored."""
        ...

    async def post(self, posted: NewPosted) -> None:
        """In one step end cards as DELIVERED, keep them as posted, and keep their message; unknown ids are ignored.

        A message of that lane and id that is kept already takes these cards as well, behind its own; its time and its
        note stay.
        """
        ...

    async def posted(self, lane: str) -> Sequence[PostedMessage]:
        """Return the messages of a lane that are kept, oldest first (by ``posted_ns``, then by message id)."""
        ...

    async def mark_shown(self, postings: Sequence[Posting]) -> None:
        """Note how many records of posted cards Discord shows after an edit; unknown ids are ignored."""
        ...

    async def unpost(self, card_ids: Sequence[int]) -> None:
        """Forget posted cards; their messages stay. Unknown ids are ignored."""
        ...

    async def forget_messages(self, lane: str, message_ids: Sequence[str]) -> None:
        """Forget messages and the posted cards in them; unknown ones are ignored."""
        ...

    async def mark_sending(self, card_ids: Sequence[int]) -> None:
        """Note, before a message goes out, that it carries these cards: one more attempt, in doubt until settled.

        After a crash exactly the cards of the messages that were in flight are in doubt.
        """
        ...

    async def mark_unsent(self, card_ids: Sequence[int]) -> None:
        """Note that Discord certainly does not have the message that was begun: no longer in doubt."""
        ...

    async def move(self, moves: Sequence[Move]) -> Sequence[int]:
        """In one step let cards go on in other lanes, behind what waits there; return the new ids in order.

        A batch's room stays taken until the card in the new lane is settled; a posted card takes none in its new lane
        either. Unknown ids are left out of the answer.
        """
        ...

    async def adopt(self, cards: Sequence[NewCard]) -> Sequence[int]:
        """In one step put cards into lanes that no batch here has opened (letters from files); they take no room."""
        ...

    async def bury(self, letters: Sequence[NewLetter]) -> None:
        """In one step end cards as DEAD and, where :attr:`keeps_letters`, keep their letters; unknown ids are ignored
        together with their letters."""
        ...

    @property
    def keeps_letters(self) -> bool:
        """Whether buried cards are kept here. False: who buries has written them elsewhere before."""
        ...

    async def letters(
        self, chosen: LetterFilter = EVERY_LETTER, *, after_id: int = 0, limit: int = 100
    ) -> Sequence[StoredLetter]:
        """Return kept dead letters with ids above ``after_id``, oldest first."""
        ...

    async def letter_totals(self, chosen: LetterFilter = EVERY_LETTER) -> LetterTotals:
        """Return how many dead letters are kept."""
        ...

    async def revive(self, revivals: Sequence[Revival]) -> Sequence[int]:
        """In one step turn dead letters into cards of lanes; return the cards' ids. Unknown letters (revived or purged
        by somebody else) are left out, so that nothing comes back twice. These cards take no room."""
        ...

    async def purge(self, letter_ids: Sequence[int]) -> int:
        """Remove dead letters for good; return how many there were."""
        ...

    async def settled(self, batch_id: int) -> Settlement:
        """Wait until a batch and all cards that it opened have ended; DEAD if any of them was (``wait_for_result``)."""
        ...

    async def get_state(self, key: str) -> bytes | None:
        """Return a value of the exporter's own small state: tombstones, message ids, learnt channels."""
        ...

    async def set_state(self, key: str, value: bytes | None) -> None:
        """Store or, with None, remove a value of the exporter's state."""
        ...

    def close(self) -> None:
        """Refuse new batches; waiting ``take`` calls end when nothing is left to hand out. What is stored stays."""
        ...

    @property
    def size(self) -> int:
        """Room taken, in units of the sizer: waiting, in flight, and opened cards not yet settled."""
        ...

    @property
    def capacity(self) -> int:
        """Room in all, in units of the sizer."""
        ...

    @property
    def is_beyond(self) -> bool:
        """Whether more than one batch is there, and together they are more than the limits allow."""
        ...


@runtime_checkable
class Storage(Protocol):
    """What an extension offers under ``sending_queue.storage``."""

    def open_queue(self, owner: str, limits: QueueLimits) -> AbstractAsyncContextManager[WorkQueue]:
        """Open the queue of one exporter, named by its id and signal; what an earlier run left is in it."""
        ...


@runtime_checkable
class KeepsState(Protocol):
    """An extension, and its configuration, that keep files: the control socket and dead letters live beside them."""

    @property
    def state_directory(self) -> Path:
        """The directory; absolute or relative to where the service was started."""
        ...
