"""A log record as one line: for people, or as JSON. Every part goes through ``redact`` before it is laid out.

Values come after the message as ``key=value``. What a value or message holds cannot start a line of its own or
colour the terminal: control characters are escaped, further lines are indented.
"""

import logging
import re
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias

import orjson

from otel_discord.component.last_copy import LAST_COPY

Redact: TypeAlias = Callable[[str], str]
Value: TypeAlias = str | int | float | bool | None

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", LAST_COPY}
_LEVELS: Final = {logging.DEBUG: "debug", logging.INFO: "info", logging.WARNING: "warn", logging.ERROR: "error"}
_COLOURS: Final = {"debug": "\x1b[2m", "info": "\x1b[34m", "warn": "\x1b[33m", "error": "\x1b[31m"}
_RESET: Final = "\x1b[0m"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_PLAIN_VALUE: Final = re.compile(r"[^\s\"=]+")


def level_name(level: int) -> str:
    """Return debug, info, warn or error; what is above is error."""
    return _LEVELS.get(min(level // 10 * 10, logging.ERROR), "debug")


def message_of(record: logging.LogRecord) -> str:
    """Return the message with its values put in; where they do not fit, the text before and the values' types."""
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001  a broken log call, or a value whose __str__ raises, must not lose the line
        args = record.args if isinstance(record.args, tuple) else (record.args,)
        return f"{record.msg!s} (values do not fit: {', '.join(type(arg).__name__ for arg in args)})"


def values_of(record: logging.LogRecord, redact: Redact) -> dict[str, Value]:
    """Return what was passed as ``extra``."""
    return {key: _value(item, redact) for key, item in vars(record).items() if key not in _STANDARD}


def exception_of(record: logging.LogRecord, redact: Redact) -> str:
    """Return the traceback and stack of the record, or ""."""
    parts = []
    if record.exc_info and record.exc_info[0] is not None:
        parts.append("".join(traceback.format_exception(*record.exc_info)).rstrip())
    elif record.exc_text:
        parts.append(record.exc_text)
    if record.stack_info:
        parts.append(record.stack_info)
    return redact("\n".join(parts))


def console_line(
    record: logging.LogRecord, redact: Redact, fields: Mapping[str, Value], *, coloured: bool = False
) -> str:
    """Return the line for people; a traceback follows, indented."""
    level = level_name(record.levelno)
    shown = f"{_COLOURS[level]}{level.upper():<5}{_RESET}" if coloured else f"{level.upper():<5}"
    message = _one_line(redact(message_of(record)))
    values = {**fields, **values_of(record, redact)}
    words = [_time(record), shown, _who(record), message]
    words += [f"{key}={_quoted(value)}" for key, value in values.items()]
    exception = exception_of(record, redact)
    return "  ".join(words[:3]) + "  " + " ".join(words[3:]) + (f"\n    {_one_line(exception)}" if exception else "")


def json_line(record: logging.LogRecord, redact: Redact, fields: Mapping[str, Value]) -> str:
    """Return one JSON object: the values, then ``ts``, ``level``, ``logger``, ``msg`` and, if any, ``exception``."""
    document: dict[str, Value] = {**fields, **values_of(record, redact)}
    document |= {
        "ts": _time(record),
        "level": level_name(record.levelno),
        "logger": _who(record),
        "msg": redact(message_of(record)),
    }
    exception = exception_of(record, redact)
    if exception:
        document["exception"] = exception
    # A lone surrogate is no UTF-8; a huge integer is no JSON number for orjson.
    clean = {key: _encodable(item) for key, item in document.items()}
    return _escaped_json(clean)


def _value(item: object, redact: Redact) -> Value:
    if item is None or isinstance(item, (bool, float)):
        return item
    if isinstance(item, int):
        return int(item)
    try:
        return redact(str(item))
    except Exception:  # noqa: BLE001  a value whose __str__ raises must not lose the line
        return f"<{type(item).__name__}>"


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _who(record: logging.LogRecord) -> str:
    return record.name.removeprefix("otel_discord.")


def _one_line(text: str) -> str:
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text.replace("\r\n", "\n")).replace("\n", "\n    ")


def _quoted(value: Value) -> str:
    if not isinstance(value, str):
        return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return value if _PLAIN_VALUE.fullmatch(value) and value.isprintable() else _escaped_json(_encodable(value))


def _escaped_json(item: object) -> str:
    """Return JSON without raw control characters; orjson leaves those above 0x7f as they are."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", orjson.dumps(item).decode())


def _encodable(item: Value) -> Value:
    if isinstance(item, str):
        return item.encode("utf-8", "backslashreplace").decode()
    if isinstance(item, int) and not isinstance(item, bool) and abs(item) >= 2**63:
        return str(item)
    return item
