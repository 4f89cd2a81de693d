"""Converters of texts."""

from typing import Any, Final

from otel_discord.ottl.registry import Arguments, Function, Getter, Kind, Parameter
from otel_discord.ottl.values import as_text


def _concat(arguments: Arguments) -> Getter:
    values, delimiter = arguments.getter("values"), arguments.getter("delimiter")

    def run(item: Any) -> str:
        return str(delimiter(item)).join("<nil>" if value is None else as_text(value) for value in values(item))

    return run


FUNCTIONS: Final = (Function("Concat", (Parameter("values", Kind.LIST), Parameter("delimiter", Kind.STRING)), _concat),)
