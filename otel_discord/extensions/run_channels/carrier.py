"""Carries each run on, step by step, in a task of its own: what is begun goes on whoever still waits for it.

A step's result is stored before the next step begins. What Discord does not do now is tried again later, however long
that is, and holds up no other run.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from otel_discord.component import failpoint
from otel_discord.component.errors import RetryableError
from otel_discord.extensions.run_channels import life
from otel_discord.extensions.run_channels.bench import Bench
from otel_discord.extensions.run_channels.finishing import eventually
from otel_discord.extensions.run_channels.ledger import Ledger
from otel_discord.extensions.run_channels.life import Policy, Step
from otel_discord.extensions.run_channels.outcome import Refused, Result, Waits
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import Run, State

FIRST_BACKOFF_S: Final = 1.0
LONGEST_BACKOFF_S: Final = 300.0
IN_BACKGROUND: Final = 8
"""Steps under way at a time that nobody waits for, so that a thousand due runs leave Discord's limits to creates."""
LOOK_AFTER_S: Final = 2.0
"""What may have been done is looked for after that time, so that a request that is still under way has come through."""
_FAULT_AGAIN_S: Final = 60.0

Act: TypeAlias = Callable[[Run], Awaitable[Result]]


@dataclass(slots=True)
class _Hold:
    """Why a run does not go on just now, and until when by the monotonic clock."""

    problem: RunProblem
    until_s: float


@dataclass(slots=True)
class _Waiter:
    """Somebody who waits for a run."""

    news: asyncio.Event = field(default_factory=asyncio.Event)
    refusal: RunProblem | None = None
    """What Discord refused meanwhile; it may be undone and forgotten before the waiter looks."""


@dataclass(slots=True, kw_only=True)
class Carrier:
    """Of one extension. ``group`` owns the tasks."""

    bench: Bench
    ledger: Ledger
    policy: Policy
    group: asyncio.TaskGroup
    acts: Mapping[Step, Act]
    over: Callable[[Run], None]
    """Is told of runs of which nothing is made any more: made, given up, gone."""
    refusals: dict[str, RunProblem] = field(default_factory=dict)
    """Runs that Discord refuses, until what was made of them is undone."""
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _nudges: dict[str, asyncio.Event] = field(default_factory=dict)
    _holds: dict[str, _Hold] = field(default_factory=dict)
    _waiting: dict[str, list[_Waiter]] = field(default_factory=dict)
    _background: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(IN_BACKGROUND))

    def carry(self, run_id: str, *, at_once: bool = False) -> None:
        """See to it that the run goes on; ``at_once`` ends a wait for another try."""
        if run_id in self._tasks:
            if at_once and run_id in self._nudges:
                self._nudges[run_id].set()
            return
        self._nudges[run_id] = asyncio.Event()
        self._tasks[run_id] = self.group.create_task(self._carry(run_id), name=f"run {run_id}")

    def is_carried(self, run_id: str) -> bool:
        """Say whether a run is under way."""
        return run_id in self._tasks

    def changed(self, run_id: str) -> None:
        """A run has changed; those who wait for that look again."""
        for waiter in self._waiting.get(run_id, ()):
            waiter.news.set()

    async def until(self, run_id: str, is_so: Callable[[Run | None], bool], timeout_s: float) -> Run | None:
        """Return the run when ``is_so``.

        Raises:
            RunProblem: it is refused, or will not be so in time; the work goes on.
        """
        deadline_s = self.bench.clock() + timeout_s
        waiter = _Waiter(refusal=self.refusals.get(run_id))
        self._waiting.setdefault(run_id, []).append(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    waiter.news.clear()
                    if waiter.refusal is not None:
                        raise _again(waiter.refusal)
                    run = self.ledger.get(run_id)
                    if is_so(run):
                        return run
                    hold = self._holds.get(run_id)
                    if hold is not None and hold.until_s >= deadline_s:
                        raise _again(hold.problem, max(1.0, hold.until_s - self.bench.clock()))
                    await waiter.news.wait()
        except TimeoutError:
            hold = self._holds.get(run_id)
            if hold is not None:
                raise _again(hold.problem, max(1.0, hold.until_s - self.bench.clock())) from None
            raise RunProblem(
                Code.DISCORD_UNAVAILABLE, "this takes long; it goes on behind, ask again", retry_after_s=5.0
            ) from None
        finally:
            waiting = self._waiting[run_id]
            waiting.remove(waiter)
            if not waiting:
                del self._waiting[run_id]

    async def until_undone(self, run_id: str, timeout_s: float) -> None:
        """Return when what was made of a refused run is gone.

        Raises:
            RunProblem: the refusal, where that takes longer.
        """
        refusal = self.refusals.get(run_id)
        if refusal is None:
            return
        deadline_s = self.bench.clock() + timeout_s
        while run_id in self.refusals:
            if self.bench.clock() >= deadline_s or run_id not in self._tasks:
                raise _again(refusal)
            await asyncio.wait([self._tasks[run_id]], timeout=min(1.0, timeout_s))

    async def _carry(self, run_id: str) -> None:
        failures = 0
        try:
            while True:
                try:
                    waits = await self._one_step(run_id)
                except RetryableError as error:
                    waits = Waits(RunProblem(Code.NOT_READY, "the storage cannot store now"), error.retry_after_s)
                except Exception:  # whatever it is, the other runs go on
                    self.bench.logger.exception("a step of a run failed", extra={"run": run_id})
                    waits = Waits(RunProblem(Code.INTERNAL, "this failed; the log says how"), _FAULT_AGAIN_S)
                if waits is None:
                    return
                if isinstance(waits, Waits):
                    failures += 1
                    await self._wait(run_id, waits, failures)
                elif failures:
                    failures = 0
                    if self.bench.is_well(f"run {run_id}"):
                        self.bench.logger.info("a run goes on", extra={"run": run_id})
        finally:
            self._tasks.pop(run_id, None)
            self._nudges.pop(run_id, None)
            self._holds.pop(run_id, None)
            self.changed(run_id)

    async def _one_step(self, run_id: str) -> Waits | bool | None:
        """Do what is next; return None where there is nothing, True where it is done."""
        now_ms = self.bench.now_ms()
        run = await self.ledger.change(run_id, lambda run: life.settled(run, now_ms, self.policy))
        step = life.next_step(run, now_ms, self.policy) if run is not None else None
        if run is None or step is None:
            return None
        if step is Step.FORGET:
            failpoint.reach(f"runs.{step}.before")
            await self.ledger.forget(run_id)
            failpoint.reach(f"runs.{step}.stored")
            self.bench.is_well(f"run {run_id}")
            return None
        async with nullcontext() if run_id in self._waiting or run.state is State.CREATING else self._background:
            failpoint.reach(f"runs.{step}.before")
            result = await self.acts[step](run)
        if isinstance(result, Refused):
            if run.state is State.CREATING:
                await self._give_up(run_id, result.problem)
                return True
            result = eventually(result)
        if isinstance(result, Waits):
            return result
        assert not isinstance(result, Refused)  # noqa: S101 - see above
        failpoint.reach(f"runs.{step}.done")
        new = await self.ledger.change(run_id, result)
        failpoint.reach(f"runs.{step}.stored")
        if new is not None and new.state not in (State.CREATING, State.FINISHING, State.CLEANING):
            self.over(new)
        if new is not None and new.state is State.CLEANED and run_id in self.refusals:
            await self.ledger.forget(run_id)
            self.refusals.pop(run_id, None)
        return True

    async def _give_up(self, run_id: str, problem: RunProblem) -> None:
        """Discord refuses a run: what was made of it goes again."""
        self.bench.logger.warning(
            "a run cannot be created; what was made of it is deleted", extra={"run": run_id, "why": str(problem)}
        )
        self.refusals[run_id] = problem
        for waiter in self._waiting.get(run_id, ()):
            waiter.refusal = problem
        run = await self.ledger.change(
            run_id, lambda run: replace(run, state=State.CLEANING) if run.state is State.CREATING else run
        )
        if run is not None:
            self.over(run)
        self.changed(run_id)

    async def _wait(self, run_id: str, waits: Waits, failures: int) -> None:
        after_s = waits.after_s
        if after_s is None:
            longest_s = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(failures - 1, 16))
            after_s = longest_s * (0.5 + 0.5 * self.bench.dice())
        after_s = max(after_s, LOOK_AFTER_S if waits.is_ambiguous else 0.05)
        if failures > 1 or after_s > LONGEST_BACKOFF_S:
            self.bench.tell_once(
                f"run {run_id}", "a run has to wait", run=run_id, why=str(waits.problem), waits_s=round(after_s, 1)
            )
        self._holds[run_id] = _Hold(waits.problem, self.bench.clock() + after_s)
        self.changed(run_id)
        nudge = self._nudges[run_id]
        try:
            async with asyncio.timeout(after_s):
                await nudge.wait()
        except TimeoutError:
            pass
        nudge.clear()
        self._holds.pop(run_id, None)


def _again(problem: RunProblem, retry_after_s: float | None = None) -> RunProblem:
    """Return the same problem for another caller."""
    return RunProblem(
        problem.code, str(problem), fields=problem.fields, retry_after_s=retry_after_s or problem.retry_after_s
    )
