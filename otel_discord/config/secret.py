"""A value that is used but never shown.

Every way of printing gives ``[REDACTED]``; the value itself is reached only through :meth:`Secret.reveal`,
so a search for ``reveal(`` lists every place that can leak.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

REDACTED: Final = "[REDACTED]"


class Secret:
    """A string that prints as ``[REDACTED]`` in ``str``, ``repr``, ``format`` and JSON."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value; call it where it is sent, nowhere else."""
        return self._value

    def hint(self) -> str:
        """Return ``…`` and the last four characters, enough to tell two tokens apart."""
        return f"…{self._value[-4:]}" if len(self._value) >= 12 else "…"

    def __str__(self) -> str:
        return REDACTED

    def __repr__(self) -> str:
        return REDACTED

    def __format__(self, spec: str) -> str:
        return format(REDACTED, spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __getstate__(self) -> object:
        raise TypeError("a Secret is not serialised")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        """Accept a string or a Secret; serialise as ``[REDACTED]``."""
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            cls._validate,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda _: REDACTED),
        )

    @classmethod
    def _validate(cls, value: object) -> "Secret":
        if isinstance(value, Secret):
            return value
        if isinstance(value, str):
            return cls(value)
        raise ValueError("must be a string")  # never the value itself
