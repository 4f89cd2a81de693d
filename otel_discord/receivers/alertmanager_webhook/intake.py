"""The way of one request: decompress, read, pass on, and only then answer."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from otel_discord.component import ComponentError, Consumer, Receipt, Settings
from otel_discord.receivers.alertmanager_webhook.answers import Answer, accepted, refused
from otel_discord.receivers.alertmanager_webhook.config import AlertmanagerWebhookConfig
from otel_discord.receivers.alertmanager_webhook.payload import Rules, TooManyError, read_payload
from otel_discord.receivers.alertmanager_webhook.reading import PayloadError
from otel_discord.receivers.alertmanager_webhook.records import batch_of
from otel_discord.receivers.otlp.answers import refusal_of
from otel_discord.receivers.otlp.budget import MemoryBudget
from otel_discord.receivers.otlp.decompress import decompress
from otel_discord.receivers.otlp.inflight import InFlight
from otel_discord.receivers.otlp.refusal import Reason, Refusal
from otel_discord.receivers.otlp.telemetry import ReceiverTelemetry
from otel_discord.signals import LogsBatch, Signal

_INLINE_BYTES: Final = 131_072
"""Larger bodies are read in a thread, so that the event loop goes on."""
_OVERLOAD_WAIT_S: Final = 5.0
"""How long a large body waits for its turn to be read."""
_BODIES_AT_ONCE: Final = 16
"""So many of the largest bodies may be on their way in, or wait to be read."""
OVERLOADED: Final = Refusal(Reason.UNAVAILABLE, "too many large requests at once; try again")
_CLOSING: Final = Refusal(Reason.UNAVAILABLE, "the receiver is shutting down; try again")
_FAILED: Final = Refusal(Reason.UNAVAILABLE, "the receiver failed; its log says why; try again")


class Room:
    """The memory that one body takes while it comes in and is read; small bodies need no leave."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._size_bytes = 0
        self._held_bytes = 0

    def grow(self, more_bytes: int) -> bool:
        """Return whether there is room for more."""
        self._size_bytes += more_bytes
        if self._size_bytes <= _INLINE_BYTES:
            return True
        share = self._budget.try_take(more_bytes)
        self._held_bytes += share or 0
        return share is not None

    def leave(self) -> None:
        """Give everything back."""
        self._budget.give_back(self._held_bytes)
        self._held_bytes = 0


class Intake:
    """Takes requests until it is closed."""

    def __init__(
        self,
        settings: Settings,
        config: AlertmanagerWebhookConfig,
        consumer: Consumer,
        *,
        wall_clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._consumer = consumer
        self._logger = settings.logger
        self._version = settings.version
        self._max_body_bytes = config.max_request_body_size
        self._rules = Rules(
            service_labels=config.service_labels,
            severity_labels=config.severity_labels,
            default_severity=config.default_severity,
            max_alerts=config.max_alerts,
        )
        self._wall_clock_ns = wall_clock_ns
        self._telemetry = ReceiverTelemetry(settings, "http")
        self._in_flight = InFlight()
        self._one_large = MemoryBudget(1)
        self._uploads = MemoryBudget(_BODIES_AT_ONCE * config.max_request_body_size)
        self._closing = False

    async def take(self, body: bytes, content_encoding: str = "") -> Answer:
        """Return the answer to a body, once the pipeline has taken it or will not."""
        if self._closing:
            return self.failed(_CLOSING)
        return await self._in_flight.complete(self._take(body, content_encoding), refused(_CLOSING))

    @contextmanager
    def room(self) -> Iterator["Room"]:
        """Count the memory of a body as long as the block runs."""
        room = Room(self._uploads)
        try:
            yield room
        finally:
            room.leave()

    def failed(self, refusal: Refusal) -> Answer:
        """Count a request that never reached the pipeline, and return its answer."""
        self._telemetry.failed()
        return refused(refusal)

    async def close(self, timeout_s: float) -> int:
        """Refuse new requests, wait for those in hand, and return how many had to be cut off."""
        self._closing = True
        return await self._in_flight.drain(timeout_s)

    async def _take(self, body: bytes, content_encoding: str) -> Answer:
        try:
            if content_encoding or len(body) > _INLINE_BYTES:
                batch = await self._read_aside(body, content_encoding)
            else:
                batch = self._read(body, content_encoding)
        except Exception:  # the border: whatever it is, the client gets an answer and keeps its alerts
            self._logger.exception("reading a posted alert failed")
            return self.failed(_FAILED)
        if isinstance(batch, Refusal):
            self._logger.warning("a posted alert was refused: %s", batch.message)
            return self.failed(batch)
        return await self._pass_on(batch)

    async def _read_aside(self, body: bytes, content_encoding: str) -> LogsBatch | Refusal:
        """Read one large body after the other, so that their memory is needed once."""
        turn = await self._one_large.take(1, timeout_s=_OVERLOAD_WAIT_S)
        if turn is None:
            return OVERLOADED
        try:
            return await asyncio.to_thread(self._read, body, content_encoding)
        finally:
            self._one_large.give_back(turn)

    def _read(self, body: bytes, content_encoding: str) -> LogsBatch | Refusal:
        plain = decompress(body, content_encoding, self._max_body_bytes)
        if isinstance(plain, Refusal):
            return plain
        try:
            return batch_of(read_payload(plain, self._rules, self._wall_clock_ns()), self._version)
        except TooManyError as error:
            return Refusal(Reason.TOO_LARGE, str(error))
        except PayloadError as error:
            return Refusal(Reason.INVALID, str(error))

    async def _pass_on(self, batch: LogsBatch) -> Answer:
        telemetry, items = self._telemetry, batch.item_count
        if items == 0:
            telemetry.empty()
            return accepted(0, Receipt())
        with telemetry.span(Signal.LOGS) as span:
            try:
                receipt = await self._consumer.consume(batch)
            except Exception as error:  # noqa: BLE001 - the border: whatever it is, the client gets an answer
                refusal = refusal_of(error)
                telemetry.refused(Signal.LOGS, span, items=items, why=refusal.message)
                self._log(error)
                return refused(refusal)
            except asyncio.CancelledError:
                telemetry.refused(Signal.LOGS, span, items=items, why=_CLOSING.message)
                raise
            rejected = min(max(receipt.rejected, 0), items)
            telemetry.took(Signal.LOGS, span, accepted=items - rejected, rejected=rejected)
            return accepted(items, receipt)

    def _log(self, error: Exception) -> None:
        if isinstance(error, ComponentError):
            self._logger.debug("the pipeline refused alerts (%s): %s", error.reason, error)
        else:
            self._logger.error("the pipeline failed on alerts; their sender was told to try again", exc_info=error)
