"""The exporter: the shared chain around one call."""

import asyncio
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from otel_discord.component.component import Component
from otel_discord.component.consumer import Receipt
from otel_discord.component.errors import PermanentError
from otel_discord.component.factory import Settings
from otel_discord.component.host import Host
from otel_discord.exporterhelper.chain import ExporterChain
from otel_discord.exporters.otlp_grpc.channel import MAX_REQUEST_BYTES, open_channel, read_identity
from otel_discord.exporters.otlp_grpc.config import OtlpGrpcConfig
from otel_discord.exporters.otlp_grpc.grpc_status import error_of
from otel_discord.signals import OTLP_SERVICES, Batch, Signal


class OtlpGrpcExporter:
    """Sends each batch as it is, in one call."""

    def __init__(self, settings: Settings, config: OtlpGrpcConfig) -> None:
        self._config = config
        self._user_agent = f"otel-discord/{settings.version} (python/{platform.python_version()})"
        self._headers = tuple((name, secret.reveal()) for name, secret in config.headers.items())
        self._calls: dict[Signal, Any] = {}
        self._chain = ExporterChain(
            settings,
            self._push,
            sending_queue=config.sending_queue,
            retry_on_failure=config.retry_on_failure,
            timeout_s=config.timeout,
            max_request_bytes=MAX_REQUEST_BYTES,
        )

    def takes_over(self, predecessor: Component) -> bool:
        """Return whether the predecessor's queue is where this one looks for its own."""
        return isinstance(predecessor, OtlpGrpcExporter) and self._chain.has_queue_of(predecessor._chain)  # noqa: SLF001

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Open the channel, and the chain inside it; the chain drains before the channel is closed.

        Raises:
            StartError: a file of ``tls`` cannot be read, or the storage is not there.
        """
        identity = await asyncio.to_thread(read_identity, self._config.tls)
        async with open_channel(self._config, identity, self._user_agent) as channel:
            self._calls = {
                signal: channel.unary_unary(service.export_path, response_deserializer=service.response.FromString)
                for signal, service in OTLP_SERVICES.items()
            }
            async with self._chain.lifespan(host):
                yield

    async def consume(self, batch: Batch) -> Receipt:
        """Queue the batch, or send it where the queue is off; errors as in :class:`ExporterChain`."""
        return await self._chain.consume(batch)

    async def _push(self, batch: Batch) -> Receipt:
        request = batch.request.SerializeToString()
        if len(request) > MAX_REQUEST_BYTES:
            raise PermanentError(
                f"a request of {len(request)} bytes is larger than OTLP allows ({MAX_REQUEST_BYTES})",
                reason="request_too_large",
            )
        try:
            response = await self._calls[batch.signal](
                request,
                timeout=self._config.timeout or None,
                metadata=self._headers,
                wait_for_ready=self._config.wait_for_ready,
            )
        except grpc.aio.AioRpcError as error:
            raise error_of(error.code(), error.details(), error.trailing_metadata() or ()) from None
        partial = response.partial_success
        rejected = getattr(partial, OTLP_SERVICES[batch.signal].rejected_field)
        return Receipt(max(0, rejected), partial.error_message)
