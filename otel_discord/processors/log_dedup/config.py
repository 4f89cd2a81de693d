"""What the user writes under ``processors::log_dedup``: contrib's keys, and a bound of what is held."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from otel_discord.config import Duration, StrictModel
from otel_discord.config.problem import SeveralError
from otel_discord.ottl import ContextKind, OttlSyntaxError, parse_condition
from otel_discord.processors.log_dedup.fields import ATTRIBUTES, BODY, split_field
from otel_discord.processors.log_dedup.zones import zone_of


class LogDedupConfig(StrictModel):
    """What is the same, and how long it is held."""

    interval: Duration = 10.0
    """How long records are held; each interval begins anew."""
    conditions: tuple[str, ...] = ()
    """OTTL; held is what one of them holds for, everything else passes at once. Without conditions all is held."""
    log_count_attribute: Annotated[str, Field(min_length=1)] = "log_count"
    """Name of the attribute with the count."""
    timezone: str = "UTC"
    """Time zone of `first_observed_timestamp` and `last_observed_timestamp`, as in Europe/Berlin."""
    exclude_fields: tuple[str, ...] = ()
    """Fields that do not matter, as in `attributes.host\\.name` or `body.user.id`; the record loses them."""
    include_fields: tuple[str, ...] = ()
    """Only these fields matter (and resource and scope); not together with `exclude_fields`."""
    timestamp_mode: Literal["observed", "preserved"] = "observed"
    """Time of the record that is let out: observed, the end of the interval; preserved, that of the first one."""
    metadata_keys: tuple[str, ...] = ()
    """Accepted, without effect: headers of requests do not come along."""
    metadata_cardinality_limit: Annotated[int, Field(ge=0)] = 0
    """Accepted, without effect."""
    max_distinct: Annotated[int, Field(ge=1)] = 10_000
    """Different records held at most; further different ones pass at once."""
    max_mib: Annotated[int, Field(ge=1)] = 16
    """Their size at most, in MiB."""

    @field_validator("interval")
    @classmethod
    def _takes_time(cls, interval_s: float) -> float:
        if interval_s <= 0:
            raise ValueError("must be above 0s, as in 10s")
        return interval_s

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        zone_of(name)
        return name

    @model_validator(mode="after")
    def _fields_fit(self) -> "LogDedupConfig":
        problems = []
        if self.exclude_fields and self.include_fields:
            problems.append("include_fields: not together with exclude_fields; remove one of the two")
        for key in ("exclude_fields", "include_fields"):
            seen = set()
            for place, field in enumerate(getattr(self, key)):
                if split_field(field)[0] not in {BODY, ATTRIBUTES} or "" in split_field(field):
                    problems.append(f"{key}::{place}: must be a path below body or attributes, as in attributes.id")
                elif field == BODY and key == "exclude_fields":
                    problems.append(f"{key}::{place}: the whole body cannot be excluded; name a field of it")
                elif field in seen:
                    problems.append(f"{key}::{place}: is there twice")
                seen.add(field)
        for place, text in enumerate(self.conditions):
            try:
                parse_condition(text, ContextKind.LOG)
            except OttlSyntaxError as error:
                problems.append(f"conditions::{place}: {error}")
        if problems:
            raise SeveralError(problems)
        return self
