"""Works a queue off batch by batch; several of these run at the same time."""

from otel_discord.component.consumer import Receipt
from otel_discord.component.errors import ShutdownError
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.exporterhelper.queue_sender import QueueSender
from otel_discord.exporterhelper.sender import Sender


async def consume_each(queue: QueueSender, following: Sender, instruments: ExporterInstruments) -> None:
    """Send one batch after the other, until the queue is stopped and has nothing more to do."""
    while True:
        try:
            stored = await queue.take()
        except ShutdownError:
            return
        result: Receipt | Exception
        with instruments.in_flight(stored.batch.signal):
            try:
                result = await following(stored.batch)
            except Exception as error:  # noqa: BLE001 - a batch must not end its consumer; finish() says what it was
                result = error
            await queue.finish(stored.id, result)
