"""Converters that read a text's structure: ParseCSV, ParseJSON, ParseKeyValue, ParseSeverity, ToKeyValueString, URL."""

from typing import Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions.csv_row import parse_row
from otel_discord.ottl.functions.declare import converter, of_string
from otel_discord.ottl.functions.json_value import parse_json
from otel_discord.ottl.functions.key_value import check_delimiters, parse_key_value, write_key_value
from otel_discord.ottl.functions.severity_mapping import parse_severity
from otel_discord.ottl.functions.url_parts import url_parts
from otel_discord.ottl.registry import Arguments, Function, Getter, Kind, Parameter
from otel_discord.ottl.values import Value, as_text

_CSV_MODES: Final = ("strict", "lazyQuotes", "ignoreQuotes")


def parse_csv(text: str, header: str, delimiter: str, header_delimiter: str, mode: str) -> dict[str, Value]:
    """Return a row's fields by the names in the header.

    Raises:
        OttlError: no header, a badly quoted row, or another number of fields than of names.
    """
    if not header:
        raise OttlError("the header cannot be an empty string")
    names = header.split(header_delimiter)
    ignored = mode == "ignoreQuotes"
    fields = text.split(delimiter) if ignored else parse_row(text, delimiter, lazy_quotes=mode == "lazyQuotes")
    if len(fields) != len(names):
        raise OttlError(f"{len(fields)} fields, but {len(names)} names in the header")
    return dict(zip(names, fields, strict=True))


def _build_csv(arguments: Arguments) -> Getter:
    delimiter = arguments.text("delimiter")
    header_delimiter = arguments.literal("header_delimiter") or delimiter
    mode = arguments.text("mode")
    if len(delimiter) != 1 or len(header_delimiter) != 1:
        raise ValueError("a delimiter must be a single character")
    if mode not in _CSV_MODES:
        raise ValueError(f"no such mode: {mode!r}; there are {', '.join(_CSV_MODES)}")
    text, header = arguments.getter("target"), arguments.getter("header")
    return lambda item: parse_csv(text(item), header(item), delimiter, header_delimiter, mode)


def _delimiters(arguments: Arguments) -> tuple[str, str]:
    delimiter, pair_delimiter = arguments.text("delimiter"), arguments.text("pair_delimiter")
    try:
        check_delimiters(delimiter, pair_delimiter)
    except OttlError as error:
        raise ValueError(str(error)) from None
    return delimiter, pair_delimiter


def _build_parse_key_value(arguments: Arguments) -> Getter:
    delimiter, pair_delimiter = _delimiters(arguments)
    text = arguments.getter("target")
    return lambda item: parse_key_value(text(item), delimiter, pair_delimiter)


def _build_to_key_value(arguments: Arguments) -> Getter:
    delimiter, pair_delimiter = _delimiters(arguments)
    sort_output, target = arguments.literal("sort_output"), arguments.getter("target")

    def written(item: object) -> str:
        texts = {key: as_text(value) for key, value in target(item).items()}
        return write_key_value(texts, delimiter, pair_delimiter, sort_output)

    return written


_DELIMITERS: Final = (
    Parameter("delimiter", Kind.STRING_LITERAL, default="="),
    Parameter("pair_delimiter", Kind.STRING_LITERAL, default=" "),
)

FUNCTIONS: Final[tuple[Function, ...]] = (
    Function(
        "ParseCSV",
        (
            Parameter("target", Kind.STRING),
            Parameter("header", Kind.STRING),
            Parameter("delimiter", Kind.STRING_LITERAL, default=","),
            Parameter("header_delimiter", Kind.STRING_LITERAL, default=None),
            Parameter("mode", Kind.STRING_LITERAL, default="strict"),
        ),
        _build_csv,
    ),
    of_string("ParseJSON", parse_json),
    Function("ParseKeyValue", (Parameter("target", Kind.STRING), *_DELIMITERS), _build_parse_key_value),
    converter("ParseSeverity", parse_severity, Parameter("target", Kind.VALUE), Parameter("mapping", Kind.MAP)),
    Function(
        "ToKeyValueString",
        (
            Parameter("target", Kind.MAP),
            *_DELIMITERS,
            Parameter("sort_output", Kind.BOOL_LITERAL, default=False),
        ),
        _build_to_key_value,
    ),
    of_string("URL", url_parts),
)
