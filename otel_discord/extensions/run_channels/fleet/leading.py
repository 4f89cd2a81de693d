"""What only who leads does: it runs the worker with the bot, carries out what is asked for on other replicas, and adds
what those have counted."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.component.state_table import Lead
from otel_discord.extensions.run_channels.fleet.rows import (
    COUNT,
    DRAIN,
    DRAINED,
    GONE,
    LEADER,
    REPLICA,
    WISH,
    Answer,
    CreateWish,
    FinalizeWish,
    Wish,
    decode_count,
    decode_wish,
    encode_answer,
    encode_leader,
    run_of,
)
from otel_discord.extensions.run_channels.problems import RunProblem
from otel_discord.extensions.run_channels.worker import Worker

ABSORB_S: Final = 1.0
LEFT_ALONE_S: Final = 120.0
"""A wish, or an answer that nobody has fetched, is removed after that time."""
_AT_ONCE: Final = 64
_LOOK_S: Final = 0.5

Admits = Callable[[str], RunProblem | None]
"""Says whether the holder of a token, by its name, asks too often on all replicas together."""


@dataclass(slots=True, kw_only=True)
class Leading:
    """One reign. ``others`` are the values of the table beside the runs, as they are known by now."""

    replica: str
    lead: Lead
    worker: Worker
    group: asyncio.TaskGroup
    others: Mapping[str, bytes]
    admits: Admits
    dead: Callable[[], list[str]]
    """Names replicas that have said nothing for long."""
    logger: logging.Logger
    _serving: set[str] = field(default_factory=set)
    _since_s: dict[str, float] = field(default_factory=dict)
    """Wishes and answers, and since when they are known here."""
    _said_ready: bool | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self, key: str, value: bytes | None) -> None:
        """A value has changed, or is known when the reign begins."""
        if key.startswith(WISH):
            if value is None:
                self._since_s.pop(key, None)
            else:
                self._since_s.setdefault(key, asyncio.get_running_loop().time())
                self._news.set()
        elif key.startswith(GONE) and value is not None:
            self.worker.call(run_of(key))

    async def run(self) -> None:
        """Work until cancelled."""
        absorbed_s = asyncio.get_running_loop().time()
        questions = [key for key in self.others if key.startswith((DRAIN, DRAINED))]  # of the leader before
        for key, value in tuple(self.others.items()):
            self.heard(key, value)
        while True:
            with suppress(RetryableError):
                await self._say_ready()
                if questions:
                    await self.lead.table.put(dict.fromkeys(questions))
                    questions = []
                await self._tidy()
            if self.worker.is_ready:
                self._serve_wishes()
                if asyncio.get_running_loop().time() - absorbed_s >= ABSORB_S:
                    absorbed_s = asyncio.get_running_loop().time()
                    await self._absorb()
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._news.wait()

    async def _say_ready(self) -> None:
        is_ready = self.worker.is_ready
        if is_ready != self._said_ready:
            await self.lead.table.put({LEADER: encode_leader(self.replica, is_ready=is_ready)})
            self._said_ready = is_ready

    # ------------------------------------------------------------------------------------------------------ wishes

    def _serve_wishes(self) -> None:
        for key in self._since_s:
            value = self.others.get(key)
            if value is None or key in self._serving or len(self._serving) >= _AT_ONCE:
                continue
            wish = decode_wish(value)
            if isinstance(wish, CreateWish | FinalizeWish):
                self._serving.add(key)
                self.group.create_task(self._serve(key, value, wish), name=key)

    async def _serve(self, key: str, value: bytes, wish: Wish) -> None:
        try:
            answer = await self._carried_out(wish)
            while not await self._answered(key, value, answer):  # noqa: ASYNC110 - the storage is tried again
                await asyncio.sleep(1.0)
            while self.others.get(key) == value:  # noqa: ASYNC110 - until it is seen that it is answered
                await asyncio.sleep(0.1)
        except ShutdownError:
            return  # who leads next carries it out
        except Exception:  # the border: the asker's time runs out, and the other wishes go on
            self.logger.exception("what another replica asks for failed", extra={"wish": key})
        finally:
            self._serving.discard(key)

    async def _answered(self, key: str, value: bytes, answer: Answer) -> bool:
        try:
            await self.lead.table.swap(key, value, encode_answer(answer))
        except ShutdownError:
            raise
        except RetryableError:
            return self.others.get(key) != value
        return True

    async def _carried_out(self, wish: Wish) -> Answer:
        too_often = self.admits(wish.by)
        if too_often is not None:
            return Answer(problem=too_often)
        try:
            if isinstance(wish, CreateWish):
                made = await self.worker.create(wish.wanted, by=wish.by)
                return Answer(run_id=made.run.run_id, is_new=made.is_new)
            ended = await self.worker.finalize(wish.channel_id, outcome=wish.outcome, by=wish.by, guilds=wish.guilds)
            return Answer(run_id=ended.run.run_id, is_cleaned=ended.is_cleaned)
        except RunProblem as problem:
            return Answer(problem=problem)

    # --------------------------------------------------------------------------------------------- counts and tidying

    async def _absorb(self) -> None:
        by_run: dict[str, dict[str, bytes]] = {}
        for key, value in self.others.items():
            if key.startswith(COUNT):
                by_run.setdefault(run_of(key), {})[key] = value
        async with asyncio.TaskGroup() as group:  # what is stored at the same time shares transactions
            for run_id, rows in by_run.items():
                group.create_task(self._absorb_of(run_id, rows))

    async def _absorb_of(self, run_id: str, rows: Mapping[str, bytes]) -> None:
        counts = {key: tally for key, value in rows.items() if (tally := decode_count(value)) is not None}
        with suppress(RetryableError):
            await self.worker.absorb(run_id, counts)
            if len(counts) < len(rows):
                await self.lead.table.put(dict.fromkeys(rows.keys() - counts.keys()))

    async def _tidy(self) -> None:
        now_s = asyncio.get_running_loop().time()
        old = [key for key, since_s in self._since_s.items() if now_s - since_s > LEFT_ALONE_S]
        gone = [key for key in self.others if key.startswith(GONE)]
        dead = [REPLICA + name for name in self.dead()]
        if old or gone or dead:
            await self.lead.table.put(dict.fromkeys([*old, *gone, *dead]))
            for key in old:
                self._since_s.pop(key, None)
