"""Matchers as on Alertmanager's command line: ``service.name=shop``, ``severity<ERROR``, ``name=~"shop-.*"``. Pure.

``=`` and ``!=`` compare texts, ``=~`` and ``!~`` match a whole text with a regular expression (RE2); numbers and
booleans are compared as they are written in JSON. ``severity`` is the record's severity and takes ``<``, ``<=``, ``>``
and ``>=`` as well, ``body`` its text, ``event.name`` its event's name, ``scope.name`` its logger's; any other name is
an attribute of the record, else of its resource. What is not there is the empty text.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import orjson
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from otel_discord.ottl import LogItem
from otel_discord.ottl.regex import compile_regex
from otel_discord.signals import Plain, parse_min_severity, to_plain

_MATCHER: Final = re.compile(
    r"""\s*(?P<name>[A-Za-z_][A-Za-z0-9_.:/-]*)\s*(?P<operator>=~|!~|!=|<=|>=|=|<|>)\s*(?P<value>.*?)\s*""", re.DOTALL
)
_ORDER: Final = frozenset({"<", "<=", ">", ">="})
_LARGEST_RANGE_STEP: Final = 3
_TRACE: Final = 1
"""The lowest severity of all."""
MAX_CHARS: Final = 1_000

Test = Callable[[LogItem, int], bool]
"""Of a record and its severity, 1 to 24."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One comparison; ``text`` is as the user wrote it."""

    text: str
    test: Test
    least_severity: int = 0
    """The lowest severity that it lets through where it speaks of severity; else 0."""


def parse_matcher(text: str) -> Matcher:
    """Compile a matcher.

    Raises:
        ValueError: it is none; says what was expected.
    """
    if len(text) > MAX_CHARS:
        raise ValueError(f"a matcher has at most {MAX_CHARS} characters")
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no matcher; write name=value, name!=value, name=~pattern or severity<ERROR")
    name, operator, value = found["name"], found["operator"], _unquoted(found["value"])
    if name == "severity":
        return of_severity(text, operator, value)
    if operator in _ORDER:
        raise ValueError(f"{text!r}: only severity can be compared with {operator}")
    return Matcher(text.strip(), text_test(reader(name), operator, value, text))


def parse_matchers(texts: Iterable[str]) -> tuple[Matcher, ...]:
    """Compile matchers, all of which have to hold.

    Raises:
        ValueError: one of them is none.
    """
    return tuple(parse_matcher(text) for text in texts)


def of_severity(text: str, operator: str, value: str) -> Matcher:
    """Return what compares the record's severity.

    Raises:
        ValueError: the value is no severity, or the operator is not for it.
    """
    if operator in {"=~", "!~"}:
        raise ValueError(f"{text!r}: severity is compared with =, !=, <, <=, > and >=")
    try:
        lowest = parse_min_severity(value)
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None
    # ERROR stands for ERROR to ERROR4, and a word with a number (ERROR2) for itself.
    highest = lowest if value[-1:].isdigit() else min(24, lowest + _LARGEST_RANGE_STEP)
    tests: dict[str, Test] = {
        "=": lambda _, severity: lowest <= severity <= highest,
        "!=": lambda _, severity: not lowest <= severity <= highest,
        "<": lambda _, severity: severity < lowest,
        "<=": lambda _, severity: severity <= highest,
        ">": lambda _, severity: severity > highest,
        ">=": lambda _, severity: severity >= lowest,
    }
    least = {"=": lowest, ">=": lowest, ">": highest + 1}
    return Matcher(text.strip(), tests[operator], least.get(operator, _TRACE))


def text_test(read: Callable[[LogItem], str], operator: str, value: str, text: str) -> Test:
    """Return what compares a text of the record; a pattern has to match the whole text.

    Raises:
        ValueError: the pattern is none.
    """
    if operator == "=":
        return lambda item, _: read(item) == value
    if operator == "!=":
        return lambda item, _: read(item) != value
    try:
        compile_regex(value)  # alone: `a)|(b` is one only in the group below
        pattern = compile_regex(rf"\A(?:{value})\z")
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None
    if operator == "=~":
        return lambda item, _: pattern.found_in(read(item))
    return lambda item, _: not pattern.found_in(read(item))


def reader(name: str) -> Callable[[LogItem], str]:
    """Return what reads a name from a record; the empty text where it is not there."""
    if name == "body":
        return lambda item: _as_text(to_plain(item.record.body))
    if name == "scope.name":
        return lambda item: item.scope.name
    if name == "event.name":
        return lambda item: item.record.event_name or _attribute(item, name)
    return lambda item: _attribute(item, name)


def _attribute(item: LogItem, name: str) -> str:
    found = _value(item.record.attributes, name)
    return _as_text(found if found is not None else _value(item.resource.attributes, name))


def _value(attributes: Sequence[KeyValue], name: str) -> Plain:
    for pair in attributes:
        if pair.key == name:
            return to_plain(pair.value)
    return None


def _as_text(value: Plain) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return orjson.dumps(value, default=str).decode()


def _unquoted(value: str) -> str:
    """Return a value without the quotes that Alertmanager's users write."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return value
