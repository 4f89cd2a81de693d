"""The functions of the language, one family a module; how one is declared says :mod:`otel_discord.ottl.registry`.

``FUNCTIONS`` is all of them by name. Functions are total: on whatever value, they return or raise ``OttlError``.
"""

from typing import Final

from otel_discord.ottl.functions import (
    conversions,
    durations,
    editors_maps,
    editors_replace,
    editors_values,
    encodings,
    go_format,
    hashes,
    lists_and_maps,
    parsers,
    patterns,
    strings,
    telemetry,
    times,
    type_checks,
)
from otel_discord.ottl.registry import Function

_MODULES: Final = (
    *(editors_values, editors_maps, editors_replace),
    *(conversions, durations, encodings, go_format, hashes, lists_and_maps, parsers),
    *(patterns, strings, telemetry, times, type_checks),
)

FUNCTIONS: Final[dict[str, Function]] = {
    function.name: function for module in _MODULES for function in module.FUNCTIONS
}
