"""What a stored queue keeps beside its work: dead letters, and what the exporter remembers."""

import logging
from collections.abc import Callable, Sequence

from otel_discord.component.storage import EVERY_LETTER, LetterFilter, LetterTotals, StoredLetter
from otel_discord.store import operations_letters as letter_works
from otel_discord.store import operations_state as state_works
from otel_discord.store.operations_batches import Damage
from otel_discord.store.transactions import Transactions, book_nothing, unbook_nothing


class RelationalArchive:
    """That half of a :class:`~otel_discord.component.storage.WorkQueue`."""

    def __init__(
        self, transactions: Transactions, owner: str, logger: logging.Logger, on_damaged: Callable[[int], None]
    ) -> None:
        self._transactions = transactions
        self._owner = owner
        self._logger = logger
        self._on_damaged = on_damaged

    # ------------------------------------------------------------------------------------------------- letters

    @property
    def keeps_letters(self) -> bool:
        """They are kept here."""
        return True

    async def letters(
        self, chosen: LetterFilter = EVERY_LETTER, *, after_id: int = 0, limit: int = 100
    ) -> Sequence[StoredLetter]:
        """Return kept dead letters with ids above ``after_id``, oldest first; a damaged one says so."""
        return await self._transactions.read(letter_works.letters(self._owner, chosen, after_id, limit))

    async def letter_totals(self, chosen: LetterFilter = EVERY_LETTER) -> LetterTotals:
        """Return how many dead letters are kept."""
        return await self._transactions.read(letter_works.letter_totals(self._owner, chosen))

    async def purge(self, letter_ids: Sequence[int]) -> int:
        """Remove dead letters for good and return how many there were.

        Raises:
            RetryableError: the database cannot store now; nothing was changed.
        """
        return await self._transactions.write(letter_works.purge(self._owner, letter_ids), book_nothing, unbook_nothing)

    # --------------------------------------------------------------------------------------------------- state

    async def get_state(self, key: str) -> bytes | None:
        """Return a value of the exporter's own small state; of a damaged one the log speaks."""
        value = await self._transactions.read(state_works.get_state(self._owner, key))
        if isinstance(value, Damage):
            self._logger.error("what was remembered as %r is damaged and forgotten", key, extra={"queue": self._owner})
            self._on_damaged(1)
            await self.set_state(key, None)
            return None
        return value

    async def set_state(self, key: str, value: bytes | None) -> None:
        """Store or, with None, remove a value of the exporter's state."""
        await self._transactions.insist(state_works.set_state(self._owner, key, value), book_nothing)
