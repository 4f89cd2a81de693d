"""The posted cards of a stored queue: delivered, and kept so that their messages can count for more."""

from abc import ABC
from collections.abc import Sequence

from otel_discord.component.storage import NewPosted, PostedMessage, Posting
from otel_discord.store import operations_posted as posted_works
from otel_discord.store import operations_repair as repair_works
from otel_discord.store.leaving import Gone
from otel_discord.store.relational_cards import RelationalCards
from otel_discord.store.transactions import book_nothing


class RelationalPosted(RelationalCards, ABC):
    """That part of a :class:`~otel_discord.component.storage.WorkQueue`. Nothing of it is in memory."""

    async def post(self, posted: NewPosted) -> None:
        """End cards as delivered, keep them as posted, and keep their message; unknown ids are ignored."""

        def book(gone: Gone) -> None:
            self._book_gone((posting.card_id for posting in posted.cards), gone)
            self.say_damaged(gone.damaged)

        await self._transactions.insist(posted_works.post(self._owner, posted, self._wall_clock_ns()), book)

    async def posted(self, lane: str) -> Sequence[PostedMessage]:
        """Return the messages of a lane that are kept, oldest first."""
        while True:
            kept = await self._transactions.read(posted_works.posted_of(self._owner, lane))
            if not (kept.damaged_messages or kept.damaged_cards):
                return kept.messages
            await self._bury_damaged(
                repair_works.bury_damaged_posted(
                    self._owner, kept.damaged_messages, kept.damaged_cards, self._wall_clock_ns()
                )
            )

    async def mark_shown(self, postings: Sequence[Posting]) -> None:
        """Note how many records of posted cards Discord shows; unknown ids are ignored."""
        if postings:
            await self._transactions.insist(posted_works.mark_shown(self._owner, postings), book_nothing)

    async def unpost(self, card_ids: Sequence[int]) -> None:
        """Forget posted cards; their messages stay. Unknown ids are ignored."""
        if card_ids:
            await self._transactions.insist(posted_works.unpost(self._owner, card_ids), book_nothing)

    async def forget_messages(self, lane: str, message_ids: Sequence[str]) -> None:
        """Forget messages and the posted cards in them; unknown ones are ignored."""
        if message_ids:
            work = posted_works.forget_messages(self._owner, lane, message_ids)
            await self._transactions.insist(work, book_nothing)
