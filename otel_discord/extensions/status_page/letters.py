"""Dead letters: looked at, removed, and sent again by a task that the extension holds."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from otel_discord.component import Component, ComponentError, LetterFilter, PermanentError, RetryableError
from otel_discord.component.dead_letters import DeadLetters, KeepsDeadLetters, Letter, ReplayRequest, ReplayState
from otel_discord.extensions.status_page.mutes import offering

MOST_SHOWN: Final = 100
READ_S: Final = 5.0
LONGEST_REPLAY_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class LetterList:
    """The newest letters of all exporters, newest first; ``is_complete`` False: there are more than were looked at."""

    letters: Sequence[tuple[str, Letter]]
    exporters: Sequence[str]
    is_complete: bool = True


def desks(components: Mapping[str, Component]) -> dict[str, DeadLetters]:
    """Return the dead letters of those exporters that are open, by id."""
    found: dict[str, DeadLetters] = {}
    for name, keeper in offering(components, KeepsDeadLetters).items():
        try:
            found[name] = keeper.dead_letters()
        except RetryableError:
            continue  # it is being opened or closed
    return found


def desk(components: Mapping[str, Component], exporter: str) -> DeadLetters:
    """Return those of one exporter.

    Raises:
        PermanentError: it keeps none.
    """
    found = desks(components)
    if exporter not in found:
        raise PermanentError("There is no such exporter with dead letters.")
    return found[exporter]


async def newest_letters(components: Mapping[str, Component], destination: str = "") -> LetterList:
    """Return the newest letters, of one destination where one is named."""
    chosen = LetterFilter(destinations=frozenset({destination} if destination else ()))
    found: list[tuple[str, Letter]] = []
    is_complete = True
    open_desks = desks(components)
    for name, each in open_desks.items():
        try:
            async with asyncio.timeout(READ_S):
                letters: Any = each.letters(chosen, limit=MOST_SHOWN + 1)  # an asynchronous generator
                async with aclosing(letters):
                    found += [(name, letter) async for letter in letters]
        except (ComponentError, TimeoutError):
            is_complete = False
    found.sort(key=lambda pair: pair[1].time_ns, reverse=True)
    return LetterList(found[:MOST_SHOWN], tuple(open_desks), is_complete and len(found) <= MOST_SHOWN)


async def one_letter(components: Mapping[str, Component], exporter: str, letter_id: int) -> Mapping[str, Any] | None:
    """Return everything readable of one letter; None where there is none.

    Raises:
        PermanentError: the exporter keeps none.
        TimeoutError: it took too long.
    """
    async with asyncio.timeout(READ_S):
        return await desk(components, exporter).letter(letter_id)


@dataclass(slots=True)
class Replay:
    """One replay: what was asked for, and how far it is."""

    what: str
    state: ReplayState | None = None
    failure: str = ""
    is_over: bool = False


@dataclass(slots=True)
class Replays:
    """The last replay of each exporter. One at a time; leaving :meth:`running` stops them, letters stay letters."""

    by_exporter: dict[str, Replay] = field(default_factory=dict)
    _is_open: bool = False
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take replays while the block runs."""
        self._is_open = True
        try:
            yield
        finally:
            self._is_open = False
            for task in self._tasks.values():
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks.values())

    def begin(self, exporter: str, letters: DeadLetters, request: ReplayRequest, what: str) -> None:
        """Send letters again, in a task.

        Raises:
            RetryableError: this exporter's letters are being sent already, or the page is closing.
        """
        running = self._tasks.get(exporter)
        if running is not None and not running.done():
            raise RetryableError("A replay of this exporter is under way; wait for its end.")
        if not self._is_open:
            raise RetryableError("The service is closing.")
        replay = self.by_exporter[exporter] = Replay(what)
        self._tasks[exporter] = asyncio.create_task(_follow(replay, letters, request), name="status_page replay")


async def _follow(replay: Replay, letters: DeadLetters, request: ReplayRequest) -> None:
    try:
        async with asyncio.timeout(LONGEST_REPLAY_S):
            states: Any = letters.replay(request)
            async with aclosing(states):
                async for state in states:
                    replay.state = state
    except ComponentError as error:
        replay.failure = str(error)
    except TimeoutError:
        replay.failure = "stopped after an hour; what is left stays a letter"
    except Exception as error:  # noqa: BLE001 - one replay's fault must not end the page; its kind is shown
        replay.failure = f"failed: {type(error).__name__}"
    finally:
        replay.is_over = True
