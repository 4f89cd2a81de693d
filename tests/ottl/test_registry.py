"""Declaring functions: kinds, defaults, contexts, and what ``build`` may find wrong."""

from typing import Any

import pytest

from otel_discord.ottl import (
    ContextKind,
    Duration,
    LogItem,
    OttlError,
    OttlSyntaxError,
    parse_condition,
    parse_statement,
)
from otel_discord.ottl.functions import FUNCTIONS
from otel_discord.ottl.regex import compile_regex
from otel_discord.ottl.registry import Arguments, Function, Getter, Kind, Parameter


def reading(kind: Kind, **more: Any) -> Function:
    """A converter that gives back its argument."""
    return Function("Read", (Parameter("value", kind, **more),), lambda arguments: arguments.getter("value"))


def literal(kind: Kind, **more: Any) -> Function:
    def build(arguments: Arguments) -> Getter:
        found = arguments.literal("value")
        return lambda _item: found

    return Function("Read", (Parameter("value", kind, **more),), build)


def holds(text: str, log: LogItem, *functions: Function, clock: Any = None) -> bool:
    known = {function.name: function for function in functions}
    return parse_condition(text, ContextKind.LOG, functions=known, clock=clock)(log)


@pytest.mark.parametrize(
    ("kind", "argument", "expected"),
    [
        (Kind.VALUE, "body", "body"),
        (Kind.STRING, "severity_text", '"ERROR"'),
        (Kind.STRING, 'attributes["text"]', '"hello"'),
        (Kind.STRING_LIKE, 'attributes["int"]', '"42"'),
        (Kind.STRING_LIKE, 'attributes["bytes"]', '"0102"'),
        (Kind.STRING_LIKE, 'attributes["missing"]', "nil"),
        (Kind.STRING_LIKE, "nil", "nil"),
        (Kind.INT, "severity_number", "17"),
        (Kind.INT, "SEVERITY_NUMBER_WARN", "13"),
        (Kind.FLOAT, 'attributes["int"]', "42.0"),
        (Kind.FLOAT, "1", "1.0"),
        (Kind.BOOL, 'attributes["true"]', "true"),
        (Kind.BYTES, "0x01", "0x01"),
        (Kind.MAP, 'attributes["a"]', '{"b": [7, nil]}'),
        (Kind.MAP, '{"a": body}', '{"a": body}'),
        (Kind.LIST, 'attributes["list"]', '["x", "y"]'),
        (Kind.STRING_LIST, '["a", body]', '["a", body]'),
        (Kind.STRING_LIST, '["a"]', '["a"]'),
        (Kind.TIME, "time", "time"),
        (Kind.DURATION, "observed_time - time", "observed_time - time"),
    ],
)
def test_getters_give_what_their_kind_says(kind: Kind, argument: str, expected: str, log: LogItem) -> None:
    assert holds(f"Read({argument}) == {expected}", log, reading(kind))
    assert holds(f"Read(value={argument}) == {expected}", log, reading(kind))


@pytest.mark.parametrize(
    ("kind", "argument"),
    [
        (Kind.STRING, "1"),
        (Kind.INT, "1.0"),
        (Kind.INT, "true"),
        (Kind.FLOAT, "true"),
        (Kind.BOOL, "1"),
        (Kind.BYTES, '"a"'),
        (Kind.MAP, "[]"),
        (Kind.LIST, "{}"),
        (Kind.STRING_LIST, '["a", 1]'),
        (Kind.STRING_LIST, '"a"'),
        (Kind.TIME, "1"),
        (Kind.DURATION, '"1s"'),
    ],
)
def test_a_wrong_constant_is_refused_at_once_and_a_wrong_value_when_it_is_met(
    kind: Kind, argument: str, log: LogItem
) -> None:
    with pytest.raises(OttlSyntaxError, match="Read, value: expected") as raised:
        holds(f"Read({argument}) == 1", log, reading(kind))
    assert raised.value.column == 6
    parse_statement(f'set(cache["v"], {argument})', ContextKind.LOG)(log)
    with pytest.raises(OttlError, match="expected"):
        holds('Read(cache["v"]) == 1', log, reading(kind))


@pytest.mark.parametrize(
    ("kind", "argument", "expected"),
    [
        (Kind.STRING_LITERAL, '"a"', '"a"'),
        (Kind.INT_LITERAL, "-3", "-3"),
        (Kind.FLOAT_LITERAL, "2", "2.0"),
        (Kind.BOOL_LITERAL, "true", "true"),
        (Kind.ENUM, "SPAN_KIND_CLIENT", "3"),
        (Kind.STRING_LIST_LITERAL, '["a"]', '["a"]'),
    ],
)
def test_literals(kind: Kind, argument: str, expected: str, log: LogItem) -> None:
    assert holds(f"Read({argument}) == {expected}", log, literal(kind))
    with pytest.raises(OttlSyntaxError, match="expected"):
        holds(f"Read(body) == {expected}", log, literal(kind))


def test_a_number_is_no_enum(log: LogItem) -> None:
    with pytest.raises(OttlSyntaxError, match="expected a name such as"):
        holds("Read(3) == 3", log, literal(Kind.ENUM))


def test_defaults(log: LogItem) -> None:
    assert holds("Read() == nil", log, reading(Kind.STRING, default=None))
    assert holds('Read() == "d"', log, reading(Kind.STRING, default="d"))
    assert holds("Read() == 1.0", log, reading(Kind.FLOAT, default=1))
    assert holds("Read() == 5", log, literal(Kind.INT_LITERAL, default=5))
    found: list[Any] = []

    def build(arguments: Arguments) -> Getter:
        found.extend([arguments.regex("value"), arguments.given("value"), arguments.given("other")])
        return lambda _item: True

    parameters = (Parameter("other", Kind.INT, None), Parameter("value", Kind.REGEX, "a+"))
    assert holds("Read(1)", log, Function("Read", parameters, build))
    assert found == [compile_regex("a+"), False, True]
    with pytest.raises(OttlSyntaxError, match="Read takes 0 to 2 arguments: Read"):
        holds("Read(1, 2, 3)", log, Function("Read", parameters, build))
    only = Function("Read", (Parameter("value", Kind.REGEX, None),), lambda arguments: arguments.literal)
    with pytest.raises(OttlSyntaxError, match="takes 0 to 1 arguments"):
        holds('Read("a", "b")', log, only)
    one = Function("Read", (Parameter("value", Kind.INT),), lambda arguments: arguments.getter("value"))
    with pytest.raises(OttlSyntaxError, match="takes 1 argument: "):
        holds("Read(1, 2) == 1", log, one)


def test_what_build_finds_wrong_is_refused_with_the_column(log: LogItem) -> None:
    def build(arguments: Arguments) -> Getter:
        raise ValueError(f"{arguments.text('value')} is no unit")

    with pytest.raises(OttlSyntaxError, match="Read: week is no unit") as raised:
        holds('true and Read("week")', log, Function("Read", (Parameter("value", Kind.STRING_LITERAL),), build))
    assert raised.value.column == 10


def test_a_function_may_belong_to_some_contexts(log: LogItem) -> None:
    function = Function("IsRoot", (), lambda _arguments: lambda _item: True, frozenset((ContextKind.SPAN,)))
    with pytest.raises(OttlSyntaxError, match="IsRoot works in the context span, not in log"):
        holds("IsRoot()", log, function)
    assert parse_condition("IsRoot()", ContextKind.SPAN, functions={"IsRoot": function})


def test_what_is_constant_is_computed_once_unless_the_function_is_not_pure(log: LogItem) -> None:
    calls: list[Any] = []

    def build(arguments: Arguments) -> Getter:
        def run(_item: Any) -> bool:
            calls.append(arguments)
            return True

        return run

    parameter = Parameter("value", Kind.VALUE)
    pure = parse_condition("Read(1 + 1)", ContextKind.LOG, functions={"Read": Function("Read", (parameter,), build)})
    assert len(calls) == 1
    assert pure(log)
    assert pure(log)
    assert len(calls) == 1
    function = Function("Read", (parameter,), build, pure=False)
    impure = parse_condition("Read(1 + 1)", ContextKind.LOG, functions={"Read": function})
    assert len(calls) == 1
    assert impure(log)
    assert impure(log)
    assert len(calls) == 3


def test_the_clock_is_an_argument(log: LogItem) -> None:
    def build(arguments: Arguments) -> Getter:
        now = arguments.now()
        return lambda _item: now()

    function = Function("Clock", (), build, pure=False)
    assert holds("Clock() == 5", log, function, clock=lambda: 5)
    with pytest.raises(OttlSyntaxError, match="the time of day is not known here"):
        holds("Clock() == 5", log, function)


def test_a_function_may_be_named_as_an_argument(log: LogItem) -> None:
    def apply(arguments: Arguments) -> Getter:
        value, function = arguments.getter("value"), arguments.function("function")
        return value if function is None else lambda item: function(value(item))

    applied = Function("Apply", (Parameter("value", Kind.VALUE), Parameter("function", Kind.FUNCTION, None)), apply)
    twice = Function("Twice", (Parameter("n", Kind.INT), Parameter("more", Kind.INT, 1)), _twice)
    assert holds("Apply(severity_number) == 17", log, applied, twice)
    assert holds("Apply(severity_number, Twice) == 35", log, applied, twice)
    assert holds("Apply(severity_number, function=Twice) == 35", log, applied, twice)
    with pytest.raises(OttlError, match="expected an int, found string"):
        holds("Apply(body, Twice) == 34", log, applied, twice)


def _twice(arguments: Arguments) -> Getter:
    number, more = arguments.getter("n"), arguments.getter("more")
    return lambda item: number(item) * 2 + more(item)


def test_a_replacement_is_a_template_or_a_value(log: LogItem) -> None:
    regex = compile_regex("(o)rder")

    def build(arguments: Arguments) -> Getter:
        replacement = arguments.replacement("value")
        return lambda item: regex.replace(item.record.body.string_value, replacement(item))

    function = Function("Read", (Parameter("value", Kind.REPLACEMENT),), build, pure=False)
    assert holds('Read("<$1>") == "<o> 17 failed"', log, function)
    assert holds('Read(attributes["text"]) == "hello 17 failed"', log, function)
    with pytest.raises(OttlError, match="expected a string, found int"):
        holds('Read(attributes["int"]) == ""', log, function)


def test_the_registry_s_names() -> None:
    assert all(name == function.name for name, function in FUNCTIONS.items())
    assert FUNCTIONS["set"].is_editor
    assert not FUNCTIONS["Concat"].is_editor
    assert Duration(1) < Duration(2)
