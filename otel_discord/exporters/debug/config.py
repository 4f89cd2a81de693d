"""What the user writes under ``exporters::debug``: the Collector's keys."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from otel_discord.config.model import StrictModel


class Verbosity(StrEnum):
    """How much is shown of a batch."""

    BASIC = "basic"
    """One line with counts."""
    NORMAL = "normal"
    """A line for each record, data point or span."""
    DETAILED = "detailed"
    """Every field."""


class DebugConfig(StrictModel):
    """Exporter for a person's eyes."""

    verbosity: Verbosity = Verbosity.BASIC
    """basic: one line a batch; normal: one line a record, data point or span; detailed: every field."""
    sampling_initial: Annotated[int, Field(ge=0)] = 2
    """How many batches of each second are shown in any case."""
    sampling_thereafter: Annotated[int, Field(ge=0)] = 1
    """Of the further ones of that second every so-many-th is shown; 1: all, 0: none."""
    use_internal_logger: bool = True
    """true: through the service's own log, at level INFO; false: to stderr as it is."""
