"""Stage: counts and traces what became of a batch, once, after its retries."""

import logging

from opentelemetry.trace import Status, StatusCode, Tracer

from otel_discord.component.component import ComponentId
from otel_discord.component.consumer import Receipt
from otel_discord.component.errors import ComponentError, ShutdownError
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.exporterhelper.sender import Sender
from otel_discord.signals.batch import Batch


class ObserveSender:
    """Counts record by record: of a partial success the rejected ones have failed, the others are sent."""

    def __init__(
        self,
        following: Sender,
        component: ComponentId,
        instruments: ExporterInstruments,
        tracer: Tracer,
        logger: logging.Logger,
    ) -> None:
        self._following = following
        self._span_prefix = f"exporter/{component}"
        self._instruments = instruments
        self._tracer = tracer
        self._logger = logger

    async def send(self, batch: Batch) -> Receipt:
        """Pass the batch on; errors go through. A shutdown is no failure yet: the queue knows whether it keeps it."""
        items = batch.item_count
        with self._tracer.start_as_current_span(
            f"{self._span_prefix}/{batch.signal}", record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                receipt = await self._following(batch)
            except Exception as error:
                reason = error.reason if isinstance(error, ComponentError) else type(error).__name__
                if not isinstance(error, ShutdownError):
                    self._instruments.send_failed(batch.signal, items)
                span.set_attributes({"items.sent": 0, "items.failed": items, "error.type": reason})
                span.set_status(Status(StatusCode.ERROR, reason))
                raise
            rejected = min(max(receipt.rejected, 0), items)
            self._instruments.sent(batch.signal, items - rejected)
            if rejected:
                self._instruments.send_failed(batch.signal, rejected)
            span.set_attributes({"items.sent": items - rejected, "items.failed": rejected})
        if receipt.rejected or receipt.message:
            self._logger.warning(
                "partial success: %d of %d %s rejected: %s",
                receipt.rejected,
                items,
                batch.signal,
                receipt.message or "no reason given",
            )
        return receipt
