"""What the user writes under ``processors::probabilistic_sampler``: contrib's keys."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator

from otel_discord.config import StrictModel
from otel_discord.processors.probabilistic_sampler.threshold import LEAST_PROBABILITY


class Mode(StrEnum):
    """Where randomness comes from, and how it is compared."""

    HASH_SEED = "hash_seed"
    PROPORTIONAL = "proportional"
    EQUALIZING = "equalizing"


class AttributeSource(StrEnum):
    """Which part of a log record is random."""

    TRACE_ID = "traceID"
    RECORD = "record"


class ProbabilisticSamplerConfig(StrictModel):
    """How much is kept, and what decides."""

    sampling_percentage: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """How much is kept, in percent; 100 and above: everything, 0: nothing."""
    mode: Mode = Mode.HASH_SEED
    """hash_seed: by a hash with `hash_seed`; proportional: this share of what arrives; equalizing: down to this share
    of what there was, counting what earlier samplers left out."""
    hash_seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """For hashes; the same wherever the same items are to be kept."""
    fail_closed: bool = True
    """true: items without randomness, or with sampling information that does not fit, are left out; false: kept."""
    sampling_precision: Annotated[int, Field(ge=1, le=14)] = 4
    """Hexadecimal digits of the threshold in proportional and equalizing mode."""
    attribute_source: AttributeSource = AttributeSource.TRACE_ID
    """Logs: traceID, or record for `from_attribute`."""
    from_attribute: str = ""
    """Logs: an attribute with randomness, such as an id; used where there is no trace id, or with `attribute_source:
    record`."""
    sampling_priority: str = ""
    """Logs: an attribute whose number is used as the percentage for its record. Spans have `sampling.priority`."""

    @field_validator("sampling_percentage")
    @classmethod
    def _not_too_small(cls, percentage: float) -> float:
        if 0 < percentage < LEAST_PROBABILITY * 100:
            raise ValueError(f"must be 0, or at least {LEAST_PROBABILITY * 100:g}")
        return percentage
