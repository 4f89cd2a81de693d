"""What a ``logging.LogRecord`` says, as plain values that the application cannot change any more.

Runs where the application waits: what most records do not have costs nothing. Nothing here raises, whatever the
application has put into a record.
"""

import logging
import re
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from otel_discord.sdk.capture import capture
from otel_discord.sdk.freeze import freeze, freeze_attributes
from otel_discord.sdk.snapshot import Snapshot

ATTACHMENTS: Final = "discord.attachments"
_EVENT_NAMES: Final = ("otel.event.name", "event.name")
_CORRELATION: Final = ("otelTraceID", "otelSpanID", "otelTraceSampled", "otelServiceName")
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",  # uvicorn says its message a second time, in colour
    *_CORRELATION,
    *_EVENT_NAMES,
}
_NO_ATTRIBUTES: Final[Mapping[str, Any]] = MappingProxyType({})
_MAX_ARGUMENT_CHARS: Final = 200
_TRACEBACK: Final = "Traceback (most recent call last):"
_WORDS: Final = re.compile(r"[^\W\d_]{3}")
"""What a template has to have; ``"%s: %s"`` would make one problem of all."""
_ERROR_LINE: Final = re.compile(r"(?P<type>[A-Za-z_][\w.<>]*)(?:: ?(?P<message>.*))?", re.DOTALL)
_GROUP_LINE: Final = re.compile(r"^ *\| (?=\S)(?!Traceback|File )(?P<error>[^\n]*)", re.MULTILINE)


def snapshot_of(
    record: logging.LogRecord,
    *,
    severity: int,
    resource: Mapping[str, Any],
    include_code: bool = True,
    text: str | None = None,
) -> Snapshot:
    """Return the record as it is now; ``text`` takes the place of its message where a formatter has made it."""
    values = record.__dict__
    error = _error_of(record)
    exception = capture(error) if error is not None else None
    message = record.msg
    body: Any
    template = ""
    if text is not None:
        body = freeze(text)
    elif isinstance(message, Mapping) and not record.args:  # structlog hands its whole event on
        body = freeze({key: value for key, value in message.items() if key != "exc_info"})
    else:
        body = freeze(message_of(record))
        if record.args and type(message) is str and _WORDS.search(message):
            template = message
    if exception is not None and isinstance(body, str) and (at := body.find("\n" + _TRACEBACK)) > 0:
        body = body[:at]  # it is said once, as the exception
    attributes = _extras(values)
    if include_code and record.pathname:
        attributes["code.file.path"] = str(record.pathname)
        attributes["code.line.number"] = record.lineno
        if record.funcName:
            attributes["code.function.name"] = record.funcName
    if record.threadName and record.threadName != "MainThread":
        attributes["thread.name"] = record.threadName
    if record.stack_info:
        attributes["code.stacktrace"] = freeze(record.stack_info)
    if record.exc_text and exception is None:
        attributes = {**exception_of_text(record.exc_text), **attributes}
    trace_id, span_id, flags = _ids(values)
    return Snapshot(
        time_ns=round(record.created * 1e6) * 1000,
        severity=severity,
        severity_text=str(record.levelname),
        body=body,
        attributes=attributes or _NO_ATTRIBUTES,
        scope=str(record.name),
        resource=resource,
        event_name=_event_name(values),
        trace_id=trace_id,
        span_id=span_id,
        flags=flags,
        template=template,
        exception=exception,
    )


def message_of(record: logging.LogRecord) -> str:
    """Return the message with its values put in; where they do not fit, the text before and the values beside it."""
    try:
        return record.getMessage() or (repr(record.msg) if isinstance(record.msg, BaseException) else "")
    except Exception:  # noqa: BLE001 - a wrong format, or a value whose __str__ raises
        args = record.args if isinstance(record.args, tuple) else (record.args,)
        said = ", ".join(_repr(each) for each in args)
        return f"{freeze(record.msg)} (values do not fit: {said})"


def exception_of_text(text: str) -> dict[str, str]:
    """Return the attributes of an exception of which only the printed traceback is known."""
    stacktrace = str(freeze(text)).strip("\n")
    if not stacktrace:
        return {}
    found = _ERROR_LINE.fullmatch(_last_error(text.strip("\n")))
    attributes = {"exception.stacktrace": stacktrace}
    if found:
        attributes["exception.type"] = found["type"]
        if found["message"]:
            attributes["exception.message"] = str(freeze(found["message"].strip()))
    return attributes


def _last_error(text: str) -> str:
    """Return what stands after the frames of the last traceback: the type and its message, over several lines."""
    group = _GROUP_LINE.search(text)
    if group:
        return group["error"]
    lines = text[text.rfind(_TRACEBACK) :].split("\n") if _TRACEBACK in text else text.split("\n")[-2:]
    for at, line in enumerate(lines[1:], 1):
        if line and not line[0].isspace():
            return "\n".join(lines[at:])
    return lines[-1]


def _error_of(record: logging.LogRecord) -> BaseException | None:
    info: Any = record.exc_info
    message: Any = record.msg
    if not info:
        if isinstance(message, BaseException):
            return message
        if not isinstance(message, Mapping):
            return None
        info = message.get("exc_info")
    if info is True:
        return sys.exc_info()[1]
    if isinstance(info, tuple) and len(info) > 1:
        info = info[1]
    return info if isinstance(info, BaseException) else None


def _extras(values: dict[str, Any]) -> dict[str, Any]:
    """Return what was passed as ``extra``, frozen. Names with a leading underscore are somebody's own business."""
    keys = [key for key in values if key not in _STANDARD]
    if not keys:
        return {}
    chosen: dict[Any, Any] = {key: values[key] for key in keys if not str(key).startswith("_")}
    nested = chosen.get("extra")
    if isinstance(nested, Mapping):  # loguru's
        del chosen["extra"]
        chosen = {**nested, **chosen}
    files = chosen.pop(ATTACHMENTS, None)
    attributes = freeze_attributes(chosen)
    if files is not None:
        attributes[ATTACHMENTS] = _attachments(files)
    return attributes


def _attachments(files: Any) -> tuple[Any, ...]:
    """Return files as they were asked for; their bytes are not cut, as the text of other attributes may be."""
    entries = files if isinstance(files, (list, tuple)) else (files,)
    return tuple(
        {str(key): _whole(value) for key, value in entry.items()} if isinstance(entry, Mapping) else freeze(entry)
        for entry in entries
    )


def _whole(value: Any) -> Any:
    if isinstance(value, (str, bytes)):
        return value
    return bytes(value) if isinstance(value, (bytearray, memoryview)) else freeze(value)


def _event_name(values: dict[str, Any]) -> str:
    for key in _EVENT_NAMES:
        if key in values:
            return str(freeze(values[key]) or "")
    return ""


def _ids(values: dict[str, Any]) -> tuple[int, int, int]:
    """Return trace id, span id and flags: as OpenTelemetry's instrumentation has noted them, else of the span now."""
    trace_id = _from_hex(values.get("otelTraceID"), 128)
    if trace_id:
        flags = 1 if str(values.get("otelTraceSampled")) == "True" else 0
        return trace_id, _from_hex(values.get("otelSpanID"), 64), flags
    api = sys.modules.get("opentelemetry.trace")
    if api is None:
        return 0, 0, 0
    try:
        span = api.get_current_span().get_span_context()
        return (span.trace_id, span.span_id, int(span.trace_flags)) if span.is_valid else (0, 0, 0)
    except Exception:  # noqa: BLE001 - half imported, or another version
        return 0, 0, 0


def _from_hex(text: object, bits: int) -> int:
    if not isinstance(text, str):
        return 0
    try:
        number = int(text, 16)
    except ValueError:
        return 0
    return number if 0 <= number < 1 << bits else 0


def _repr(value: object) -> str:
    try:
        return repr(value)[:_MAX_ARGUMENT_CHARS]
    except Exception:  # noqa: BLE001
        return f"<unprintable {type(value).__name__}>"
