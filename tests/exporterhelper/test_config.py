"""Keys, defaults and ranges of the shared sections."""

import pytest
from pydantic import BaseModel, ValidationError

from otel_discord.component.storage import QueueLimits, Sizer
from otel_discord.exporterhelper.backoff import BackoffPolicy, Jitter
from otel_discord.exporterhelper.config import (
    BatchConfig,
    CollectorRetryConfig,
    CollectorSendingQueueConfig,
    Overflow,
    RequestBatchConfig,
    RetryConfig,
    SendingQueueConfig,
)


def test_defaults_of_the_discord_exporter() -> None:
    queue = SendingQueueConfig().model_dump()
    assert queue == {
        "enabled": True,
        "queue_size": 1024,
        "sizer": Sizer.REQUESTS,
        "queue_mib": 32,
        "num_consumers": 10,
        "block_on_overflow": False,
        "wait_for_result": False,
        "overflow": Overflow.REFUSE,
        "storage": None,
        "spool": None,
        "spool_mib": 256,
        "batch": {"flush_timeout": "50ms", "max_size": 10},
    }
    assert RetryConfig().model_dump() == {
        "enabled": True,
        "initial_interval": "250ms",
        "max_interval": "10s",
        "multiplier": 1.5,
        "randomization_factor": 0.5,
        "max_attempts": 5,
        "max_elapsed_time": "0s",
        "jitter": Jitter.DECORRELATED,
    }


def test_defaults_of_the_collector() -> None:
    queue, retry, batch = CollectorSendingQueueConfig(), CollectorRetryConfig(), RequestBatchConfig()
    assert (queue.queue_size, queue.num_consumers, queue.sizer, queue.active_batch()) == (1000, 10, "requests", None)
    assert (retry.initial_interval, retry.max_interval, retry.max_elapsed_time, retry.max_attempts) == (5, 30, 300, 0)
    assert (retry.jitter, retry.multiplier, retry.randomization_factor) == (Jitter.PROPORTIONAL, 1.5, 0.5)
    assert (batch.flush_timeout, batch.min_size, batch.max_size, batch.sizer) == (0.2, 8192, 0, "items")


@pytest.mark.parametrize(
    ("section", "written"),
    [
        (SendingQueueConfig, {"queue_size": 0}),
        (SendingQueueConfig, {"queue_mib": 0}),
        (SendingQueueConfig, {"num_consumers": 0}),
        (SendingQueueConfig, {"sizer": "records"}),
        (SendingQueueConfig, {"overflow": "drop_newest"}),
        (SendingQueueConfig, {"storage": ""}),
        (SendingQueueConfig, {"batch": {"max_size": 11}}),
        (SendingQueueConfig, {"batch": {"max_size": 0}}),
        (SendingQueueConfig, {"batch": {"min_size": 1}}),
        (SendingQueueConfig, {"qeue_size": 1}),
        (CollectorSendingQueueConfig, {"overflow": "refuse"}),
        (CollectorSendingQueueConfig, {"batch": {"flush_timeout": "0s"}}),
        (CollectorSendingQueueConfig, {"batch": {"max_size": 10}}),
        (CollectorSendingQueueConfig, {"batch": {"sizer": "requests"}}),
        (CollectorSendingQueueConfig, {"sizer": "items", "queue_size": 5, "batch": {}}),
        (RetryConfig, {"initial_interval": "-1s"}),
        (RetryConfig, {"initial_interval": 5}),
        (RetryConfig, {"randomization_factor": 1.1}),
        (RetryConfig, {"multiplier": -1}),
        (RetryConfig, {"max_attempts": -1}),
        (RetryConfig, {"jitter": "none"}),
        (RetryConfig, {"max_elapsed_time": "5s"}),
        (CollectorRetryConfig, {"max_elapsed_time": "4s", "max_interval": "1s"}),
    ],
)
def test_what_is_refused(section: type[BaseModel], written: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        section.model_validate(written)


def test_waiting_for_results_needs_a_memory_queue() -> None:
    written = {"storage": "file_storage", "wait_for_result": True}
    with pytest.raises(ValidationError, match="`wait_for_result` is not supported with a persistent queue"):
        SendingQueueConfig.model_validate(written)
    assert not SendingQueueConfig.model_validate({**written, "enabled": False}).enabled


def test_waits_and_sizes_go_down_to_their_least() -> None:
    queue = SendingQueueConfig.model_validate({"queue_size": 1, "batch": {"flush_timeout": "0s", "max_size": 1}})
    assert (queue.queue_size, queue.batch) == (1, BatchConfig.model_validate({"flush_timeout": 0, "max_size": 1}))
    retry = RetryConfig.model_validate({"initial_interval": "0s", "max_interval": "0s", "max_attempts": 0})
    assert retry.policy().initial_interval_s == 0


def test_a_section_may_be_empty() -> None:
    assert SendingQueueConfig.model_validate({"batch": None}).batch == BatchConfig()
    assert CollectorSendingQueueConfig.model_validate({"batch": None}).active_batch() == RequestBatchConfig()
    assert CollectorSendingQueueConfig.model_validate({"batch": {"enabled": False}}).active_batch() is None
    assert CollectorSendingQueueConfig.model_validate({"enabled": False, "batch": {}}).active_batch() is None


@pytest.mark.parametrize(
    ("queue", "unit"),
    [
        ({"batch": {}}, Sizer.ITEMS),
        ({"sizer": "bytes", "queue_size": 10**9, "batch": {}}, Sizer.BYTES),
        ({"sizer": "bytes", "batch": {"sizer": "items"}}, Sizer.ITEMS),
        ({"sizer": "requests", "batch": {}}, Sizer.ITEMS),
    ],
)
def test_the_batch_takes_the_unit_of_the_queue(queue: dict[str, object], unit: Sizer) -> None:
    batch = CollectorSendingQueueConfig.model_validate(queue).active_batch()
    assert batch is not None
    assert batch.sizer is unit


def test_what_the_code_gets() -> None:
    queue = SendingQueueConfig.model_validate({"queue_size": 7, "sizer": "items", "queue_mib": 1})
    assert queue.limits() == QueueLimits(size=7, sizer=Sizer.ITEMS, max_bytes=1024 * 1024)
    assert RetryConfig().policy() == BackoffPolicy()
    assert RetryConfig.model_validate({"enabled": False}).policy().max_attempts == 1
