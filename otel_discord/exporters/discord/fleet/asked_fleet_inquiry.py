"""Asks who has a shard, whether that is another replica or this one."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from otel_discord.component import PermanentError, RetryableError, ShutdownError
from otel_discord.component.errors import ComponentError
from otel_discord.component.fleet import STORAGE_AWAY, Fleet
from otel_discord.exporters.discord.fleet.answers import Answers
from otel_discord.exporters.discord.fleet.questions import UNKNOWN, Method

NOT_RUNNING_AGAIN_S: Final = 0.25
"""A replica that just gives a shard back, or takes it, is asked again after that time."""
ASKED_AGAIN_S: Final = 7.0
WITHOUT_STORAGE_S: Final = 3.0
"""What can be answered without the storage is answered in less."""
_AT_ONCE: Final = 16
"""Questions on their way."""
A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Told(Generic[R]):
    """What each of several shards has answered: one of the three has it."""

    answers: Mapping[int, R]
    refusals: Mapping[int, PermanentError] = field(default_factory=dict)
    silent: Mapping[int, RetryableError] = field(default_factory=dict)
    """Those that did not answer in time, or could not. They may act upon it all the same."""

    def raise_unless_some(self) -> None:
        """Raise what was refused, or what went wrong, unless somebody has answered.

        Raises:
            PermanentError: those who were reached refuse, with the same words or several.
            RetryableError: nobody was reached.
        """
        if self.answers:
            return
        if self.refusals:
            raise PermanentError(_joined(self.refusals.values()))
        if self.silent:
            raise RetryableError(_joined(self.silent.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Which shard has which destination. ``shard_of`` also knows those that are made at run time."""

    configured: Collection[str]
    """In the order of the configuration."""
    shard_of: Callable[[str], int | None]
    """None: there is no such destination."""
    has_runs: bool = False

    def words(self, shards: Iterable[int]) -> str:
        """Return whose destinations are in these shards: ``errors, ops and runs``; "" where nobody's are."""
        wanted = set(shards)
        names = [name for name in self.configured if self.shard_of(name) in wanted]
        words = ", ".join(names)
        if self.has_runs and wanted:
            words = f"{words} and channels of runs" if words else "some channels of runs"
        return words

    def by_shard(self, names: Iterable[str]) -> dict[int, list[str]]:
        """Return destinations by their shard; those that are nowhere are left out."""
        found: dict[int, list[str]] = {}
        for name in names:
            shard = self.shard_of(name)
            if shard is not None:
                found.setdefault(shard, []).append(name)
        return found


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Of one exporter on one replica. ``own`` are the shards that this replica works on now."""

    fleet: Fleet
    places: Places
    own: MutableMapping[int, Answers] = field(default_factory=dict)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    @property
    def shards(self) -> Collection[int]:
        """All of them."""
        return range(self.fleet.shards)

    async def one(self, shard: int, method: Method[A, R], argument: A, timeout_s: float, *, insist: bool = False) -> R:
        """Return what who has a shard answers.

        With ``insist`` it is asked again where he cannot answer just now, and where nothing is heard for some seconds:
        he may have died with the question in his hand. So only what may be done twice is insisted on.

        Raises:
            PermanentError: that was the answer.
            RetryableError: that was the answer, or there was none in time, or the storage is away (``STORAGE_AWAY``):
                that is said soon, whatever the time.
        """
        ends_s = asyncio.get_running_loop().time() + timeout_s
        while True:
            left_s = max(0.05, ends_s - asyncio.get_running_loop().time())
            wait_s = min(left_s, ASKED_AGAIN_S) if insist else left_s
            try:
                return method.told(await self._unless_away(self._ask(shard, method.question(argument), wait_s)))
            except RetryableError as error:
                if not insist or error.reason == UNKNOWN or left_s < 2 * NOT_RUNNING_AGAIN_S:
                    raise
                self.raise_if_away()
            await asyncio.sleep(NOT_RUNNING_AGAIN_S)

    def raise_if_away(self) -> None:
        """Refuse to wait for what needs the storage.

        Raises:
            RetryableError: it has been away for some seconds; ``reason`` is ``STORAGE_AWAY``.
        """
        if away := self.fleet.away():
            raise RetryableError(away, reason=STORAGE_AWAY)

    async def _unless_away(self, asking: Coroutine[Any, Any, bytes]) -> bytes:
        """Return an answer. While the storage is away there is one soon, from memory, or none."""
        task = asyncio.ensure_future(asking)
        loop = asyncio.get_running_loop()
        away_s: float | None = None
        try:
            while not task.done() and (away_s is None or loop.time() < away_s + WITHOUT_STORAGE_S):
                await asyncio.wait({task}, timeout=NOT_RUNNING_AGAIN_S)
                if away_s is None and self.fleet.away():
                    away_s = loop.time()
            if not task.done():
                self.raise_if_away()
            return await task
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # heard

    async def _ask(self, shard: int, body: bytes, timeout_s: float) -> bytes:
        own = self.own.get(shard)
        if own is None:
            async with self._turns:
                return await self._ask_another(shard, body, timeout_s)
        try:
            async with asyncio.timeout(timeout_s):
                return await own.answer(body)
        except TimeoutError:
            raise RetryableError(f"there was no answer within {timeout_s:.0f} s") from None

    async def _ask_another(self, shard: int, body: bytes, timeout_s: float) -> bytes:
        try:
            return await self.fleet.ask(shard, body, timeout_s)
        except ShutdownError:
            raise
        except RetryableError as error:
            self.raise_if_away()
            whose = self.places.words([shard]) or f"shard {shard}"
            raise RetryableError(f"no replica that has {whose} answers ({error})", reason=error.reason) from None

    async def each(
        self, arguments: Mapping[int, A], method: Method[A, R], timeout_s: float, *, insist: bool = False
    ) -> Told[R]:
        """Ask several shards at once, each with its own argument."""
        answers: dict[int, R] = {}
        refusals: dict[int, PermanentError] = {}
        silent: dict[int, RetryableError] = {}

        async def ask(shard: int, argument: A) -> None:
            try:
                answers[shard] = await self.one(shard, method, argument, timeout_s, insist=insist)
            except PermanentError as error:
                refusals[shard] = error
            except RetryableError as error:
                silent[shard] = error

        await asyncio.gather(*(ask(shard, argument) for shard, argument in arguments.items()))
        return Told(dict(sorted(answers.items())), dict(sorted(refusals.items())), dict(sorted(silent.items())))

    async def all(self, method: Method[A, R], argument: A, timeout_s: float, *, insist: bool = False) -> Told[R]:
        """Ask every shard the same."""
        return await self.each(dict.fromkeys(self.shards, argument), method, timeout_s, insist=insist)


def _joined(errors: Iterable[ComponentError]) -> str:
    return "; ".join(dict.fromkeys(str(error) for error in errors))
