"""A value as JSON, in bounded time and length. Pure functions."""

import json
from collections.abc import Mapping
from typing import Any, Final

from otel_discord.templating.cutting import cut_middle
from otel_discord.templating.readable import MAX_DEPTH, readable, readable_bytes

_MAX_VALUES: Final = 1_024
_MAX_STRING_CHARS: Final = 4_096
_LEFT_OUT: Final = "…"


def json_text(value: object, indent: int | None = None) -> str:
    """Return a value as JSON on one line, or with ``indent`` spaces (at most 8) on several.

    Bounded: depth 6, 1,024 values in all, 4,096 code points a text; what is left out is ``"…"``.
    """
    spaces = None if indent is None else max(0, min(8, int(indent)))
    separators = (",", ":") if spaces is None else (",", ": ")
    return json.dumps(_plain(value, 0, [_MAX_VALUES]), ensure_ascii=False, indent=spaces, separators=separators)


def _plain(value: object, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    match value:
        case str():
            return cut_middle(str(value), _MAX_STRING_CHARS)
        case None | bool():
            return value
        case int():
            return value if abs(value) < 10**100 else _LEFT_OUT
        case float():
            return value if value - value == 0 else str(value)  # neither infinite nor not a number
        case bytes():
            return readable_bytes(value)
        case Mapping() | list() | tuple() if depth >= MAX_DEPTH or left[0] <= 0:
            return _LEFT_OUT
        case Mapping():
            return _map(value, depth, left)
        case list() | tuple():
            return _list(value, depth, left)
        case _:
            return readable(value)


def _map(value: Mapping[object, object], depth: int, left: list[int]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, item in value.items():
        if left[0] <= 0:
            made[_LEFT_OUT] = f"{len(value) - len(made):,} more"
            break
        made[cut_middle(str(key), 128)] = _plain(item, depth + 1, left)
    return made


def _list(value: list[object] | tuple[object, ...], depth: int, left: list[int]) -> list[Any]:
    made: list[Any] = []
    for item in value:
        if left[0] <= 0:
            made.append(f"… {len(value) - len(made):,} more")
            break
        made.append(_plain(item, depth + 1, left))
    return made
