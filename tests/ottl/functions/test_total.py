"""Whatever the values: a function returns a value of the language or raises OttlError; ValueError while it is built."""

import string
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otel_discord.ottl.argument_kinds import LITERALS, converted, typed_getter
from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions import FUNCTIONS
from otel_discord.ottl.items import ContextKind, MetricItem, SpanItem
from otel_discord.ottl.regex import compile_regex
from otel_discord.ottl.registry import Arguments, Kind, Target, constant
from otel_discord.ottl.values import Duration, Timestamp

TEXTS = (
    st.text(max_size=20)
    | st.text(alphabet=string.printable, max_size=20)
    | st.text(alphabet="0123456789+-_.eExXbB:/%\"'=, []{}()*?\\$", max_size=20)
    | st.sampled_from(["en", "UTC", "%Y-%m-%d", "base64", "snake", "asc", "upsert", "key", "strict", "%s"])
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.integers(-3, 40)
    | st.floats()
    | TEXTS
    | st.binary(max_size=20)
    | st.integers(-(2**70), 2**70).map(Timestamp)
    | st.integers(-(2**63), 2**63 - 1).map(Duration)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=8
)
FITTING = {
    Kind.STRING: TEXTS,
    Kind.STRING_LITERAL: TEXTS,
    Kind.REGEX: TEXTS,
    Kind.REPLACEMENT: TEXTS,
    Kind.INT: st.integers(-3, 40) | st.integers(-(2**63), 2**63 - 1),
    Kind.INT_LITERAL: st.integers(-3, 40),
    Kind.MAP: st.dictionaries(TEXTS, VALUES, max_size=4),
    Kind.LIST: st.lists(VALUES, max_size=4),
    Kind.STRING_LIST: st.lists(TEXTS, max_size=4),
    Kind.STRING_LIST_LITERAL: st.lists(TEXTS, max_size=4),
    Kind.BOOL: st.booleans(),
    Kind.BOOL_LITERAL: st.booleans(),
    Kind.TIME: st.integers(-(2**70), 2**70).map(Timestamp),
    Kind.DURATION: st.integers(-(2**63), 2**63 - 1).map(Duration),
}
OF_THE_LANGUAGE = (type(None), bool, int, float, str, bytes, list, dict, Timestamp, Duration)


def argument(draw: st.DrawFn, kind: Kind, written: list[Any]) -> Any:
    if kind is Kind.TARGET:
        before = draw(st.dictionaries(TEXTS, VALUES, max_size=4) | VALUES)
        return Target(lambda _item: before, lambda _item, value: written.append(value))
    if kind is Kind.FUNCTION:
        return draw(st.sampled_from([None, str.upper, lambda value: None]))
    value = draw(st.one_of(FITTING.get(kind, VALUES), VALUES))
    if kind in LITERALS:
        literal = converted(kind, value)
        return compile_regex(literal) if kind is Kind.REGEX else literal
    return typed_getter(kind, lambda _item: value, None)


@settings(max_examples=1_000, deadline=None)
@given(st.data(), st.sampled_from(sorted(FUNCTIONS)))
def test_returns_a_value_or_raises_its_error(data: st.DataObject, name: str) -> None:
    function = FUNCTIONS[name]
    written: list[Any] = []
    try:
        values: dict[str, Any] = {}
        given_names = set()
        for parameter in function.parameters:
            if not parameter.required and data.draw(st.booleans()):
                kind, default = parameter.kind, parameter.default
                plain = kind in LITERALS or kind in (Kind.TARGET, Kind.FUNCTION)
                values[parameter.name] = default if plain else constant(default)
            else:
                values[parameter.name] = argument(data.draw, parameter.kind, written)
                given_names.add(parameter.name)
        run = function.build(Arguments(values, lambda: 1_700_000_000_000_000_000, frozenset(given_names)))
    except (OttlError, ValueError):
        return
    item: Any = None
    if function.contexts == {ContextKind.METRIC}:
        item = MetricItem(Metric(), InstrumentationScope(), Resource())
    elif function.contexts == {ContextKind.SPAN}:
        item = SpanItem(Span(), InstrumentationScope(), Resource())
    try:
        found = run(item)
    except OttlError:
        return
    assert type(found) in OF_THE_LANGUAGE
    assert type(found) is not int or -(2**63) <= found < 2**63
    assert all(type(value) in OF_THE_LANGUAGE for value in written)
    assert not function.is_editor or found is None
