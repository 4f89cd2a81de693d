"""The way of one request, the same for both transports: decompress, weigh, parse, pass on, and only then answer.

Small requests are decoded where they arrive. Large ones go one at a time through a thread, so that neither memory
nor the event loop belongs to whoever sends the most.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from otel_discord.component import ACCEPTED, ComponentError, Consumer, Receipt, Settings
from otel_discord.receivers.otlp.answers import refusal_of
from otel_discord.receivers.otlp.budget import MemoryBudget
from otel_discord.receivers.otlp.decompress import decompress
from otel_discord.receivers.otlp.inflight import InFlight
from otel_discord.receivers.otlp.ingest import DecodingLimits, WireFormat, parse, weigh
from otel_discord.receivers.otlp.refusal import Reason, Refusal
from otel_discord.receivers.otlp.telemetry import ReceiverTelemetry
from otel_discord.signals import Batch, LogsBatch, Signal

Transport: TypeAlias = Literal["grpc", "http"]

INLINE_BYTES: Final = 262_144
"""Decoding this much takes about a millisecond (JSON: ten); a thread would cost other requests more."""
OVERLOAD_WAIT_S: Final = 5.0
"""How long a request waits for room to be decoded; half of an SDK's export deadline."""

OVERLOADED: Final = Refusal(Reason.UNAVAILABLE, "too many large requests at once; try again")
_CLOSING: Final = Refusal(Reason.UNAVAILABLE, "the receiver is shutting down; try again")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request as it arrived: its body still compressed as ``content_encoding`` says ("" for not at all)."""

    signal: Signal
    body: bytes
    content_encoding: str
    form: WireFormat
    limits: DecodingLimits
    transport: Transport


class Intake:
    """Takes requests of the wired signals until it is closed."""

    def __init__(
        self,
        consumers: Mapping[Signal, Consumer],
        settings: Settings,
        *,
        transports: Sequence[Transport],
        max_decoding_bytes: int,
        overload_wait_s: float = OVERLOAD_WAIT_S,
    ) -> None:
        self.consumers = consumers
        self._telemetry: Mapping[Transport, ReceiverTelemetry] = {
            transport: ReceiverTelemetry(settings, transport) for transport in transports
        }
        self._logger = settings.logger
        self._budget = MemoryBudget(max_decoding_bytes)
        self._one_large = MemoryBudget(1)
        self.uploads = MemoryBudget(2 * max_decoding_bytes)
        """Bytes of large bodies that arrived, or are arriving, and wait to be decoded."""
        self._overload_wait_s = overload_wait_s
        # One thread: decoding holds the interpreter anyway, and each further thread keeps freed memory for itself.
        self._decoder = ThreadPoolExecutor(max_workers=1, thread_name_prefix="otlp-decode")
        self._in_flight = InFlight()
        self._closing = False

    async def take(self, request: Incoming) -> Receipt | Refusal:
        """Return the pipeline's receipt, or why there is none. Raises nothing but CancelledError."""
        if self._closing:
            return self.failed(_CLOSING, request.transport)
        small = None
        if len(request.body) <= INLINE_BYTES:
            limit = min(INLINE_BYTES, request.limits.max_body_bytes)
            small = decompress(request.body, request.content_encoding, limit)
        if isinstance(small, bytes):
            return await self._take_small(request, small)
        if small is not None and small.reason is not Reason.TOO_LARGE:
            return self.failed(small, request.transport)
        return await self._take_large(request)

    async def close(self, timeout_s: float) -> int:
        """Refuse new requests, wait for those in hand, and return how many had to be cut off."""
        self._closing = True
        try:
            return await self._in_flight.drain(timeout_s)
        finally:
            self._decoder.shutdown(wait=False, cancel_futures=True)

    def failed(self, refusal: Refusal, transport: Transport) -> Refusal:
        """Count a request that never reached the pipeline, and return the refusal."""
        self._telemetry[transport].failed()
        return refusal

    async def _take_small(self, request: Incoming, plain: bytes) -> Receipt | Refusal:
        weight = weigh(request.signal, plain, request.form, request.limits)
        if isinstance(weight, Refusal):
            return self.failed(weight, request.transport)
        share = self._budget.try_take(weight)
        if share is None:
            share = await self._budget.take(weight, timeout_s=self._overload_wait_s)
        if share is None:
            return self.failed(OVERLOADED, request.transport)
        batch = parse(request.signal, plain, request.form, request.limits.strict_json)
        if isinstance(batch, Refusal):
            self._budget.give_back(share)
            return self.failed(batch, request.transport)
        if isinstance(batch, LogsBatch) and request.form is WireFormat.PROTOBUF:
            batch = LogsBatch(batch.request, plain)
        return await self._in_flight.complete(self._pass_on(batch, share, request.transport), _CLOSING)

    async def _take_large(self, request: Incoming) -> Receipt | Refusal:
        waiting = self.uploads.try_take(len(request.body))
        if waiting is None:
            return self.failed(OVERLOADED, request.transport)
        deadline_s = asyncio.get_running_loop().time() + self._overload_wait_s
        try:
            turn = await self._one_large.take(1, timeout_s=self._overload_wait_s)
        finally:
            self.uploads.give_back(waiting)
        if turn is None:
            return self.failed(OVERLOADED, request.transport)
        # From here on uncancelled: a thread cannot be called back, and its memory counts until it is done.
        return await self._in_flight.complete(self._decode_large(request, deadline_s), _CLOSING)

    async def _decode_large(self, request: Incoming, deadline_s: float) -> Receipt | Refusal:
        loop = asyncio.get_running_loop()
        signal, form, limits = request.signal, request.form, request.limits
        try:
            plain = await loop.run_in_executor(
                self._decoder, decompress, request.body, request.content_encoding, limits.max_body_bytes
            )
            if isinstance(plain, Refusal):
                return self.failed(plain, request.transport)
            weight = await loop.run_in_executor(self._decoder, weigh, signal, plain, form, limits)
            if isinstance(weight, Refusal):
                return self.failed(weight, request.transport)
            share = await self._budget.take(weight, timeout_s=max(0.0, deadline_s - loop.time()))
            if share is None:
                return self.failed(OVERLOADED, request.transport)
            try:
                batch = await loop.run_in_executor(self._decoder, parse, signal, plain, form, limits.strict_json)
            except BaseException:
                self._budget.give_back(share)
                raise
            del plain
        finally:
            self._one_large.give_back(1)
        if isinstance(batch, Refusal):
            self._budget.give_back(share)
            return self.failed(batch, request.transport)
        return await self._pass_on(batch, share, request.transport)

    async def _pass_on(self, batch: Batch, share: int, transport: Transport) -> Receipt | Refusal:
        """Give the batch to the pipeline, and the memory back once it is the pipeline's."""
        telemetry = self._telemetry[transport]
        try:
            signal, items = batch.signal, batch.item_count
            if items == 0:
                telemetry.empty()
                return ACCEPTED
            with telemetry.span(signal) as span:
                try:
                    receipt = await self.consumers[signal].consume(batch)
                except Exception as error:  # noqa: BLE001 - the border: whatever it is, the client gets an answer
                    refusal = refusal_of(error)
                    telemetry.refused(signal, span, items=items, why=refusal.message)
                    self._log(error)
                    return refusal
                except asyncio.CancelledError:
                    telemetry.refused(signal, span, items=items, why=_CLOSING.message)
                    raise
                rejected = min(max(receipt.rejected, 0), items)
                telemetry.took(signal, span, accepted=items - rejected, rejected=rejected)
                return receipt if rejected == receipt.rejected else Receipt(rejected, receipt.message)
        finally:
            self._budget.give_back(share)

    def _log(self, error: Exception) -> None:
        if isinstance(error, ComponentError):
            self._logger.debug("the pipeline refused a batch (%s): %s", error.reason, error)
        else:
            self._logger.error("the pipeline failed on a batch; its client was told to try again", exc_info=error)
