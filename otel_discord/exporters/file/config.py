"""What the user writes under ``exporters::file``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from otel_discord.config.duration_field import Duration
from otel_discord.config.model import StrictModel


class Format(StrEnum):
    """How a batch is written."""

    JSON = "json"
    """OTLP/JSON, one request a line."""
    PROTO = "proto"
    """OTLP protobuf, each request after its length in four bytes, highest first."""


class RotationConfig(StrictModel):
    """When a file has become too large it is set aside under its name with the time, and a new one begun."""

    max_megabytes: Annotated[int, Field(ge=1)] = 100
    """Size of a file at most, in MiB; a single request is never cut."""
    max_backups: Annotated[int, Field(ge=0)] = 100
    """How many are kept; the oldest go. 0: all are kept."""


class FileConfig(StrictModel):
    """Exporter to a file."""

    path: Path
    """The file; it is made with mode 0600."""
    rotation: RotationConfig | None = None
    format: Format = Format.JSON
    """json: OTLP/JSON, one request a line; proto: protobuf, each request after its length in four bytes."""
    append: bool = False
    """false: a file of an earlier run is emptied at the start. With ``rotation`` it never is."""
    create_directory: bool = False
    """true: missing directories of ``path`` are made, with mode 0700."""
    flush_interval: Duration = 0.0
    """0s: each batch is in the file before it is answered OK. Longer: batches wait so long in memory, which is
    quicker; a crash loses them."""
    fsync: bool = False
    """true: what is written survives a power cut."""

    @field_validator("path")
    @classmethod
    def _names_a_file(cls, value: Path) -> Path:
        if not value.name:
            raise ValueError("must name a file")
        return value

    @field_validator("rotation", mode="before")
    @classmethod
    def _empty_rotation_is_on(cls, value: object) -> object:
        return {} if value is None else value
