"""The exporter contract, for the chain: with and without batching, with and without a queue."""

import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from otel_discord.component.consumer import ACCEPTED, Receipt
from otel_discord.component.errors import PermanentError, RetryableError
from otel_discord.component.host import Host
from otel_discord.exporterhelper.chain import ExporterChain
from otel_discord.exporterhelper.config import CollectorRetryConfig, CollectorSendingQueueConfig
from otel_discord.signals.batch import Batch
from otel_discord.testing.component_contract import check_component
from otel_discord.testing.exporter_contract import Decide, FarEnd, check_exporter
from otel_discord.testing.telemetry import settings

NUMBER = re.compile(rb"record #(\d+)#")
QUEUES: list[dict[str, Any]] = [
    {"num_consumers": 3},
    {"enabled": False},
    {"wait_for_result": True},
    {"queue_size": 2, "block_on_overflow": True},
    {"queue_size": 2},
    {"batch": {"min_size": 20, "max_size": 20, "flush_timeout": "1s"}},
    {"batch": {"sizer": "bytes", "min_size": 0, "max_size": 300}},
]


class ChainedExporter:
    """A chain as an exporter of its own."""

    def __init__(self, chain: ExporterChain) -> None:
        self._chain = chain

    def lifespan(self, host: Host) -> AbstractAsyncContextManager[None]:
        return self._chain.lifespan(host)

    async def consume(self, batch: Batch) -> Receipt:
        return await self._chain.consume(batch)


class PushedAt(FarEnd):
    """Takes what ``push`` brings."""

    def __init__(self, queue: dict[str, Any]) -> None:
        self.queue = queue
        self.taken: list[str] = []
        self.gone: set[str] = set()

    def make_exporter(self) -> ChainedExporter:
        chain = ExporterChain(
            settings("pushed"),
            self.push,
            sending_queue=CollectorSendingQueueConfig.model_validate(self.queue),
            retry_on_failure=CollectorRetryConfig.model_validate({"initial_interval": "100ms", "max_interval": "1s"}),
            timeout_s=5.0,
        )
        return ChainedExporter(chain)

    def answer_by(self, decide: Decide) -> None:
        self.decide = decide

    async def push(self, batch: Batch) -> Receipt:
        numbers = [match.decode() for match in NUMBER.findall(batch.request.SerializeToString())]
        verdict = self.decide()
        if verdict == "retryable":
            raise RetryableError("later")
        if verdict == "permanent":
            self.gone |= set(numbers)
            raise PermanentError("never")
        self.taken += numbers
        return ACCEPTED

    def delivered(self) -> Sequence[str]:
        return self.taken

    def refused(self) -> set[str]:
        return self.gone


@pytest.mark.looptime
@pytest.mark.parametrize("queue", QUEUES, ids=str)
async def test_every_record_is_delivered_or_accounted_for(queue: dict[str, Any]) -> None:
    await check_exporter(lambda: PushedAt(queue))


@pytest.mark.looptime
@pytest.mark.parametrize("queue", QUEUES, ids=str)
async def test_its_lifetime_is_as_it_must_be(queue: dict[str, Any]) -> None:
    await check_component(lambda: PushedAt(queue).make_exporter())
