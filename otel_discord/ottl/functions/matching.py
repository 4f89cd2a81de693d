"""Converters that answer yes or no about a text."""

from typing import Any, Final

from otel_discord.ottl.registry import Arguments, Function, Getter, Kind, Parameter


def _is_match(arguments: Arguments) -> Getter:
    target, found_in = arguments.getter("target"), arguments.regex("pattern").found_in

    def run(item: Any) -> bool:
        text = target(item)
        return text is not None and found_in(text)

    return run


FUNCTIONS: Final = (
    Function("IsMatch", (Parameter("target", Kind.STRING_LIKE), Parameter("pattern", Kind.REGEX)), _is_match),
)
