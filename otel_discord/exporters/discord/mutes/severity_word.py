"""The word that says how bad a record is: its alert's own (``warning``, ``page``), or that of its severity. Pure."""

from collections.abc import Collection
from typing import Final

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.mutes.matchers import Test
from otel_discord.ottl.regex import compile_regex
from otel_discord.signals import to_plain
from otel_discord.signals.alert_event import is_alert
from otel_discord.signals.severity import Severity, severity_from_text, severity_range

_OF_ALERTS: Final = {"none": Severity.INFO, "major": Severity.ERROR, "page": Severity.FATAL}
"""Words of alert rules that no logger writes."""
_RANGE_STEPS: Final = 4


def severity_test(operator: str, value: str, text: str) -> Test:
    """Return what compares the word with ``=``, ``!=``, ``=~`` or ``!~``, in any case.

    The first two take a word for its range as well: ``critical`` is FATAL, ``error`` is ERROR to ERROR4, ``17`` that
    number. A pattern has to match the whole word, of an alert its own, else ``error`` or what the logger wrote.

    Raises:
        ValueError: the pattern is none.
    """
    says_so = _pattern_test(value, text) if operator in {"=~", "!~"} else _equality_test(value)
    if operator in {"=", "=~"}:
        return says_so
    return lambda item, severity: not says_so(item, severity)


def _equality_test(value: str) -> Test:
    wanted, numbers = value.strip().lower(), _numbers(value)

    def says_so(record: LogRecord, severity: int) -> bool:
        own = _alert_word(record)
        if own and not _range_of(own):
            return own == wanted  # whoever invents a word has not said which number it is
        return severity in numbers or wanted in _words(record, severity)

    return lambda item, severity: says_so(item.record, severity)


def _pattern_test(value: str, text: str) -> Test:
    try:
        compile_regex(value)
        pattern = compile_regex(rf"(?i)\A(?:{value})\z")
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None
    return lambda item, severity: any(map(pattern.found_in, _words(item.record, severity)))


def _words(record: LogRecord, severity: int) -> Collection[str]:
    """Return the words that a record goes by; the empty one where it has none."""
    own = _alert_word(record)
    if own:
        return {own}
    of_range = severity_range(severity)
    said = {record.severity_text.strip().lower(), of_range.name.lower() if of_range else ""}
    return said - {""} or {""}


def _alert_word(record: LogRecord) -> str:
    """Return the word that an alert's rule gave it; "" where it has none, and for what is no alert."""
    if not is_alert(record):
        return ""
    found = {pair.key: to_plain(pair.value) for pair in record.attributes if pair.key in {"alert.severity", "severity"}}
    word = found.get("alert.severity") or found.get("severity")
    return word.strip().lower() if isinstance(word, str) else ""


def _range_of(word: str) -> Severity:
    return _OF_ALERTS.get(word) or severity_from_text(word)


def _numbers(value: str) -> Collection[int]:
    """Return the severity numbers that a word means; none for one that only an alert's rule knows."""
    word = value.strip().lower()
    if word.isdecimal():
        return {int(word)} - {0}
    lowest = int(_range_of(word))
    if not lowest:
        return ()
    if word[-1] in "1234":
        return {lowest + int(word[-1]) - 1}
    return range(lowest, lowest + _RANGE_STEPS)
