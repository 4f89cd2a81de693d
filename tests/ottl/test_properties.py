"""Whatever the text, parsing gives a result or a syntax error; whatever the item, running gives an answer or an error
of the language. Texts are drawn from the grammar (so that most mean something), mutilated, and drawn from noise.
"""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.ottl import (
    ContextKind,
    LogItem,
    OttlError,
    OttlSyntaxError,
    Value,
    infer_context,
    parse_condition,
    parse_statement,
)
from otel_discord.ottl.arithmetic import calculate
from otel_discord.ottl.comparison import OPERATORS, equal
from otel_discord.ottl.enums import ENUMS
from otel_discord.ottl.functions import FUNCTIONS
from otel_discord.ottl.otlp_values import replace_pairs, to_any, to_plain
from otel_discord.ottl.paths import tables
from otel_discord.ottl.registry import Kind
from otel_discord.ottl.values import Duration, Timestamp
from otel_discord.signals import attributes_to_dict
from tests.ottl.conftest import log_item

WORDS = st.one_of(
    st.sampled_from(['"a"', '"x.y"', "1", "0", "-1", "2.5", "0x01ff", "true", "false", "nil", '"\\\\d+"']),
    st.sampled_from(["and", "or", "not", "where", "==", "!=", "<", "<=", ">", ">=", *"()[]{},:.=+-*/'\\\né"]),
    st.sampled_from(["body", "attributes", "cache", "resource", "scope", "log", "span", "severity_number", "time"]),
    st.sampled_from(["IsMatch", "Split", "Concat", "set", "Len", "delete_key", "SEVERITY_NUMBER_WARN", "Now"]),
)
KEYS = st.sampled_from(['["a"]', '["text"]', '["list"]', "[0]", '["a"]["b"]', "[severity_number]", "[severity_text]"])
FIELDS = st.one_of(
    st.sampled_from(sorted(tables.LOG)),
    st.sampled_from(sorted(tables.RESOURCE)).map("resource.{}".format),
    st.tuples(st.sampled_from(["attributes", "body", "cache", "resource.attributes"]), KEYS).map("".join),
)
LITERALS = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.integers(-3, 20).map(str),
    st.floats(-1e6, 1e6, allow_nan=False).map("{:.4f}".format),
    st.sampled_from(['"a"', '"hello"', '"2024-01-01"', '""', "true", "false", "nil", "0x0102", "[]", "{}", '["a", 1]']),
    st.sampled_from(sorted(ENUMS)),
)
CONVERTERS = sorted(name for name, function in FUNCTIONS.items() if not function.is_editor)
EDITORS = sorted(name for name, function in FUNCTIONS.items() if function.is_editor)


def calls(names: list[str], values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def call(name: str) -> st.SearchStrategy[str]:
        def argument(kind: Kind) -> st.SearchStrategy[str]:
            return FIELDS if kind is Kind.TARGET else values

        arguments = [argument(parameter.kind) for parameter in FUNCTIONS[name].parameters if parameter.required]
        return st.tuples(*arguments).map(lambda found: f"{name}({', '.join(found)})")

    return st.sampled_from(names).flatmap(call)


VALUES = st.recursive(
    st.one_of(LITERALS, FIELDS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: "({} {} {})".format(*parts)),
        inner.map("-{}".format),
        st.lists(inner, max_size=3).map(lambda members: f"[{', '.join(members)}]"),
        inner.map(lambda member: f'{{"k": {member}}}'),
        calls(CONVERTERS, inner),
        st.tuples(calls(CONVERTERS, inner), KEYS).map("".join),
    ),
    max_leaves=6,
)
CONDITIONS = st.recursive(
    st.one_of(
        st.tuples(VALUES, st.sampled_from(sorted(OPERATORS)), VALUES).map(" ".join),
        calls(CONVERTERS, VALUES),
        st.sampled_from(["true", "false"]),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: "({} {} {})".format(*parts)),
        inner.map("not {}".format),
    ),
    max_leaves=4,
)
PLAIN: st.SearchStrategy[Value] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False),
        st.text(max_size=8),
        st.binary(max_size=8),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "text", "list"]), inner, max_size=3)
    ),
    max_leaves=8,
)
SCALARS: st.SearchStrategy[Value] = st.one_of(
    PLAIN,
    st.integers(-(2**63), 2**63 - 1).map(Timestamp),
    st.integers(-(2**63), 2**63 - 1).map(Duration),
)


@st.composite
def items(draw: st.DrawFn) -> LogItem:
    item = log_item()
    item.record.body.CopyFrom(to_any(draw(PLAIN)))
    replace_pairs(item.record.attributes, draw(st.dictionaries(st.sampled_from(["a", "text", "list", "key"]), PLAIN)))
    item.record.severity_number = draw(st.integers(-3, 30))  # type: ignore[assignment]
    item.record.time_unix_nano = draw(st.integers(0, 2**64 - 1))
    return item


def texts() -> st.SearchStrategy[str]:
    def cut(text: str, at: int, word: str) -> str:
        middle = at % (len(text) + 1)
        return text[:middle] + word + text[middle + at % 3 :]

    return st.one_of(
        st.text(max_size=60),
        st.lists(WORDS, max_size=14).map(" ".join),
        st.builds(cut, CONDITIONS, st.integers(0, 10_000), WORDS),
    )


@settings(max_examples=150, deadline=None)
@given(texts(), st.sampled_from(ContextKind))
def test_parsing_gives_a_result_or_a_syntax_error(text: str, kind: ContextKind) -> None:
    for parse in (parse_condition, parse_statement):
        problem = None
        try:
            parse(text, kind, clock=lambda: 0)
        except OttlSyntaxError as error:
            problem = error
        if problem is not None:
            assert 1 <= problem.column <= len(text) + 1
            assert str(problem).count("\n") >= 2
    with contextlib.suppress(OttlSyntaxError):
        infer_context([text])


@settings(max_examples=150, deadline=None)
@given(CONDITIONS, items())
def test_a_condition_answers_or_fails_in_the_language_s_own_way(text: str, item: LogItem) -> None:
    try:
        condition = parse_condition(text, ContextKind.LOG, clock=lambda: 1_700_000_000_000_000_000)
    except OttlSyntaxError:
        return
    before = item.record.SerializeToString(deterministic=True)
    with contextlib.suppress(OttlError):
        assert condition(item) in (True, False)
    assert item.record.SerializeToString(deterministic=True) == before


@settings(max_examples=150, deadline=None)
@given(CONDITIONS, st.sampled_from(["s3cret", "7cafe3.5e-9", '{"s3cret": 1}']))
def test_an_error_never_shows_what_the_record_says(text: str, secret: str) -> None:
    item = log_item()
    item.record.body.string_value = secret
    names = ["a", "text", "list", "key"]
    replace_pairs(item.record.attributes, dict.fromkeys(names, secret) | {"list": [secret], "a": {secret: secret}})
    item.record.severity_text = secret
    message = ""
    try:
        parse_condition(text, ContextKind.LOG, clock=lambda: 0)(item)
    except OttlSyntaxError:
        return
    except OttlError as error:
        message = str(error)
    assert secret not in message


@settings(max_examples=150, deadline=None)
@given(calls(EDITORS, VALUES), items())
def test_a_statement_leaves_a_record_that_can_be_sent(text: str, item: LogItem) -> None:
    with contextlib.suppress(OttlSyntaxError, OttlError):
        parse_statement(text, ContextKind.LOG, clock=lambda: 0)(item)
    assert LogRecord.FromString(item.record.SerializeToString()) == item.record


@given(PLAIN)
def test_a_value_stored_is_read_back(value: Value) -> None:
    stored = AnyValue.FromString(to_any(value).SerializeToString())
    assert equal(to_plain(stored), value)
    item = log_item()
    replace_pairs(item.record.attributes, {"k": value})
    assert equal(attributes_to_dict(item.record.attributes)["k"], value)


@given(SCALARS, SCALARS)
def test_comparisons_agree_with_each_other(left: Value, right: Value) -> None:
    answers = {sign: compare(left, right) for sign, compare in OPERATORS.items()}
    assert answers["=="] is not answers["!="]
    assert answers["<"] is OPERATORS[">"](right, left)
    assert answers["<="] is OPERATORS[">="](right, left)
    assert not (answers["<"] and (answers[">"] or answers["=="]))
    if answers["<="] and answers[">="]:
        assert answers["=="]


@given(st.sampled_from("+-*/"), SCALARS, SCALARS)
def test_arithmetic_stays_within_64_bits(sign: str, left: Value, right: Value) -> None:
    try:
        result = calculate(sign, left, right)
    except OttlError:
        return
    if isinstance(result, int):
        assert -(2**63) <= result < 2**63
    elif isinstance(result, Timestamp | Duration):
        assert -(2**63) <= result.ns < 2**63
    else:
        assert isinstance(result, float)
