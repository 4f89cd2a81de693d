"""Editors that write one field."""

from typing import Any, Final

from otel_discord.ottl.registry import Arguments, Function, Getter, Kind, Parameter


def _set(arguments: Arguments) -> Getter:
    target, value = arguments.target("target"), arguments.getter("value")

    def run(item: Any) -> None:
        found = value(item)
        if found is not None:  # a field that is not there is not copied
            target.set(item, found)

    return run


FUNCTIONS: Final = (Function("set", (Parameter("target", Kind.TARGET), Parameter("value", Kind.VALUE)), _set),)
