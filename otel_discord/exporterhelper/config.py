"""Sections that every exporter offers: ``sending_queue``, ``retry_on_failure``, ``batch``.

The short names carry the defaults of the ``discord`` exporter, whose ``batch`` works on cards. Exporters of whole
requests take the ``Collector…`` classes: the Collector's keys and defaults.
"""

from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, field_validator, model_validator

from otel_discord.component.extension_reference import NamesExtension
from otel_discord.component.storage import QueueLimits, Sizer, Storage
from otel_discord.config.duration_field import Duration
from otel_discord.config.model import StrictModel
from otel_discord.exporterhelper.backoff import BackoffPolicy, Jitter

MIB = 1024 * 1024


class Overflow(StrEnum):
    """What happens to a batch that finds the queue full."""

    REFUSE = "refuse"
    DROP_OLDEST = "drop_oldest"


class _Section(StrictModel):
    """A section that may be written empty (``batch:``), which means its defaults."""

    @model_validator(mode="before")
    @classmethod
    def _empty_means_defaults(cls, value: Any) -> Any:
        return {} if value is None else value


class SpoolKeys(Protocol):
    """What a ``sending_queue`` says of its spool."""

    @property
    def storage(self) -> str | None:
        """Whose spool it is."""
        ...

    @property
    def spool(self) -> str | None:
        """Where it is; None for none."""
        ...

    @property
    def spool_mib(self) -> int:
        """How large it may become."""
        ...


class _Queue(_Section):
    enabled: bool = True
    """false: every batch is sent while the caller waits."""
    num_consumers: Annotated[int, Field(ge=1, le=10_000)] = 10
    """How many batches are handled at the same time."""
    wait_for_result: bool = False
    """true: the caller waits until its batch is delivered, and gets the error if it is not."""
    block_on_overflow: bool = False
    """true: the caller waits for room in a full queue; false: it is refused at once."""
    sizer: Sizer = Sizer.REQUESTS
    """Unit of ``queue_size``: requests, items (records, data points, spans) or bytes."""
    queue_size: Annotated[int, Field(ge=1)] = 1000
    """Room, waiting and in flight, in units of ``sizer``."""
    queue_mib: Annotated[int, Field(ge=1)] = 256
    """Room in MiB of serialised data; holds together with ``queue_size``."""
    storage: Annotated[Annotated[str, Field(min_length=1)] | None, NamesExtension(Storage)] = None
    """Id of an extension that keeps the queue on disk; without it the queue is in memory."""
    spool: Annotated[Annotated[str, Field(min_length=1)] | None, NamesExtension(Storage)] = None
    """Of a fleet: id of a second extension, on this machine's disk (`file_storage`). It takes in what the shared
    ``storage`` cannot while it is away, and hands it over when it is back; without it requests are refused then."""
    spool_mib: Annotated[int, Field(ge=1)] = 256
    """Room of the spool in MiB of serialised data; beyond it requests are refused."""

    @model_validator(mode="after")
    def _storage_does_not_wait(self) -> "_Queue":
        if self.enabled and self.storage is not None and self.wait_for_result:
            raise ValueError("`wait_for_result` is not supported with a persistent queue configured with `storage`")
        return self

    @model_validator(mode="after")
    def _spool_has_a_storage(self) -> "_Queue":
        if self.spool is None:
            return self
        if self.storage is None:
            raise ValueError("`spool` is for a `storage` that a fleet shares, and there is no `storage`")
        if self.storage == self.spool:
            raise ValueError("`spool` must be another extension than `storage`: it is used while that one is away")
        return self

    def limits(self) -> QueueLimits:
        """Return the bounds in the words of the storage interface."""
        return QueueLimits(size=self.queue_size, sizer=self.sizer, max_bytes=self.queue_mib * MIB)


class BatchConfig(_Section):
    """``sending_queue.batch`` of the discord exporter: how cards become messages. Requests are never split."""

    flush_timeout: Duration = 0.05
    """How long a card waits for others to share its message."""
    max_size: Annotated[int, Field(ge=1, le=10)] = 10
    """Embeds in a message at most."""


class SendingQueueConfig(_Queue):
    """``sending_queue`` of the discord exporter."""

    queue_size: Annotated[int, Field(ge=1)] = 1024
    """Room, waiting and in flight, in units of ``sizer``."""
    queue_mib: Annotated[int, Field(ge=1)] = 32
    """Room in MiB of serialised data; holds together with ``queue_size``."""
    overflow: Overflow = Overflow.REFUSE
    """refuse: the client is told to try again; drop_oldest: repeats are counted on what waits, then the oldest of the
    lowest severity goes, counted and told, never what is critical."""
    batch: BatchConfig = BatchConfig()

    def limits(self) -> QueueLimits:
        """Return the bounds; where the oldest is dropped, a batch more is looked at before something has to go."""
        return replace(super().limits(), one_beyond=self.overflow is Overflow.DROP_OLDEST)


class RequestBatchConfig(_Section):
    """``sending_queue.batch`` of exporters of whole requests: merges small ones, splits large ones."""

    enabled: bool = True
    """The section alone, even empty, switches batching on."""
    flush_timeout: Annotated[Duration, Field(gt=0)] = 0.2
    """How long the first request of a batch waits at most."""
    min_size: Annotated[int, Field(ge=0)] = 8192
    """A batch of this size is sent at once."""
    max_size: Annotated[int, Field(ge=0)] = 0
    """A larger one is split between records; 0: no bound."""
    sizer: Literal[Sizer.ITEMS, Sizer.BYTES] = Sizer.ITEMS
    """Unit of both sizes. Not given: the unit of the queue, if that was given and is items or bytes."""

    @model_validator(mode="after")
    def _sizes_fit(self) -> "RequestBatchConfig":
        if self.max_size and self.max_size < self.min_size:
            raise ValueError("`max_size` must be greater or equal to `min_size`")
        return self


class CollectorSendingQueueConfig(_Queue):
    """``sending_queue`` with the Collector's keys and defaults, and a bound in MiB."""

    batch: RequestBatchConfig | None = None

    @field_validator("batch", mode="before")
    @classmethod
    def _empty_batch_is_on(cls, value: Any) -> Any:
        return {} if value is None else value

    @model_validator(mode="after")
    def _batch_fits_queue(self) -> "CollectorSendingQueueConfig":
        batch = self.active_batch()
        if batch is not None and batch.sizer == self.sizer and batch.min_size > self.queue_size:
            raise ValueError("`batch::min_size` must be less than or equal to `queue_size`")
        return self

    def active_batch(self) -> RequestBatchConfig | None:
        """Return the batch section with its unit settled, or None where batching is off."""
        if not self.enabled or self.batch is None or not self.batch.enabled:
            return None
        inherits = "sizer" in self.model_fields_set and "sizer" not in self.batch.model_fields_set
        if inherits and self.sizer is not Sizer.REQUESTS:
            return self.batch.model_copy(update={"sizer": self.sizer})
        return self.batch


class RetryConfig(_Section):
    """``retry_on_failure`` with the defaults of the discord exporter."""

    enabled: bool = True
    """false: the first failure is the last."""
    initial_interval: Duration = 0.25
    """Wait after the first failure, before jitter."""
    max_interval: Duration = 10.0
    """No wait between attempts is longer, unless the other side asks for more."""
    multiplier: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.5
    """Growth of the wait with each failure, of the jitters full and proportional."""
    randomization_factor: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Of the jitter proportional: the wait is drawn from interval × (1 ± this)."""
    max_attempts: Annotated[int, Field(ge=0)] = 5
    """0: no bound. Waits for a rate limit are not counted."""
    max_elapsed_time: Duration = 0.0
    """From the first attempt on; 0s: no bound."""
    jitter: Jitter = Jitter.DECORRELATED
    """decorrelated, full, or proportional (the Collector's)."""

    @model_validator(mode="after")
    def _elapsed_time_holds_intervals(self) -> "RetryConfig":
        if self.enabled and self.max_elapsed_time:
            for name in ("initial_interval", "max_interval"):
                if self.max_elapsed_time < getattr(self, name):
                    raise ValueError(f"`max_elapsed_time` must not be less than `{name}`")
        return self

    def policy(self) -> BackoffPolicy:
        """Return the settings for :func:`~otel_discord.exporterhelper.backoff.after_failure`.

        Switched off, it gives up after the first failure.
        """
        return BackoffPolicy(
            jitter=self.jitter,
            initial_interval_s=self.initial_interval,
            max_interval_s=self.max_interval,
            multiplier=self.multiplier,
            randomization_factor=self.randomization_factor,
            max_attempts=self.max_attempts if self.enabled else 1,
            max_elapsed_time_s=self.max_elapsed_time,
        )


class CollectorRetryConfig(RetryConfig):
    """``retry_on_failure`` with the Collector's defaults: proportional, five minutes, any number of attempts."""

    initial_interval: Duration = 5.0
    """Wait after the first failure, before jitter."""
    max_interval: Duration = 30.0
    """No interval is longer, unless the other side asks for more."""
    max_attempts: Annotated[int, Field(ge=0)] = 0
    """0: no bound."""
    max_elapsed_time: Duration = 300.0
    """From the first attempt on; 0s: no bound."""
    jitter: Jitter = Jitter.PROPORTIONAL
    """decorrelated, full, or proportional (the Collector's)."""
