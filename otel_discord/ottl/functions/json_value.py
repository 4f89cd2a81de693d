"""JSON text as values: numbers are doubles, as in the Collector; size and depth are bounded."""

from typing import Any, Final

import orjson

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.values import Value

JSON_BYTES_MAX: Final = 8 * 2**20
JSON_DEPTH_MAX: Final = 28
"""Each level costs up to three of the 100 that protobuf reads; what is deeper could not be sent on."""


def parse_json(text: str) -> Value:
    """Return what a JSON object, list or scalar says.

    Raises:
        OttlError: not JSON, over 8 MiB, or nested more than 28 levels deep.
    """
    data = text.encode(errors="replace")
    if len(data) > JSON_BYTES_MAX:
        raise OttlError(f"more than {JSON_BYTES_MAX:,} bytes of JSON")
    try:
        parsed = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        # orjson's message names the place, and no part of the text.
        raise OttlError(f"not JSON: {error.msg} at character {error.pos}") from None
    return _value(parsed, JSON_DEPTH_MAX)


def _value(parsed: Any, depth: int) -> Value:
    match parsed:
        case bool() | str() | None:
            return parsed
        case int() | float():
            return float(parsed)
    if depth == 0:
        raise OttlError(f"JSON nested more than {JSON_DEPTH_MAX} levels deep")
    if isinstance(parsed, list):
        return [_value(member, depth - 1) for member in parsed]
    return {key: _value(member, depth - 1) for key, member in parsed.items()}
