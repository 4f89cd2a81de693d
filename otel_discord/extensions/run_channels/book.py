"""The book of runs: all that are known, in memory and in a table of the storage, one value a run.

What is written is stored first and known after, so that nothing is known here that a crash would take back.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from otel_discord.component.state_table import StateTable
from otel_discord.extensions.run_channels.pages import page_of
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import Page, Run, RunKey, State
from otel_discord.extensions.run_channels.stored_run import (
    DamagedRunError,
    LaterVersionError,
    decode_run,
    encode_run,
)

KEY_PREFIX: Final = "run/"
_FULL_RETRY_S: Final = 300.0


class Book:
    """All runs. Reading is synchronous; writing raises RetryableError where the storage cannot store now."""

    def __init__(self, table: StateTable, *, max_runs: int, logger: logging.Logger) -> None:
        self._table = table
        self._max_runs = max_runs
        self._logger = logger
        self._runs: dict[str, Run] = {}
        self._ids_by_key: dict[RunKey, str] = {}
        self._ids_by_channel: dict[str, str] = {}
        self._being_added: set[str] = set()
        self._left_alone: set[str] = set()
        self._noted: set[str] = set()
        """Runs whose latest counts are not stored."""

    async def load(self) -> None:
        """Read what an earlier run stored. What cannot be read is said, and stays as it is."""
        for key, data in sorted((await self._table.items()).items()):
            if not key.startswith(KEY_PREFIX):
                continue
            run_id = key.removeprefix(KEY_PREFIX)
            try:
                self._know(decode_run(data))
            except LaterVersionError as problem:
                self._left_alone.add(run_id)
                self._logger.warning("stored run %r %s, and is left alone", run_id, problem)
            except DamagedRunError as problem:
                self._logger.warning("stored run %r is damaged and left out: it %s", run_id, problem)

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(tuple(self._runs.values()))

    def get(self, run_id: str) -> Run | None:
        """Return a run."""
        return self._runs.get(run_id)

    def by_key(self, key: RunKey) -> Run | None:
        """Return the run of guild, task, attempt and short id."""
        return self._runs.get(self._ids_by_key.get(key, ""))

    def by_channel(self, channel_id: str) -> Run | None:
        """Return the run that has a channel (or thread)."""
        return self._runs.get(self._ids_by_channel.get(channel_id, "")) if channel_id else None

    def find(self, channel_id: str) -> Run:
        """Return the run that has a channel.

        Raises:
            RunProblem: NOT_FOUND.
        """
        run = self.by_channel(channel_id)
        if run is None:
            raise RunProblem(Code.NOT_FOUND, "no run is known that has this channel")
        return run

    def page(self, *, guild_id: str = "", state: str = "", size: int = 50, token: str = "") -> Page:
        """Return runs, newest first.

        Raises:
            RunProblem: INVALID: no such state, not a token of ours.
        """
        return page_of(self._runs.values(), guild_id=guild_id, state=state, size=size, token=token)

    async def put(self, run: Run) -> None:
        """Store a run, new or changed. Where there are too many, cleaned ones are forgotten, the oldest first.

        Counts that are noted meanwhile are kept.

        Raises:
            RunProblem: NOT_READY: there is no room for another run, or a later release wrote this one.
            RetryableError: the storage cannot store it now; nothing has changed.
        """
        if run.run_id in self._left_alone:
            raise RunProblem(
                Code.NOT_READY, "This run was stored by a later release of the service, which has to go on"
            )
        former = self._runs.get(run.run_id)
        leaving = self._leaving() if former is None else ()
        self._being_added.add(run.run_id)
        try:
            removals: dict[str, bytes | None] = {KEY_PREFIX + old.run_id: None for old in leaving}
            await self._table.put(removals | {KEY_PREFIX + run.run_id: encode_run(run)})
        finally:
            self._being_added.discard(run.run_id)
        for old in leaving:
            self._unknow(old.run_id)
        noted = self._runs.get(run.run_id)
        is_latest = noted is None or noted is former
        self._know(run if noted is None or is_latest else replace(run, tally=noted.tally))
        if is_latest:
            self._noted.discard(run.run_id)

    async def put_removing(self, run: Run | None, rows: Iterable[str]) -> None:
        """Store a known run, and remove values that are no runs, in one step.

        Raises:
            RetryableError: the storage cannot do it now; nothing has changed.
        """
        changes: dict[str, bytes | None] = dict.fromkeys(rows)
        if run is not None and run.run_id not in self._left_alone:
            changes[KEY_PREFIX + run.run_id] = encode_run(run)
        await self._table.put(changes)
        if run is not None and self._runs.get(run.run_id) is run:
            self._noted.discard(run.run_id)

    def learn(self, run_id: str, data: bytes | None) -> None:
        """Know a run as somebody else has stored it, None where he has removed it. What cannot be read is left out."""
        if data is None:
            self._unknow(run_id)
            self._left_alone.discard(run_id)
            return
        try:
            self._know(decode_run(data))
        except LaterVersionError as problem:
            if run_id not in self._left_alone:
                self._logger.warning("stored run %r %s, and is left alone", run_id, problem)
            self._left_alone.add(run_id)
        except DamagedRunError as problem:
            self._logger.warning("stored run %r is damaged and left out: it %s", run_id, problem)

    def note(self, run: Run) -> None:
        """Know a run's latest counts without storing them; the next :meth:`put` does. An unknown run stays so."""
        if run.run_id in self._runs:
            self._know(run)
            self._noted.add(run.run_id)

    def has_noted(self, run_id: str) -> bool:
        """Return whether there are counts of a run that are not stored."""
        return run_id in self._noted

    async def store_noted(self) -> None:
        """Store all counts that are not, at the end, when nothing else changes runs.

        Raises:
            RetryableError: the storage cannot store them now.
        """
        if self._noted:
            await self._table.put({KEY_PREFIX + run_id: encode_run(self._runs[run_id]) for run_id in self._noted})
            self._noted.clear()

    async def forget(self, run_id: str) -> None:
        """Remove a run; one that is not known is no error."""
        if run_id in self._left_alone:
            return
        await self._table.put({KEY_PREFIX + run_id: None})
        self._unknow(run_id)

    def _leaving(self) -> tuple[Run, ...]:
        """Return the cleaned runs that make room for one more."""
        adding = sum(run_id not in self._runs for run_id in self._being_added)
        excess = len(self._runs) + adding + 1 - self._max_runs
        if excess <= 0:
            return ()
        cleaned = sorted(
            (run for run in self._runs.values() if run.state is State.CLEANED), key=lambda run: run.cleaned_ms
        )
        if len(cleaned) < excess:
            raise RunProblem(
                Code.NOT_READY,
                f"This service remembers at most {self._max_runs:,} runs (max_runs), and none of them is over",
                retry_after_s=_FULL_RETRY_S,
            )
        return tuple(cleaned[:excess])

    def _know(self, run: Run) -> None:
        former = self._runs.get(run.run_id)
        if former is not None and former.channel_id != run.channel_id:
            self._ids_by_channel.pop(former.channel_id, None)
        self._runs[run.run_id] = run
        self._ids_by_key[run.key] = run.run_id
        if run.channel_id:
            self._ids_by_channel[run.channel_id] = run.run_id

    def _unknow(self, run_id: str) -> None:
        run = self._runs.pop(run_id, None)
        self._noted.discard(run_id)
        if run is None:
            return
        if self._ids_by_key.get(run.key) == run_id:
            del self._ids_by_key[run.key]
        if self._ids_by_channel.get(run.channel_id) == run_id:
            del self._ids_by_channel[run.channel_id]
