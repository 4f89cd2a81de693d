"""The storage's thread: the only place where SQLite is spoken to, for reads, writes and checkpoints alike.

It takes whatever has arrived, runs it in one transaction, commits once, and only then lets the answers go, all of them
with one call into the loop. There is no artificial wait: what arrives during a commit forms the next group.
"""

import logging
import queue
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import apsw

from otel_discord.component.errors import ComponentError
from otel_discord.component.instruments import StorageInstruments
from otel_discord.extensions.file_storage.condition import OK, Condition, State
from otel_discord.extensions.file_storage.failures import (
    Failure,
    component_error,
    describe,
    disk_full,
    failure_of,
    storage_failed,
)
from otel_discord.extensions.file_storage.presence import FilesTakenError, Presence
from otel_discord.extensions.file_storage.store_file import StoreFile
from otel_discord.extensions.file_storage.transaction import Group, StepsFailedError, roll_back, run_group
from otel_discord.extensions.file_storage.upkeep import Upkeep
from otel_discord.store.jobs import Ending, Job
from otel_discord.store.work import Access

MOST_WORKS: Final = 256
"""In one transaction."""
_QUIET_S: Final = 1.0
_BUSY_S: Final = 0.02
_SHORT_S: Final = 0.1
_DOUBT_S: Final = 10.0

Inbox: TypeAlias = "queue.SimpleQueue[Job | None]"
"""None: nothing more comes."""


class Writer:
    """The loop of the thread. ``deliver`` takes endings to those who wait, ``tell`` a change of how things stand."""

    def __init__(
        self,
        file: StoreFile,
        presence: Presence,
        upkeep: Upkeep,
        inbox: Inbox,
        deliver: Callable[[Sequence[Ending]], None],
        tell: Callable[[Condition], None],
        instruments: StorageInstruments,
        logger: logging.Logger,
    ) -> None:
        self._file = file
        self._presence = presence
        self._upkeep = upkeep
        self._inbox = inbox
        self._deliver = deliver
        self._tell = tell
        self._instruments = instruments
        self._logger = logger
        self._waiting: deque[Job] = deque()
        self._condition = OK
        self._ending = False
        self._looked_at_s = 0.0
        self._full_at_s = 0.0
        self._chores_left = True

    def run(self) -> None:
        """Serve until there is nothing more to come; the file is open, and stays so."""
        self._presence.note()
        while True:
            self._look_after()
            self._collect()
            if self._waiting:
                self._serve([self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_WORKS))])
                self._guarded(self._checkpoint)
            elif self._ending:
                if self._condition.state is State.DETACHED:
                    self._logger.error(
                        "what waits is in files that were taken away, and is lost unless they were only moved",
                        extra={"why": self._condition.why},
                    )
                return

    def _collect(self) -> None:
        """Take what has arrived; where nothing has, wait for it a moment."""
        if not self._waiting and not self._ending:
            try:
                self._receive(self._inbox.get(timeout=_BUSY_S if self._chores_left else _QUIET_S))
            except queue.Empty:
                self._guarded(self._do_chores)
                return
        try:
            while len(self._waiting) < MOST_WORKS:
                self._receive(self._inbox.get_nowait())
        except queue.Empty:
            return

    def _receive(self, job: Job | None) -> None:
        if job is None:
            self._ending = True
        else:
            self._waiting.append(job)

    # ------------------------------------------------------------------------------------------------- serving

    def _serve(self, jobs: Sequence[Job]) -> None:
        refused = self._refuse(jobs)
        if refused:
            self._deliver(refused)
            turned_away = {id(ending.job) for ending in refused}
            jobs = [job for job in jobs if id(job) not in turned_away]
        if not jobs:
            return
        if len(jobs) > 1:
            try:
                group = self._commit(jobs)
            except (apsw.Error, StepsFailedError) as error:
                self._recover(error)
            else:
                self._deliver(group.endings)
                self._waiting.extendleft(reversed(jobs[len(group.endings) :]))
                return
        for job in jobs:
            self._deliver([self._alone(job)])

    def _refuse(self, jobs: Sequence[Job]) -> list[Ending]:
        """Return the endings of works that are not begun."""
        if not self._file.is_open and not self._reopen():
            error = storage_failed(self._condition.why)
            return [self._refused(job, error) for job in jobs]
        if all(job.work.access is not Access.ACCEPT for job in jobs):
            return []
        if self._condition.state is State.DETACHED or self._is_detached():
            error = storage_failed(self._condition.why)
            return [self._refused(job, error) for job in jobs if job.work.access is Access.ACCEPT]
        why = self._condition.why if self._condition.state is State.FULL else self._no_room()
        if not why:
            return []
        self._change(Condition(State.FULL, why))
        error = disk_full(why)
        return [self._refused(job, error) for job in jobs if job.work.access is Access.ACCEPT]

    def _refused(self, job: Job, error: ComponentError) -> Ending:
        self._instruments.refused(error.reason)
        return Ending(job, error=error)

    def _commit(self, jobs: Sequence[Job]) -> Group:
        begun_s = time.perf_counter()
        group = run_group(self._file.connection, jobs)
        if self._file.committed():
            self._upkeep.wrote(group.bytes)
            self._chores_left = True
            self._instruments.committed(time.perf_counter() - begun_s, len(group.endings))
            if self._condition.state is State.FAILING:
                self._change(OK)
        return group

    def _alone(self, job: Job, *, again: bool = True) -> Ending:
        """Run one work in a transaction of its own; once more where something could be done about what failed it."""
        if not self._file.is_open:
            return self._refused(job, storage_failed(self._condition.why))
        try:
            return self._commit([job]).endings[0]
        except StepsFailedError as error:
            self._recover(error)
            cause = error.__cause__
            return Ending(job, error=cause if isinstance(cause, Exception) else error)
        except apsw.Error as error:
            failure = failure_of(error, self._file.system_errno)
            self._recover(error)
            if again and self._remedied(failure, job):
                return self._alone(job, again=False)
            return self._refused(job, component_error(failure, error, job.work.name))

    def _remedied(self, failure: Failure, job: Job) -> bool:
        if failure is Failure.DAMAGED:
            return self._file.is_open
        return failure is Failure.FULL and job.work.access is Access.SETTLE and self._upkeep.make_room(self._file)

    # ---------------------------------------------------------------------------------------------- after errors

    def _recover(self, error: apsw.Error | StepsFailedError) -> None:
        """Bring the connection to a state from which works can go on, or close it."""
        failure = Failure.WORK
        if isinstance(error, apsw.Error):
            failure = failure_of(error, self._file.system_errno)
        if failure not in (Failure.STORAGE, Failure.DAMAGED):
            try:
                roll_back(self._file.connection)
            except apsw.Error as worse:
                error, failure = worse, Failure.STORAGE
        if failure is Failure.FULL:
            self._full_at_s = time.monotonic()
            self._change(Condition(State.FULL, describe(error)))
        elif failure is Failure.STORAGE:
            self._abandon(error)
        elif failure is Failure.DAMAGED:
            self._salvage(error)

    def _abandon(self, error: BaseException) -> None:
        self._file.abandon(time.monotonic())
        self._change(Condition(State.FAILING, describe(error)))
        self._reopen()

    def _salvage(self, error: apsw.Error | StepsFailedError) -> None:
        self._file.abandon(time.monotonic(), damage=describe(error))
        self._reopen()

    def _reopen(self) -> bool:
        was_open = self._file.is_open
        try:
            is_open = self._file.reopen_if_due(time.monotonic())
        except Exception as error:  # noqa: BLE001 - whatever it is, the works hear of it and it is tried again
            self._change(Condition(State.FAILING, describe(error)))
            return False
        if is_open and not was_open:
            self._presence.note()
        return is_open

    def _is_detached(self) -> bool:
        """Return whether the open files are not under their names any more; where it can be mended, it is."""
        why = self._presence.missing()
        if not why:
            return False
        try:
            self._presence.write_anew(self._file.connection, self._file.log)
        except (FilesTakenError, OSError, apsw.Error) as error:
            reason = str(error) if isinstance(error, FilesTakenError) else describe(error)
            self._change(Condition(State.DETACHED, f"{why}, and cannot be written anew: {reason}"))
            return True
        self._logger.error("files were taken away while in use; what they held is written anew", extra={"why": why})
        self._file.abandon(time.monotonic())
        return not self._reopen()

    def _no_room(self) -> str:
        try:
            return self._upkeep.refusal(self._file, time.monotonic())
        except (OSError, apsw.Error) as error:
            return describe(error)

    # ------------------------------------------------------------------------------------------ between the works

    def _look_after(self) -> None:
        """See, about once a second, whether there is room and whether troubles have gone."""
        now_s = time.monotonic()
        if now_s - self._looked_at_s < _QUIET_S:
            return
        self._looked_at_s = now_s
        if self._file.is_open or self._reopen():
            self._guarded(self._examine)

    def _examine(self) -> None:
        if self._is_detached():
            return
        why = self._upkeep.refusal(self._file, time.monotonic())
        if self._condition is not OK or why:
            self._upkeep.give_all_room_back(self._file, _SHORT_S)
        now_s = time.monotonic()
        if not self._upkeep.take_ballast() and not why and now_s - self._full_at_s < _DOUBT_S:
            why = self._condition.why  # what the volume says is free cannot be had; a quota, maybe
        if self._condition is not OK and not why:
            self._file.prove()
        self._change(Condition(State.FULL, why) if why else OK)

    def _do_chores(self) -> None:
        """Use a moment in which nothing is to do."""
        self._chores_left = False
        if self._file.is_open:
            self._chores_left = self._upkeep.give_room_back(self._file)

    def _checkpoint(self) -> None:
        self._upkeep.checkpoint_if_long(self._file)

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do something that no work waits for; what goes wrong changes the condition only."""
        try:
            act()
        except apsw.Error as error:
            self._recover(error)
        except OSError as error:
            self._change(Condition(State.FULL, describe(error)))

    def _change(self, condition: Condition) -> None:
        if condition == self._condition:
            return
        before, self._condition = self._condition, condition
        if condition.state is not before.state:
            if condition.state is State.OK:
                self._logger.info("storage is well again", extra={"was": before.why})
            elif condition.state is State.FULL:
                self._logger.warning("storage is full: new work is refused", extra={"why": condition.why})
            elif condition.state is State.DETACHED:
                self._logger.error("storage lost its files: new work is refused", extra={"why": condition.why})
            else:
                self._logger.error("storage fails: nothing can be stored", extra={"why": condition.why})
        self._tell(condition)
