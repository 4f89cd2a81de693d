"""What the user writes under ``processors::batch``: the Collector's keys, checked as there, without effect."""

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from otel_discord.config import Duration, StrictModel


class BatchConfig(StrictModel):
    """Keys of the Collector's batch processor."""

    timeout: Duration = 0.2
    """Accepted, without effect: nothing waits."""
    send_batch_size: Annotated[int, Field(ge=0)] = 8192
    """Accepted, without effect."""
    send_batch_max_size: Annotated[int, Field(ge=0)] = 0
    """Accepted, without effect; not below `send_batch_size`, or 0."""
    metadata_keys: tuple[str, ...] = ()
    """Accepted, without effect."""
    metadata_cardinality_limit: Annotated[int, Field(ge=0)] = 1000
    """Accepted, without effect."""

    @field_validator("metadata_keys")
    @classmethod
    def _each_once(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        lower = [key.lower() for key in keys]
        if len(set(lower)) != len(lower):
            raise ValueError("names a key twice; names differ in more than upper and lower case")
        return keys

    @model_validator(mode="after")
    def _sizes_fit(self) -> "BatchConfig":
        if 0 < self.send_batch_max_size < self.send_batch_size:
            raise ValueError("send_batch_max_size: must be at least send_batch_size, or 0 for no limit")
        return self
