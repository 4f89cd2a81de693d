"""What the user writes under ``processors::memory_limiter``: the Collector's keys."""

from typing import Annotated

from pydantic import Field, model_validator

from otel_discord.config import Duration, StrictModel
from otel_discord.config.problem import SeveralError


class MemoryLimiterConfig(StrictModel):
    """Limits of the process's memory."""

    check_interval: Duration = 0.0
    """How often memory is measured; must be set, 1s is a good value."""
    limit_mib: Annotated[int, Field(ge=0)] = 0
    """Hard limit in MiB. Wins over `limit_percentage`."""
    spike_limit_mib: Annotated[int, Field(ge=0)] = 0
    """How far below the hard limit the soft one is, in MiB; 0: a fifth of the hard limit."""
    limit_percentage: Annotated[int, Field(ge=0, le=100)] = 0
    """Hard limit in percent of the memory that there is: the control group's, or the machine's."""
    spike_limit_percentage: Annotated[int, Field(ge=0, le=100)] = 0
    """How far below the hard limit the soft one is, in percent of the same; 0: a fifth of the hard limit."""
    min_gc_interval_when_soft_limited: Duration = 10.0
    """Between garbage collections that are forced above the soft limit."""
    min_gc_interval_when_hard_limited: Duration = 0.0
    """Between garbage collections that are forced above the hard limit."""

    @model_validator(mode="after")
    def _limits_fit(self) -> "MemoryLimiterConfig":
        problems = []
        if self.check_interval <= 0:
            problems.append("check_interval: must be above 0s, as in 1s")
        if not self.limit_mib and not self.limit_percentage:
            problems.append("needs limit_mib or limit_percentage above 0")
        if 0 < self.limit_mib <= self.spike_limit_mib:
            problems.append(f"spike_limit_mib: must be smaller than limit_mib ({self.limit_mib})")
        if 0 < self.limit_percentage <= self.spike_limit_percentage:
            problems.append(f"spike_limit_percentage: must be smaller than limit_percentage ({self.limit_percentage})")
        if self.min_gc_interval_when_soft_limited < self.min_gc_interval_when_hard_limited:
            problems.append(
                "min_gc_interval_when_hard_limited: must not be longer than min_gc_interval_when_soft_limited"
            )
        if problems:
            raise SeveralError(problems)
        return self
