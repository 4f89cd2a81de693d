"""Calls one function as the compiler would, without any text: ``call("Split", "a,b", ",")``."""

from collections.abc import Callable
from typing import Any

import pytest

from otel_discord.ottl.argument_kinds import LITERALS, converted, typed_getter
from otel_discord.ottl.functions import FUNCTIONS
from otel_discord.ottl.regex import compile_regex
from otel_discord.ottl.registry import Arguments, Kind, Target, constant

NOW_NS = 1_700_000_000_123_456_789  # 2023-11-14T22:13:20.123456789Z, a Tuesday


def field(name: str) -> Target:
    """The field of an item that is a plain dict here."""
    return Target(lambda item: item.get(name), lambda item, value: item.__setitem__(name, value), name)


def argument(kind: Kind, value: Any) -> Any:
    if kind is Kind.TARGET:
        return field(value)
    if kind is Kind.FUNCTION:
        return value
    if kind in LITERALS:
        literal = converted(kind, value)
        return compile_regex(literal) if kind is Kind.REGEX else literal
    return typed_getter(kind, lambda _item: value, None)


def default(kind: Kind, value: Any) -> Any:
    if kind in LITERALS or kind in (Kind.TARGET, Kind.FUNCTION):
        return value
    return constant(value if value is None else converted(kind, value))


def prepare(name: str, *positional: Any, **named: Any) -> Callable[[Any], Any]:
    function = FUNCTIONS[name]
    names = [parameter.name for parameter in function.parameters]
    written = dict(zip(names, positional, strict=False)) | named
    assert set(written) <= set(names)
    assert len(positional) <= len(names)
    values = {
        parameter.name: argument(parameter.kind, written[parameter.name])
        if parameter.name in written
        else default(parameter.kind, parameter.default)
        for parameter in function.parameters
    }
    return function.build(Arguments(values, lambda: NOW_NS, frozenset(written)))


@pytest.fixture
def call() -> Callable[..., Any]:
    """Call a converter with values."""
    return lambda name, *positional, **named: prepare(name, *positional, **named)(None)


@pytest.fixture
def edit() -> Callable[..., Any]:
    """Run an editor on ``before`` in the field ``x``, with the other arguments; return what is there afterwards."""

    def run(name: str, before: Any, *positional: Any, **named: Any) -> Any:
        item = {"x": before}
        prepare(name, "x", *positional, **named)(item)
        return item["x"]

    return run
