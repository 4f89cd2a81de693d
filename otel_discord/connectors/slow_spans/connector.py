"""Learns from each batch of spans, keeps them for a while, and tells what is slow once its trace has been gathered."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, Status

from otel_discord.component import ACCEPTED, Host, Outlets, Receipt, RetryableError, Settings, ShutdownError, StartError
from otel_discord.connectors.slow_spans.config import SlowSpansConfig
from otel_discord.connectors.slow_spans.judging import Judge, Matches
from otel_discord.connectors.slow_spans.learned_keeper import BETWEEN_WRITES_S, LearnedKeeper
from otel_discord.connectors.slow_spans.leaving import Leaving
from otel_discord.connectors.slow_spans.operations import Operation, Operations
from otel_discord.connectors.slow_spans.own_numbers import OwnNumbers
from otel_discord.connectors.slow_spans.path import Note
from otel_discord.connectors.slow_spans.records import SlowSpan, slow_span, tell
from otel_discord.connectors.slow_spans.traces import Trace, Traces
from otel_discord.exporterhelper.state_queue import open_state_queue
from otel_discord.ottl import ConditionSequence, ContextKind, ErrorMode, OttlError, SpanItem, parse_condition
from otel_discord.ottl.told_once import ToldOnce
from otel_discord.signals import Batch, Signal, TracesBatch, find_attribute, span_id_hex, trace_id_hex
from otel_discord.signals.callee import callee

_NS = 1_000_000_000
_CLOCK_KEYS = ("service.name", "service.instance.id", "host.name", "host.id", "k8s.pod.uid", "container.id")


@dataclass(slots=True)
class _Kept:
    """What outlives a reload."""

    operations: Operations | None = None


class SlowSpansConnector:
    """Makes log records of slow spans."""

    def __init__(
        self,
        settings: Settings,
        config: SlowSpansConfig,
        outlets: Outlets,
        *,
        wall_clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._id = settings.id
        self._logger = settings.logger
        self._config = config
        self._wall_clock_ns = wall_clock_ns
        outlet = outlets.by_signal.get(Signal.LOGS)
        self._numbers = OwnNumbers(settings.meter, str(settings.id))
        self._leaving = Leaving(outlet, self._numbers, settings.logger) if outlet else None
        self._errors = ToldOnce(self._tell_error)
        self._judge = Judge(
            config,
            self._new_operations(),
            self._condition(config.where),
            [self._condition(limit.where) for limit in config.limits],
        )
        self._traces: Traces[SlowSpan] = Traces(
            wait_s=config.wait,
            keep_s=config.keep,
            max_traces=config.max_traces,
            max_spans_per_trace=config.max_spans_per_trace,
            max_spans=config.max_spans,
        )
        self._is_open = False
        self._woken = asyncio.Event()
        self._closing = asyncio.Event()

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Tell traces when they are due, and at the end all that wait, within the host's deadline.

        What was learned is kept over a reload, and with storage over a restart.

        Raises:
            StartError: the storage is not there, or cannot be read.
        """
        async with self._keeper(host) as keeper:
            self._is_open = True
            try:
                async with asyncio.timeout(None) as limit:
                    async with asyncio.TaskGroup() as tasks:
                        tasks.create_task(self._tell_when_due())
                        tasks.create_task(self._keep_now_and_then(keeper))
                        try:
                            yield
                        finally:
                            self._is_open = False
                            self._woken.set()
                            self._closing.set()
                            limit.reschedule(host.drain_deadline_s)
                    await self._tell_the_rest()
                    if keeper is not None:
                        await keeper.write()
            except TimeoutError:
                if not limit.expired():
                    raise
            finally:
                self._is_open = False
                self._say_what_was_let_go()

    async def consume(self, batch: Batch) -> Receipt:
        """Take spans in; what is slow is told later.

        Raises:
            ShutdownError: it is not open.
        """
        if self._leaving is None or not isinstance(batch, TracesBatch):
            return ACCEPTED
        if not self._is_open:
            raise ShutdownError("the slow_spans connector is not running")
        now_s = asyncio.get_running_loop().time()
        before = self._traces.next_due_s()
        for group in batch.request.resource_spans:
            self._tell(self._take_in(group, now_s))
        self._count_what_was_let_go()
        if len(self._leaving) or before != self._traces.next_due_s():
            self._woken.set()
        return ACCEPTED

    def _take_in(self, group: ResourceSpans, now_s: float) -> list[Trace[SlowSpan]]:
        service = str(find_attribute(group.resource.attributes, "service.name") or "")
        origin = hash(tuple(str(find_attribute(group.resource.attributes, key)) for key in _CLOCK_KEYS))
        due: list[Trace[SlowSpan]] = []
        for scope_spans in group.scope_spans:
            for span in scope_spans.spans:
                note = _note(span, service, origin)
                item = SpanItem(span, scope_spans.scope, group.resource, scope_spans, group)
                found = self._judge.judge(item, Operation(service, span.name, span.kind), note.duration_ns / _NS, now_s)
                slow = slow_span(item, found) if found else None
                if trace_id_hex(span.trace_id) and span_id_hex(span.span_id):
                    due += self._traces.add(span.trace_id, note, slow, now_s)
                elif slow is not None:
                    due.append(Trace(b"", {note.span_id: note}, {note.span_id: slow}))
        return due

    async def _tell_when_due(self) -> None:
        loop = asyncio.get_running_loop()
        retry_at_s: float | None = None
        while self._is_open:
            self._woken.clear()
            self._tell(self._traces.due(loop.time()))
            if self._leaving and (retry_at_s is None or loop.time() >= retry_at_s):
                settled = await self._leaving.offer()
                retry_at_s = None if settled else loop.time() + self._leaving.pause_s
            until_s = [each for each in (retry_at_s, self._traces.next_due_s()) if each is not None]
            until_s.append(loop.time() + self._config.keep)
            if self._is_open:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(min(until_s)):
                        await self._woken.wait()

    async def _tell_the_rest(self) -> None:
        self._tell(self._traces.all_due())
        while self._leaving:
            if not await self._leaving.offer():
                await asyncio.sleep(self._leaving.pause_s)

    def _tell(self, traces: Iterable[Trace[SlowSpan]]) -> None:
        if self._leaving is not None:
            for trace in traces:
                now_ns = self._wall_clock_ns()
                self._leaving.add(tell(trace, percentile=self._config.learned.percentile, now_ns=now_ns))

    @asynccontextmanager
    async def _keeper(self, host: Host) -> AsyncIterator[LearnedKeeper | None]:
        """Go on from what was learned before a reload, else before a restart."""
        kept = host.kept(f"slow_spans connector {self._id}", _Kept)
        operations = self._judge.operations
        if kept.operations is not None:
            operations.go_on_from(kept.operations)
        begins_anew, kept.operations = kept.operations is None, operations
        if self._config.storage is None or not self._config.learned.enabled:
            yield None
            return
        async with open_state_queue(host, self._config.storage, f"{self._id}/learned") as queue:
            keeper = LearnedKeeper(
                queue=queue, operations=operations, logger=self._logger, wall_clock_ns=self._wall_clock_ns
            )
            if begins_anew:
                try:
                    await keeper.restore()
                except RetryableError as error:
                    raise StartError(f"storage: what was learned cannot be read: {error}") from error
            yield keeper

    async def _keep_now_and_then(self, keeper: LearnedKeeper | None) -> None:
        while keeper is not None and self._is_open:
            with suppress(TimeoutError):
                async with asyncio.timeout(BETWEEN_WRITES_S):
                    await self._closing.wait()
            if self._is_open:
                await keeper.write()

    def _new_operations(self) -> Operations:
        learned = self._config.learned
        return Operations(learned.max_operations, learned.percentile, learned.window, learned.min_spans)

    def _condition(self, text: str) -> Matches:
        if not text:
            return lambda _: True
        parsed = parse_condition(text, ContextKind.SPAN, clock=self._wall_clock_ns)
        return ConditionSequence([parsed], ErrorMode.IGNORE, self._errors).matches

    def _tell_error(self, condition: str, error: OttlError) -> None:
        self._logger.warning("a condition cannot be evaluated, so it does not hold: %s: %s", condition, error)

    def _count_what_was_let_go(self) -> None:
        self._numbers.let_go("trace", self._traces.traces_let_go)
        self._numbers.let_go("span", self._traces.spans_left_out)
        self._numbers.let_go("operation", self._judge.operations.let_go)

    def _say_what_was_let_go(self) -> None:
        if self._leaving is not None:
            self._leaving.tell_lost()
        for text, count in self._errors.counts.items():
            self._logger.warning("a condition could not be evaluated %d times: %s", count, text)
        counts = (
            ("%d traces were let go early: max_traces, max_spans", self._traces.traces_let_go),
            ("%d spans had no room in their trace: max_spans_per_trace", self._traces.spans_left_out),
            ("%d operations were forgotten for others: learned::max_operations", self._judge.operations.let_go),
        )
        for text, count in counts:
            if count:
                self._logger.info(text, count)


def _note(span: Span, service: str, origin: int) -> Note:
    return Note(
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        span_id=span.span_id,
        parent_id=span.parent_span_id,
        name=span.name,
        kind=span.kind,
        service=service,
        origin=origin,
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        callee=callee(span),
    )
