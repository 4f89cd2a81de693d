"""Takes metrics in, asks the rules at each interval, and tells what has become of alerts: kept first, told then."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from otel_discord.component import (
    ACCEPTED,
    Host,
    Outlets,
    Receipt,
    RetryableError,
    Settings,
    ShutdownError,
    StartError,
    WorkQueue,
)
from otel_discord.connectors.threshold.book import Book, Key
from otel_discord.connectors.threshold.config import ThresholdConfig
from otel_discord.connectors.threshold.evaluation import Evaluation
from otel_discord.connectors.threshold.heir import open_legacy
from otel_discord.connectors.threshold.intake import Intake
from otel_discord.connectors.threshold.keeper import JOURNAL, AlertKeeper
from otel_discord.connectors.threshold.measure_keeper import MeasureKeeper
from otel_discord.connectors.threshold.own_numbers import OwnNumbers
from otel_discord.connectors.threshold.rules import Rule, make_rules
from otel_discord.connectors.threshold.telling import Parcel
from otel_discord.connectors.threshold.turns import Turns
from otel_discord.connectors.threshold.warm_up import warm_until_ns
from otel_discord.exporterhelper.handover import Handover
from otel_discord.exporterhelper.left_behind import left_behind
from otel_discord.exporterhelper.state_queue import open_state_queue
from otel_discord.ottl import OttlError
from otel_discord.ottl.told_once import ToldOnce
from otel_discord.signals import Batch, MetricsBatch, Signal

_WHOLE_EVERY_S: Final = 10.0
_SHARE: Final = 10
"""Storing all alerts takes at most one in so many parts of the time."""
_LAST_WORDS_S: Final = 2.0
_LEAST_TELLING_S: Final = 1.0
_MOST_CHANGED: Final = 500
"""Turns of lives that are stored at once, beside those that are told."""


class ThresholdConnector:
    """Metrics in, alerts out."""

    def __init__(
        self,
        settings: Settings,
        config: ThresholdConfig,
        outlets: Outlets,
        wall_clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._settings = settings
        self._logger = settings.logger
        self._config = config
        self._outlet = outlets.by_signal.get(Signal.LOGS)
        self._now_ns = wall_clock_ns
        self._closing = asyncio.Event()
        self._store_now = asyncio.Event()
        self._whole_s = 0.0  # loop time when all alerts are to be stored
        self._evaluating = asyncio.Lock()
        self._is_open = False
        self._is_torn = False  # alerts are changed, and what is to be told of them is neither stored nor in hand
        self._handover: Handover
        self._told_templates: set[tuple[str, str]] = set()
        self._errors = ToldOnce(self._tell_condition)

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Go on where an earlier run ended, evaluate at each interval, and keep everything at the end.

        Raises:
            StartError: the storage is not there, or cannot be read.
        """
        self._host = host
        rules = make_rules(self._config)
        storage, owner = self._config.storage, f"{self._settings.id}/alerts"
        others = left_behind(host, storage, owner, JOURNAL, self._logger)
        async with open_state_queue(host, storage, owner) as queue:
            await self._restore(queue, rules)
            self._numbers = OwnNumbers(self._settings.meter, str(self._settings.id), rules, self._book)
            with self._numbers.shown():
                self._is_open = True
                try:
                    async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as tasks:
                        tasks.create_task(self._evaluate_at_intervals())
                        tasks.create_task(self._store_at_intervals())
                        if others is not None:
                            tasks.create_task(others.attend(self._take_over, self._closing))
                        try:
                            yield
                        finally:
                            self._is_open = False
                            self._closing.set()
                            limit.reschedule(host.drain_deadline_s or asyncio.get_running_loop().time() + _LAST_WORDS_S)
                except TimeoutError:
                    if not limit.expired():
                        raise
                    self._logger.warning("an evaluation did not end in time; its alerts go on with the next start")
                finally:
                    self._is_open = False
                await self._end()

    async def consume(self, batch: Batch) -> Receipt:
        """Take the points in that a rule wants.

        Raises:
            ShutdownError: the connector is not running.
        """
        if not self._is_open:
            raise ShutdownError("the threshold connector is not running")
        if isinstance(batch, MetricsBatch):
            for _ in self._intake.take(batch, self._now_ns()):
                await asyncio.sleep(0)
        return ACCEPTED

    async def evaluate(self) -> None:
        """Evaluate all rules once, now: keep what has changed, then tell it.

        While a batch is not accepted by whoever comes next, alerts stand still. One that is going on is waited for.
        """
        async with self._evaluating:
            await self._evaluate()

    async def _evaluate(self) -> None:
        if not await self._handover.hand_on():
            return
        now_ns = self._now_ns()
        for _ in self._evaluation.moment(now_ns):
            await asyncio.sleep(0)
        self._tell_mismatches()
        if not await self._tell_alerts(now_ns):
            return
        while changed := _some(self._evaluation.changed):
            await self._keeper.write(changed, b"")
            await asyncio.sleep(0)

    async def _tell_alerts(self, now_ns: int) -> bool:
        """Tell what there is, in batches of bounded size; return whether that is all.

        Where it is so much that it takes longer than an evaluation may, the rest is told at the next one; alerts of
        which it was not told yet stand where they stood.
        """
        turns = Turns()
        parcel = Parcel(self._settings.version)
        told = self._evaluation.tellings(now_ns)
        self._is_torn = True
        for each in told:
            if each is not None:
                parcel.add(each)
            await turns.pause()
            if parcel.is_full:
                if not await self._leave(parcel) or self._takes_long(turns):
                    return False
                parcel = Parcel(self._settings.version)
                self._is_torn = True
        return await self._leave(parcel)

    async def _leave(self, parcel: Parcel) -> bool:
        """Store turns of lives with what is told of them, then hand that on; return whether it is accepted."""
        batch = parcel.to_bytes()
        self._evaluation.changed.difference_update(parcel.keys)
        changed = {*parcel.keys, *_some(self._evaluation.changed)}
        if changed:
            await self._keeper.write(changed, batch)
        self._handover.batch = batch
        self._is_torn = False
        return await self._handover.hand_on()

    def _takes_long(self, turns: Turns) -> bool:
        passed_s = asyncio.get_running_loop().time() - turns.begun_s
        return passed_s > max(self._config.evaluation_interval, _LEAST_TELLING_S)

    async def _restore(self, queue: WorkQueue, rules: list[Rule]) -> None:
        self._book = Book(self._config.max_alerts)
        self._keeper = AlertKeeper(queue=queue, book=self._book, logger=self._logger)
        self._measures = MeasureKeeper(queue=queue, rules=rules, logger=self._logger)
        try:
            waiting = await self._keeper.restore()
            await self._measures.restore()
        except RetryableError as error:
            raise StartError(f"storage: what is known of alerts cannot be read: {error}") from error
        self._handover = Handover(
            component=str(self._settings.id),
            outlet=self._outlet,
            host=self._host,
            logger=self._logger,
            taken=self._keeper.handed_on,
            batch=waiting,
        )
        now_ns = self._now_ns()
        warm = {rule.name: warm_until_ns(rule, now_ns) for rule in rules}
        self._evaluation = Evaluation(rules=rules, book=self._book, tell=self._tell_template, warm_until_ns=warm)
        self._evaluation.adopt(now_ns)
        self._intake = Intake([feed for rule in rules for feed in rule.feeds], self._errors)
        self._measures.next_s = asyncio.get_running_loop().time() + 30.0

    async def _evaluate_at_intervals(self) -> None:
        loop = asyncio.get_running_loop()
        interval_s = self._config.evaluation_interval
        due_s = loop.time() + interval_s
        self._whole_s = loop.time() + _WHOLE_EVERY_S
        while not await self._closes_before(due_s):
            await self.evaluate()
            self._numbers.evaluated(loop.time() - due_s)
            if loop.time() >= self._whole_s or self._keeper.is_long:
                self._store_now.set()
            if self._config.storage is not None and loop.time() >= self._measures.next_s:
                await self._measures.write()
            due_s += interval_s * max(1, -(-(loop.time() - due_s) // interval_s))
        self._store_now.set()

    async def _store_at_intervals(self) -> None:
        """Store all alerts now and then, between evaluations, which it does not hold up."""
        loop = asyncio.get_running_loop()
        while True:
            self._store_now.clear()
            await self._store_now.wait()
            if self._closing.is_set():
                return  # all is stored at the end, in any case
            begun_s = loop.time()
            await self._keeper.write_whole(self._let_an_evaluation_pass)
            self._whole_s = loop.time() + max(_WHOLE_EVERY_S, _SHARE * (loop.time() - begun_s))

    async def _let_an_evaluation_pass(self) -> None:
        await asyncio.sleep(0)
        async with self._evaluating:
            pass

    async def _take_over(self, queue: WorkQueue) -> None:
        """Let alerts go on here that a replica which has gone left in its queue."""
        legacy = await open_legacy(
            queue, component=str(self._settings.id), outlet=self._outlet, host=self._host, logger=self._logger
        )
        async with self._evaluating:
            if self._closing.is_set() or not await self._handover.hand_on():
                return
            rules = {rule.name: rule for rule in self._evaluation.rules}
            if not await legacy.goes_on_in(self._keeper, rules, self._now_ns()):
                return
        await legacy.keeper.forget()

    async def _closes_before(self, due_s: float) -> bool:
        try:
            async with asyncio.timeout_at(due_s):
                await self._closing.wait()
        except TimeoutError:
            return False
        return True

    async def _end(self) -> None:
        """Hand on what waits, and store everything, as far as it takes no longer than a moment."""
        try:
            async with asyncio.timeout(_LAST_WORDS_S), asyncio.timeout_at(self._host.drain_deadline_s):
                if not self._is_torn and await self._handover.hand_on():
                    await self._keeper.write_whole()
                await self._measures.write()
        except TimeoutError:
            self._logger.warning("there was no time to store all that is known of alerts; their states are stored")
        for text, count in self._errors.counts.items():
            self._logger.warning("a condition could not be evaluated %d times: %s", count, text)

    def _tell_condition(self, condition: str, error: OttlError) -> None:
        self._logger.warning("a condition cannot be evaluated, so its points do not count: %s: %s", condition, error)

    def _tell_template(self, rule: str, annotation: str, reason: str) -> None:
        if (rule, annotation) not in self._told_templates:
            self._told_templates.add((rule, annotation))
            self._logger.warning("annotation %s of rule %s fails and is left out: %s", annotation, rule, reason)

    def _tell_mismatches(self) -> None:
        for rule in self._evaluation.rules:
            for text in rule.unit.mismatches:
                self._logger.warning(
                    "rule %s: %s does not go with the metric's unit %r; its number is taken as it stands",
                    *(rule.name, text, rule.unit.unit),
                )
            rule.unit.mismatches.clear()


def _some(changed: set[Key]) -> list[Key]:
    """Take some out of many."""
    return [changed.pop() for _ in range(min(len(changed), _MOST_CHANGED))]
