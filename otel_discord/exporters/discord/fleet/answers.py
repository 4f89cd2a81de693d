"""Answers what other replicas ask of a shard that this replica works on."""

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from otel_discord.component import Host, LetterFilter, OnlineResult, PermanentError, RetryableError, TestResult
from otel_discord.component.dead_letters import DeadLetters, Letter
from otel_discord.component.errors import ComponentError
from otel_discord.component.maintenance import KeepsMaintenance
from otel_discord.component.silences import KeepsSilences, Silence, SilenceRequest
from otel_discord.component.watched_exporter import Watched
from otel_discord.exporters.discord.dead_letters.desk import DeadLetterDesk
from otel_discord.exporters.discord.fleet import questions as q
from otel_discord.exporters.discord.fleet.alerts_told import alert_text
from otel_discord.exporters.discord.fleet.answers_replay import AnsweredReplays, WholeLetters

MOST_LETTERS: Final = 500
"""In one answer."""
MOST_WHOLE_BYTES: Final = 1024 * 1024
"""Of whole letters in one answer; one of them at least."""
MOST_MESSAGES: Final = 100
ANSWERED_WITHIN_S: Final = 60.0


class Engine(KeepsSilences, KeepsMaintenance, Watched, Protocol):
    """What a shard's exporter offers to those who ask."""

    def dead_letters(self) -> DeadLetters:
        """Return the shard's dead letters."""
        ...

    async def send_test(self, destination: str | None) -> Sequence[TestResult]:
        """Send a message marked as a test."""
        ...

    async def check_online(
        self, host: Host | None = None, *, known: Collection[OnlineResult] = ()
    ) -> Sequence[OnlineResult]:
        """Look at each webhook, but for those that are known; use one again that was given up and answers."""
        ...


@dataclass(frozen=True, slots=True)
class Answers:
    """Of one engine, as long as it runs. :meth:`answer` is made for each question."""

    engine: Engine
    shard: int
    replays: AnsweredReplays
    logger: logging.Logger

    async def answer(self, body: bytes) -> bytes:
        """Return the answer; what goes wrong is an answer too."""
        try:
            name, said = q.read_question(body)
            answered = _ANSWERED.get(name)
            if answered is None:
                raise q.no_such_method(name)
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                return await answered(self, said)
        except TimeoutError:
            return q.error_answer(RetryableError(f"it took longer than {ANSWERED_WITHIN_S:.0f} s"))
        except ComponentError as error:
            return q.error_answer(error)
        except Exception:
            self.logger.exception("a question of another replica could not be answered")
            return q.error_answer(RetryableError("the replica that was asked failed; its log says how"))

    @property
    def letters(self) -> DeadLetterDesk:
        """The shard's dead letters.

        Raises:
            RetryableError: the engine does not run now.
        """
        return cast("DeadLetterDesk", self.engine.dead_letters())


@asynccontextmanager
async def answers_of(
    engine: Engine, shard: int, whole_letters: Callable[[int], WholeLetters], logger: logging.Logger
) -> AsyncIterator[Answers]:
    """Be ready to answer for an engine while the block runs; ``whole_letters`` gives access to another shard's."""
    async with AnsweredReplays.running(shard, whole_letters) as replays:
        yield Answers(engine, shard, replays, logger)


# ------------------------------------------------------------------------------------------------------------ mutes


async def _add_silence(self: Answers, request: SilenceRequest) -> Silence:
    """Add it; one that was added by the same question before is the same."""
    try:
        return await self.engine.add_silence(request)
    except PermanentError:
        known = next((each for each in await self.engine.silences() if each.id == request.id), None)
        if known is None or known.ends_ns != request.ends_ns:
            raise
        return known


# ---------------------------------------------------------------------------------------------------------- letters


async def _letters(self: Answers, page: q.Page) -> list[Letter]:
    found = await self.letters.page(page.chosen, after_id=page.after_id, limit=min(page.limit, MOST_LETTERS))
    return [kept.letter for kept in found]


async def _newest_letters(self: Answers, page: q.Page) -> list[Letter]:
    letters = self.letters.letters(page.chosen, limit=min(page.limit, MOST_LETTERS))
    async with aclosing(cast("Any", letters)) as found:
        return [letter async for letter in found]


async def _letter(self: Answers, letter_id: int) -> dict[str, Any] | None:
    found = await self.letters.letter(letter_id)
    return dict(found) if found is not None else None


async def _count_letters(self: Answers, chosen: LetterFilter) -> int:
    return await self.letters.box.total(chosen)


async def _whole_letters(self: Answers, page: q.Page) -> list[q.WholeLetter]:
    found = await self.letters.page(page.chosen, after_id=page.after_id, limit=min(page.limit, MOST_LETTERS))
    room = MOST_WHOLE_BYTES
    told: list[q.WholeLetter] = []
    for kept in found:
        room -= len(kept.payload or b"")
        if told and room < 0:
            break
        payload = base64.b64encode(kept.payload).decode() if kept.payload is not None else None
        told.append(q.WholeLetter(letter=kept.letter, payload=payload))
    return told


async def _start_replay(self: Answers, start: q.ReplayStart) -> None:
    self.replays.start(start, self.letters)


# -------------------------------------------------------------------------------------------------------- being watched


async def _fares(self: Answers, _: None) -> q.Fares:
    alerts = [alert_text(event, places) for event, places in self.engine.firing_alerts()]
    return q.Fares(states=list(self.engine.destination_states()), alerts=alerts)


async def _messages(self: Answers, limit: int) -> list[Any]:
    return list(self.engine.recent_messages(min(limit, MOST_MESSAGES)))


# -------------------------------------------------------------------------------------------------------------- all

Answered = Callable[[Answers, Any], Awaitable[bytes]]


def _by(method: q.Method[Any, Any], do: Callable[[Answers, Any], Awaitable[Any]], *, exact: bool = False) -> Answered:
    async def answered(self: Answers, said: Any) -> bytes:
        told = await do(self, method.argument(said))
        return method.exact_answer(told) if exact else method.answer(told)

    return answered


async def _list(told: Awaitable[Sequence[Any]]) -> list[Any]:
    return list(await told)


_ANSWERED: Final[Mapping[str, Answered]] = {
    q.ADD_SILENCE.name: _by(q.ADD_SILENCE, _add_silence),
    q.EXPIRE_SILENCE.name: _by(q.EXPIRE_SILENCE, lambda self, name: self.engine.expire_silence(name)),
    q.LIST_SILENCES.name: _by(q.LIST_SILENCES, lambda self, _: _list(self.engine.silences())),
    q.START_MAINTENANCE.name: _by(q.START_MAINTENANCE, lambda self, said: self.engine.start_maintenance(said)),
    q.END_MAINTENANCE.name: _by(q.END_MAINTENANCE, lambda self, name: self.engine.end_maintenance(name)),
    q.LIST_MAINTENANCE.name: _by(q.LIST_MAINTENANCE, lambda self, _: _list(self.engine.maintenance_windows())),
    q.LETTERS.name: _by(q.LETTERS, _letters),
    q.NEWEST_LETTERS.name: _by(q.NEWEST_LETTERS, _newest_letters),
    q.LETTER.name: _by(q.LETTER, _letter),
    q.COUNT_LETTERS.name: _by(q.COUNT_LETTERS, _count_letters),
    q.WHOLE_LETTERS.name: _by(q.WHOLE_LETTERS, _whole_letters, exact=True),
    q.FORGET_LETTERS.name: _by(q.FORGET_LETTERS, lambda self, ids: self.letters.forget(ids)),
    q.PURGE_LETTERS.name: _by(q.PURGE_LETTERS, lambda self, chosen: self.letters.purge(chosen)),
    q.BURY_LANE.name: _by(q.BURY_LANE, lambda self, name: self.letters.bury_lane(name)),
    q.ORPHANED_LANES.name: _by(q.ORPHANED_LANES, lambda self, _: _list(self.letters.orphaned_lanes())),
    q.START_REPLAY.name: _by(q.START_REPLAY, _start_replay),
    q.LOOK_AT_REPLAY.name: _by(q.LOOK_AT_REPLAY, lambda self, look: self.replays.look(look)),
    q.STOP_REPLAY.name: _by(q.STOP_REPLAY, lambda self, name: self.replays.stop(name)),
    q.FARES.name: _by(q.FARES, _fares),
    q.MESSAGES.name: _by(q.MESSAGES, _messages),
    q.SEND_TEST.name: _by(q.SEND_TEST, lambda self, name: _list(self.engine.send_test(name))),
    q.CHECK_ONLINE.name: _by(q.CHECK_ONLINE, lambda self, known: _list(self.engine.check_online(known=known))),
}
