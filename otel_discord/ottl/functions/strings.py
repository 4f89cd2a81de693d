"""Converters of strings: letter case, prefixes and suffixes, trimming, cutting, joining, splitting.

Offsets and lengths count bytes of UTF-8, as in the Collector. A string of ours is always whole characters: what a cut
leaves of a character becomes U+FFFD.
"""

from typing import Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions.conversions import to_string
from otel_discord.ottl.functions.declare import converter, of_string
from otel_discord.ottl.functions.letter_case import to_camel_case, to_snake_case
from otel_discord.ottl.registry import Arguments, Function, Getter, Kind, Parameter
from otel_discord.ottl.values import Value

PARTS_MAX: Final = 100_000
CONCAT_CHARS_MAX: Final = 16 * 2**20
_CASES: Final = {"lower": str.lower, "upper": str.upper, "snake": to_snake_case, "camel": to_camel_case}


def concat(values: list[Value], delimiter: str) -> str:
    """Return the values as text, joined; nil is written as ``<nil>``.

    Raises:
        OttlError: a value is a time or a duration, or the whole is longer than 16 Mi characters.
    """
    texts = [value if type(value) is str else _text_of(value) for value in values]
    if sum(map(len, texts)) + len(delimiter) * len(texts) > CONCAT_CHARS_MAX:
        raise OttlError(f"the text is longer than {CONCAT_CHARS_MAX:,} characters")
    return delimiter.join(texts)


def _text_of(value: Value) -> str:
    text = to_string(value)
    return "<nil>" if text is None else text


def split(text: str, delimiter: str) -> list[Value]:
    """Return the parts between delimiters; an empty delimiter splits into characters.

    Raises:
        OttlError: more than 100,000 parts.
    """
    parts = text.split(delimiter, PARTS_MAX) if delimiter else list(text[: PARTS_MAX + 1])
    if len(parts) > PARTS_MAX:
        raise OttlError(f"more than {PARTS_MAX:,} parts")
    return list[Value](parts)


def substring(text: str, start: int, length: int, utf8_safe: bool) -> str:
    """Return ``length`` bytes from byte ``start`` on; ``utf8_safe`` leaves out characters that are not whole there.

    Raises:
        OttlError: a negative start, no length, or a range that ends behind the string.
    """
    if start < 0:
        raise OttlError(f"the start cannot be negative: {start}")
    if length <= 0:
        raise OttlError(f"the length must be above zero: {length}")
    data = text.encode(errors="replace")
    if start + length > len(data):
        raise OttlError(f"start {start} and length {length} reach behind the string's {len(data)} bytes")
    return data[start : start + length].decode(errors="ignore" if utf8_safe else "replace")


def _case(arguments: Arguments) -> Getter:
    to_case = arguments.text("to_case")
    if to_case not in _CASES:
        raise ValueError(f"no such case: {to_case!r}; there are {', '.join(_CASES)}")
    target, change = arguments.getter("target"), _CASES[to_case]
    return lambda item: change(target(item))


_TARGET: Final = Parameter("target", Kind.STRING)

FUNCTIONS: Final[tuple[Function, ...]] = (
    converter("Concat", concat, Parameter("vals", Kind.LIST), Parameter("delimiter", Kind.STRING)),
    Function("ConvertCase", (_TARGET, Parameter("to_case", Kind.STRING_LITERAL)), _case),
    converter("HasPrefix", str.startswith, _TARGET, Parameter("prefix", Kind.STRING)),
    converter("HasSuffix", str.endswith, _TARGET, Parameter("suffix", Kind.STRING)),
    converter("Split", split, _TARGET, Parameter("delimiter", Kind.STRING)),
    converter(
        "Substring",
        substring,
        _TARGET,
        Parameter("start", Kind.INT),
        Parameter("length", Kind.INT),
        Parameter("utf8_safe", Kind.BOOL, default=False),
    ),
    of_string("ToCamelCase", to_camel_case),
    of_string("ToLowerCase", str.lower),
    of_string("ToSnakeCase", to_snake_case),
    of_string("ToUpperCase", str.upper),
    converter("Trim", str.strip, _TARGET, Parameter("replacement", Kind.STRING, default=" ")),
    converter("TrimPrefix", str.removeprefix, _TARGET, Parameter("prefix", Kind.STRING)),
    converter("TrimSuffix", str.removesuffix, _TARGET, Parameter("suffix", Kind.STRING)),
)
