"""Where dead letters are kept: rows of the storage, or files, or (if neither is wanted) only the error log."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from otel_discord.component import LetterFilter, NewCard, NewLetter, WorkQueue
from otel_discord.component.dead_letters import Letter
from otel_discord.exporters.discord.dead_letters.replay_board import Tally

LastResort: TypeAlias = Callable[[OSError | None], None]
"""Called before cards leave the queue where nothing keeps them: the log has to. With the reason, if there is one."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A letter that is kept. ``payload`` is a serialised ``otel_discord.v1.DeadLetter``, None where it is damaged."""

    letter: Letter
    payload: bytes | None


@dataclass(frozen=True, slots=True)
class Comeback:
    """A letter on its way to be a card again."""

    letter_id: int
    card: NewCard


class ReplayedBox(Protocol):
    """Letters that can be sent again."""

    async def total(self, chosen: LetterFilter) -> int:
        """Return how many letters there are."""
        ...

    async def page(self, chosen: LetterFilter, *, after_id: int, limit: int) -> Sequence[Kept]:
        """Return letters with ids above ``after_id``, oldest first; also those in files that are under way again."""
        ...

    def replaying(self, patience_s: float) -> AbstractAsyncContextManager[bool]:
        """Be the only process that sends these letters again; False where another one still is after ``patience_s``."""
        ...

    async def revive(self, comebacks: Sequence[Comeback], tally: Tally) -> int:
        """Make cards of letters, followed by ``tally``; return how many, since some may have gone meanwhile."""
        ...


class LetterBox(ReplayedBox, Protocol):
    """Keeps the dead letters of one exporter."""

    @property
    def kept(self) -> int:
        """How many letters are kept, as far as is known without looking."""
        ...

    async def bury(self, letters: Sequence[NewLetter], last_resort: LastResort) -> Mapping[int, int]:
        """Keep letters and end their cards; return the letters' ids by their cards' ids, as far as they are known."""
        ...

    async def purge(self, letter_ids: Sequence[int]) -> int:
        """Remove letters for good; return how many there were."""
        ...

    async def expire(self) -> int:
        """Let go what is too much or too old; return how many letters that were."""
        ...


@dataclass(slots=True)
class LogBox:
    """Keeps nothing: the error log has the words of each record, and that is all."""

    queue: WorkQueue
    kept: int = 0

    async def bury(self, letters: Sequence[NewLetter], last_resort: LastResort) -> Mapping[int, int]:
        """Let the log have them, then end the cards."""
        last_resort(None)
        await self.queue.bury(letters)
        return {}

    async def total(self, chosen: LetterFilter) -> int:  # noqa: ARG002 - there are none, whatever is chosen
        """There are none."""
        return 0

    async def page(self, chosen: LetterFilter, *, after_id: int, limit: int) -> Sequence[Kept]:  # noqa: ARG002
        """There are none."""
        return ()

    @asynccontextmanager
    async def replaying(self, patience_s: float) -> AsyncIterator[bool]:  # noqa: ARG002
        """Nobody else can."""
        yield True

    async def revive(self, comebacks: Sequence[Comeback], tally: Tally) -> int:  # noqa: ARG002
        """There are none."""
        return 0

    async def purge(self, letter_ids: Sequence[int]) -> int:  # noqa: ARG002
        """There are none."""
        return 0

    async def expire(self) -> int:
        """There are none."""
        return 0
