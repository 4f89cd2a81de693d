"""Alerts on their way to whoever comes next: one batch in hand, which stays until it is taken or refused for good.

Who decides what is told stores the batch first, together with what was decided; hands it on then; and notes last that
it is taken (``taken``). A kill before the first leaves nothing decided; between the first and the last the next run
finds the batch and hands on that very one, the same to the byte.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.component.consumer import Consumer
from otel_discord.component.errors import ComponentError, RetryableError
from otel_discord.component.host import Host, Status
from otel_discord.signals import LogsBatch


@dataclass(slots=True, kw_only=True)
class Handover:
    """Of one component."""

    component: str
    outlet: Consumer | None
    host: Host
    logger: logging.Logger
    taken: Callable[[], Awaitable[object]]
    batch: bytes = b""
    """What is stored and not yet taken; b"" for nothing."""
    _refusal: str = field(default="", init=False)

    async def hand_on(self) -> bool:
        """Offer the batch; return whether there is nothing left to offer."""
        if not self.batch:
            return True
        request = ExportLogsServiceRequest()
        request.ParseFromString(self.batch)
        try:
            if self.outlet is not None:
                await self.outlet.consume(LogsBatch(request))
        except RetryableError as error:
            if str(error) != self._refusal:
                self.logger.warning("alerts are not accepted now and are kept for another try: %s", error)
                self.host.report_status(Status.RECOVERABLE, self.component, "alerts are not accepted")
            self._refusal = str(error)
            return False
        except ComponentError as error:
            self.logger.error("alerts are refused for good and lost: %s", error)  # noqa: TRY400 - the reason says all
        if self._refusal:
            self.host.report_status(Status.OK, self.component)
            self._refusal = ""
        self.batch = b""
        await self.taken()
        return True
