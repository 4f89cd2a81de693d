"""The base of every configuration section: unknown keys fail, values do not change after loading."""

from pydantic import BaseModel, ConfigDict


class StrictModel(BaseModel):
    """A section of the configuration: strict keys, frozen, documented by its attributes' docstrings."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        validate_default=False,
        coerce_numbers_to_str=True,
    )
