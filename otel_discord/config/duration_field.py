"""A duration as the type of a field: seconds in code, Go's spelling in a configuration."""

from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from otel_discord.config.duration import format_duration, parse_duration


def _not_negative(seconds: float) -> float:
    if seconds < 0:
        raise ValueError("must not be negative")
    return seconds


def _parse(value: object) -> float:
    # A default written in code is already seconds; what a user writes is a string (or 0).
    return _not_negative(parse_duration(value))


Duration = Annotated[
    float,
    Field(strict=False),
    BeforeValidator(_parse),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["250ms", "10s", "5m"]}),
]
"""Seconds, not negative; written as a Go duration. Defaults in code are plain seconds and are not validated."""
