"""The exception of a record: from its attributes, or from a stack trace that its body holds. Pure functions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from otel_discord.exporters.discord.facts_lines import clean_lines
from otel_discord.exporters.discord.facts_trace import StackTrace, language_of, parse_trace
from otel_discord.exporters.discord.facts_trace_parts import HOW_MANY_INSIDE
from otel_discord.exporters.discord.facts_values import MAX_TEXT_CHARS, clean, short_text
from otel_discord.signals import Plain
from otel_discord.templating.cutting import ELLIPSIS, whole_chars

_TRACE_STARTS: Final = re.compile(
    r"^Traceback \(most recent call last|^goroutine \d+ \[|^[ \t]+at [\w.$</]|^panic: ", re.MULTILINE
)
_ERROR_LINE: Final = re.compile(
    r"(?:Exception in thread \"[^\"]*\" |Uncaught |Unhandled exception\. |Caused by: )?"
    r"(?P<type>[A-Za-z_][\w.$]*(?:/[\w.$]+)*)(?:: (?P<message>.*))?\Z",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class ExceptionFacts:
    """An exception. ``trace_text`` is bounded and free of controls, ``whole_trace`` is as it arrived."""

    type: str = ""
    """As it arrived: bare or qualified by its module."""
    message: str = ""
    """Bounded and free of controls."""
    whole_message: str = ""
    """As it arrived."""
    trace_text: str = ""
    whole_trace: str = ""
    trace: StackTrace | None = None
    inside: tuple[str, ...] = ()
    """Of an exception group the different errors in it."""

    @property
    def short_type(self) -> str:
        """The type without its module or package."""
        name = self.type.rsplit("/", 1)[-1].rstrip(".")
        return name.rsplit(".", 1)[-1] or self.type

    @property
    def title(self) -> str:
        """``Type: first line of the message``, or what of it is known."""
        message = self.message.split("\n", 1)[0].strip()
        if not message.startswith(f"{self.short_type}: "):
            message = ": ".join(part for part in (self.short_type, message) if part)
        if len(self.inside) == 1:  # a group around one error says less than this one
            kind, colon, rest = self.inside[0].partition(":")
            return f"{_bare(kind)}{colon}{rest} (in {HOW_MANY_INSIDE.sub('', message)})"
        return message


def exception_facts(attributes: Mapping[str, Plain]) -> ExceptionFacts | None:
    """Read `exception.*`; type or message may be missing and are then read from the stack trace.

    Without an exception, what is in `code.stacktrace` is a stack trace with no error (``stack_info=True`` of Python).
    """
    whole = attributes.get("exception.stacktrace")
    whole = whole if isinstance(whole, str) else ""
    kind = short_text(attributes.get("exception.type") or "", 300)
    given = attributes.get("exception.message")
    given = given if isinstance(given, str) else ""
    message = clean_lines(given.strip(), MAX_TEXT_CHARS).strip()
    if not (kind or message or whole):
        stack = attributes.get("code.stacktrace")
        return _with_trace("", "", stack, has_error=False) if isinstance(stack, str) and stack.strip() else None
    found = _with_trace(kind, message, whole)
    return replace(found, whole_message=given) if message and found.message == message else found


def exception_in_body(body: str, whole: str) -> tuple[str, ExceptionFacts] | None:
    """Split a text that ends in a stack trace: what stands before it, and the exception; None without a trace."""
    if "\n" not in body:
        return None
    start = _TRACE_STARTS.search(body)
    if start is None:
        return None
    at = start.start()
    if start[0].lstrip().startswith("at "):  # the line before the first frame names the error
        at = body.rfind("\n", 0, max(0, at - 1)) + 1
    if not language_of(body[at:]):
        return None
    marker = body[at : at + 40]
    whole_at = whole.find(marker)
    found = _with_trace("", "", whole[whole_at:] if whole_at >= 0 else body[at:])
    return body[:at].strip(), found


def _with_trace(kind: str, message: str, whole: str, *, has_error: bool = True) -> ExceptionFacts:
    text = clean_lines(whole.strip("\n"), MAX_TEXT_CHARS).strip("\n").rstrip()
    trace = parse_trace(text) if text else None
    if trace is not None and not trace.language and len(whole) > MAX_TEXT_CHARS:
        text = clean(whole, MAX_TEXT_CHARS).strip("\n").rstrip()  # shown as text, not by frames
    if trace is not None and message:
        message = _fuller(trace, kind, message)
    whole_message = message
    if has_error and trace is not None and not (kind and message):
        kind, message = _from_error_line(trace.error, kind, message)
        whole_message = message if whole_chars(message) == len(message) else _whole_line(trace.error, whole)
    return ExceptionFacts(kind, message, whole_message, text, whole, trace, trace.inside if trace else ())


def errors_in_group(stack_trace: str) -> tuple[str, ...]:
    """Return the different errors in an exception group of Python, from its trace; () where it is none."""
    text = clean_lines(stack_trace.strip("\n"), MAX_TEXT_CHARS).strip("\n").rstrip()
    return parse_trace(text).inside if text else ()


def _fuller(trace: StackTrace, kind: str, message: str) -> str:
    """Return what the trace's own line says where the message is a part of it.

    OpenTelemetry's handler for Python gives the first argument of an exception: ``2`` of
    ``[Errno 2] No such file or directory``, ``rate`` of ``KeyError: 'rate'``.
    """
    if trace.language != "py" or "\n" in message:
        return message
    found = _ERROR_LINE.match(trace.error)
    if not found or not found["message"] or (kind and _bare(found["type"]) != _bare(kind)):
        return message
    return found["message"] if message in found["message"] else message


def _bare(kind: str) -> str:
    return kind.rsplit(".", 1)[-1]


def _whole_line(cut_line: str, text: str) -> str:
    """Return the line of the text that begins like the one that was cut."""
    at = max(0, text.rfind(cut_line.partition(ELLIPSIS)[0]))
    return text[at:].partition("\n")[0]


def _from_error_line(line: str, kind: str, message: str) -> tuple[str, str]:
    found = _ERROR_LINE.match(line[:1000])
    if not found:
        return kind, message or line.strip()
    if kind and _bare(found["type"]) != _bare(kind):
        return kind, message
    return kind or found["type"], message or (found["message"] or "").strip()
