"""The base of every configuration section: unknown keys fail, values do not change after loading.

A field of text gets a scalar as it was written, other fields what YAML makes of it (``fit``). A key without a value
(``batch:``) means the field's default, except where the field takes null.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator

from otel_discord.config.fit import fit_section


class StrictModel(BaseModel):
    """A section of the configuration: strict keys, frozen, documented by its attributes' docstrings (``key_docs``)."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        validate_default=False,
        coerce_numbers_to_str=True,
    )

    foreign_keys: ClassVar[Mapping[str, str]] = {}
    """Keys that people bring along from other programs, in lower case, and what to write here instead."""

    @model_validator(mode="before")
    @classmethod
    def _fit_values(cls, data: Any) -> Any:
        return fit_section(cls, data)
