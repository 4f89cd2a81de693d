"""One row of comma separated values, taken apart. Line breaks inside belong to the field that they are in."""

from collections.abc import Iterator
from typing import Final

from otel_discord.ottl.errors import OttlError

FIELDS_MAX: Final = 10_000


def parse_row(row: str, delimiter: str, lazy_quotes: bool) -> list[str]:
    """Return the fields of a row; with ``lazy_quotes`` a quote may stand within a field.

    Raises:
        OttlError: an empty row, a quote where none may be, or more than 10,000 fields.
    """
    text = row.replace("\r\n", "\n").strip("\n")
    if not text:
        raise OttlError("there is no row of values in an empty string")
    fields: list[str] = []
    position = 0
    while True:
        field, position = _field(text, position, delimiter, lazy_quotes)
        fields.append(field)
        if len(fields) > FIELDS_MAX:
            raise OttlError(f"more than {FIELDS_MAX:,} fields")
        if position == len(text):
            return fields
        position += 1
        if position == len(text):
            return [*fields, ""]


def _field(text: str, start: int, delimiter: str, lazy_quotes: bool) -> tuple[str, int]:
    if text.startswith('"', start):
        return _quoted_field(text, start + 1, delimiter, lazy_quotes)
    end = text.find(delimiter, start)
    end = len(text) if end < 0 else end
    if not lazy_quotes and text.find('"', start, end) >= 0:
        raise OttlError("a quote within a field that is not quoted")
    return text[start:end], end


def _quoted_field(text: str, start: int, delimiter: str, lazy_quotes: bool) -> tuple[str, int]:
    pieces: list[str] = []
    position = start
    for quote in _quotes(text, start):
        if quote < position:
            continue
        pieces.append(text[position:quote])
        after = text[quote + 1 : quote + 2]
        if after in ("", delimiter):
            return "".join(pieces), quote + 1
        if after == '"':
            position = quote + 2
        elif lazy_quotes:
            position = quote + 1
        else:
            raise OttlError("a quoted field goes on after its closing quote")
        pieces.append('"')
    if not lazy_quotes:
        raise OttlError("a quoted field never ends")
    return "".join(pieces) + text[position:], len(text)


def _quotes(text: str, start: int) -> Iterator[int]:
    quote = text.find('"', start)
    while quote >= 0:
        yield quote
        quote = text.find('"', quote + 1)
