"""How what an outlet holds reaches the exporter: records as they are, metrics and spans through connectors."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from otel_discord.component import Consumer, PermanentError, RetryableError, ShutdownError
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.sdk.host import ApplicationHost
from otel_discord.sdk.to_otlp import logs_batch
from otel_discord.signals import Batch, Severity

if TYPE_CHECKING:
    from otel_discord.sdk.outlet import Outlet

_log: Final = logging.getLogger("otel_discord.sdk")

_ITEMS_AT_A_TIME: Final = 128
"""So few that no thread of the application waits long for the buffer."""
_FULL_PAUSE_S: Final = 0.25
"""Until a full queue is tried again; meanwhile the buffer fills, folds, and lets the least important go."""


class Feed(Protocol):
    """Takes the items of an outlet."""

    @property
    def most(self) -> int:
        """How many items it takes at a time."""
        ...

    async def pass_on(self, items: Sequence[Any]) -> None:
        """Pass items on; returns when they were accepted, or when they never will be."""
        ...

    def lost(self, losses: Any) -> None:
        """Tell what had to give way before it came here."""
        ...

    async def flushed(self) -> None:
        """Return when what was passed on is in Discord, or has ended otherwise."""
        ...

    async def finish(self) -> None:
        """Have what was passed on told that would be told later, at the next look at it; nothing more comes."""
        ...


@runtime_checkable
class EvaluatesNow(Protocol):
    """A connector that looks at what it has at intervals."""

    async def evaluate(self) -> None:
        """Look at it now."""
        ...


@asynccontextmanager
async def feed_of(
    outlet: "Outlet", exporter: DiscordExporter, host: ApplicationHost, is_late: Callable[[], bool]
) -> AsyncIterator[Feed]:
    """Open what the items of an outlet go through, for as long as the block runs.

    Raises:
        StartError: a connector cannot be opened.
    """
    if not outlet.connectors:
        yield _Records(exporter, is_late)
        return
    from otel_discord.sdk.connecting import connected, converter_of

    async with AsyncExitStack() as stack:
        consumers = [
            await stack.enter_async_context(connected(name, section, exporter, host))
            for name, section in outlet.connectors.items()
        ]
        signals = _Signals(exporter, consumers, converter_of(outlet.connectors), is_late)
        signals.tells_failures = "exceptions" in outlet.connectors
        try:
            yield signals
        finally:
            signals.say_what_was_lost()


class _Records:
    """Log records: the exporter takes them as they are."""

    most = _ITEMS_AT_A_TIME

    def __init__(self, exporter: DiscordExporter, is_late: Callable[[], bool]) -> None:
        self._exporter = exporter
        self._is_late = is_late

    async def pass_on(self, items: Sequence[Any]) -> None:
        await _pass_on(self._exporter, logs_batch(items), f"{len(items)} records", self._is_late)

    def lost(self, losses: Any) -> None:
        self._exporter.not_shown(losses.by_severity, losses.since_ns, losses.until_ns)

    async def flushed(self) -> None:
        await self._exporter.flushed()

    async def finish(self) -> None:
        """Nothing is told later."""


class _Signals:
    """Spans or metrics: connectors make records of what matters in them."""

    most = _ITEMS_AT_A_TIME

    def __init__(
        self,
        exporter: DiscordExporter,
        consumers: Sequence[Consumer],
        convert: Callable[[Sequence[Any]], Iterator[Batch]],
        is_late: Callable[[], bool],
    ) -> None:
        self._exporter = exporter
        self._consumers = consumers
        self._convert = convert
        self._is_late = is_late
        self._lost = 0
        self.tells_failures = False
        """Whether a span that failed would have been shown, so that Discord is told of one that was not looked at."""

    async def pass_on(self, items: Sequence[Any]) -> None:
        for batch in self._convert(items):
            for consumer in self._consumers:
                await _pass_on(consumer, batch, f"what {batch.item_count} {batch.signal} say", self._is_late)
            await asyncio.sleep(0)

    def lost(self, losses: Any) -> None:
        if not self._lost:
            _log.warning("spans come faster than they can be looked at: some are not, those without a failure first")
        self._lost += losses.total
        if losses.failed and self.tells_failures:
            self._exporter.not_shown({int(Severity.ERROR): losses.failed}, losses.since_ns, losses.until_ns)

    def say_what_was_lost(self) -> None:
        if self._lost:
            _log.warning("%d spans were not looked at: they came faster than they could be", self._lost)

    async def flushed(self) -> None:
        await self._exporter.flushed()

    async def finish(self) -> None:
        for consumer in self._consumers:
            if isinstance(consumer, EvaluatesNow):
                await consumer.evaluate()


async def _pass_on(consumer: Consumer, batch: Batch, what: str, is_late: Callable[[], bool]) -> None:
    while True:
        try:
            await consumer.consume(batch)
        except (PermanentError, ShutdownError) as error:
            _log.error("%s were not taken: %s", what, error)
        except RetryableError as error:
            if is_late():
                _log.error("%s were not taken before the end: %s", what, error)
                return
            await asyncio.sleep(_FULL_PAUSE_S)
            continue
        return
