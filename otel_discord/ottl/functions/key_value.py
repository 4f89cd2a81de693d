"""Maps written as ``key=value key=value``, read and written."""

from collections.abc import Iterator, Mapping
from typing import Final

from otel_discord.ottl.errors import OttlError

PAIRS_MAX: Final = 10_000


def check_delimiters(delimiter: str, pair_delimiter: str) -> None:
    """Check that pairs can be told from their halves.

    Raises:
        OttlError: one of the two is empty, or both are the same.
    """
    if not delimiter or not pair_delimiter:
        raise OttlError("a delimiter cannot be an empty string")
    if delimiter == pair_delimiter:
        raise OttlError(f"the delimiter and the pair delimiter cannot both be {delimiter!r}")


def parse_key_value(text: str, delimiter: str, pair_delimiter: str) -> dict[str, str]:
    """Return the pairs of a text; delimiters of pairs inside quotes do not count, and outer quotes are taken off.

    Raises:
        OttlError: the text is empty, a quote is never closed, a pair has no delimiter, or there are over 10,000 pairs.
    """
    if not text:
        raise OttlError("cannot find keys and values in an empty string")
    pairs: dict[str, str] = {}
    for number, pair in enumerate(_split_outside_quotes(text, pair_delimiter)):
        if number >= PAIRS_MAX:
            raise OttlError(f"more than {PAIRS_MAX:,} pairs")
        key, found, value = pair.partition(delimiter)
        if not found:
            raise OttlError(f"a pair without {delimiter!r}")
        pairs[key.strip()] = value.strip()
    return pairs


def _split_outside_quotes(text: str, delimiter: str) -> Iterator[str]:
    current: list[str] = []
    quote = ""
    position = 0
    while position < len(text):
        character = text[position]
        if not quote and text.startswith(delimiter, position):
            if current:
                yield "".join(current)
                current = []
            position += len(delimiter)
            continue
        if not quote and character in "\"'":
            quote = character
        elif character == quote:
            quote = ""
        else:
            current.append(character)
        position += 1
    if quote:
        raise OttlError("a quoted value never ends")
    if current:
        yield "".join(current)


def write_key_value(pairs: Mapping[str, str], delimiter: str, pair_delimiter: str, sort_output: bool) -> str:
    """Return the pairs as one text; a key or value that contains a delimiter is quoted, quotes in it are escaped."""
    keys = sorted(pairs) if sort_output else pairs
    return pair_delimiter.join(
        _quoted(key, delimiter, pair_delimiter) + delimiter + _quoted(pairs[key], delimiter, pair_delimiter)
        for key in keys
    )


def _quoted(text: str, delimiter: str, pair_delimiter: str) -> str:
    escaped = text.replace('"', '\\"')
    return f'"{escaped}"' if delimiter in escaped or pair_delimiter in escaped else escaped
