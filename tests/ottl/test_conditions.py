"""What conditions answer, rule by rule."""

import re

import pytest

from otel_discord.ottl import ContextKind, LogItem, OttlError, parse_condition

TRUE = [
    "true",
    "not false",
    "not not true",
    "true and true and true",
    "false or false or true",
    "false or true",
    "true or false and false",
    "(true or false) and true",
    "not (true and false)",
    "not 1 == 2",
    # literals
    '"a" == "a"',
    r'"a\tb\x41\101\u00e9\U0001f600\"\\" == "a	bAAé😀\"\\"',
    '"two\nlines" == "two\\nlines"',
    "1 == +1",
    "-1 == - 1",
    ".5 == 0.5",
    "1.5e3 == 1500",
    "0x0aFF == 0x0Aff",
    "nil == nil",
    "true == true",
    "[] == []",
    '[1, "a", nil] == [1, "a", nil]',
    '{"a": {"b": 1}} == {"a": {"b": 1}}',
    "{} == {}",
    "-9223372036854775808 < 9223372036854775807",
    # enums
    "SEVERITY_NUMBER_TRACE == 1 and SEVERITY_NUMBER_WARN == 13 and SEVERITY_NUMBER_FATAL4 == 24",
    "SPAN_KIND_SERVER == 2 and SPAN_KIND_CONSUMER == 5 and STATUS_CODE_ERROR == 2",
    "AGGREGATION_TEMPORALITY_CUMULATIVE == 2 and METRIC_DATA_TYPE_SUMMARY == 5 and METRIC_DATA_TYPE_NONE == 0",
    # arithmetic
    "1 + 2 * 3 == 7",
    "(1 + 2) * 3 == 9",
    "10 - 2 - 3 == 5",
    "7 / 2 == 3",
    "-7 / 2 == -3",
    "7 / 2.0 == 3.5",
    "1 + 1.5 == 2.5",
    "-(1 + 2) == -3",
    '-attributes["int"] == -42',
    '-attributes["float"] == -1.5',
    'attributes["int"] + 1 == 43',
    "severity_number+1 == 18",
    "severity_number -1 == 16",
    "time - time == observed_time - observed_time",
    "observed_time - time > time - observed_time",
    "-(observed_time - time) == time - observed_time",
    "time + (observed_time - time) == observed_time",
    "(observed_time - time) + time == observed_time",
    "time < observed_time",
    # comparisons across types
    "1 == 1.0",
    "1.0 >= 1",
    'attributes["int"] > 41.5',
    'attributes["float"] < 2',
    'attributes["true"] != 1',
    '1 != attributes["true"]',
    'not (attributes["true"] == 1)',
    'attributes["true"] == true',
    "false < true and true >= false",
    'attributes["text"] != 1',
    'not (attributes["text"] < 1)',
    'not (attributes["text"] > 1)',
    'not (1 >= attributes["text"])',
    '"1" != 1',
    "nil <= nil and nil >= nil and not (nil < nil) and not (nil > nil)",
    'attributes["missing"] == nil',
    'nil == attributes["missing"]',
    'not (attributes["missing"] < 1)',
    'not (attributes["missing"] >= 1)',
    'attributes["unset"] == nil',
    'attributes["text"] != nil',
    'attributes["empty"] == ""',
    'attributes["text"] == "hello"',
    'attributes["text"] > "a" and attributes["text"] <= "hello"',
    '"hello" == attributes["text"]',
    'attributes["key"] != attributes["text"]',
    'attributes["bytes"] == 0x0102',
    'attributes["bytes"] != "AQI="',
    "0x01 < 0x02",
    'attributes["list"] == ["x", "y"]',
    'attributes["list"] != ["x"]',
    'attributes["list"] != ["x", 1]',
    'not (attributes["list"] < ["z"])',
    'not (attributes["list"] <= attributes["list"])',
    'attributes["a"] == {"b": [7, nil]}',
    'attributes["a"] != {"c": 1}',
    'attributes["a"] != {"b": 1}',
    "severity_number == 17.0",
    "17 <= severity_number",
    "severity_number != 16 and severity_number > 16 and severity_number >= 17",
    "severity_number < 18 and severity_number <= 17",
    "severity_text == body or severity_text != body",
    "severity_number == flags + 16",
    "trace_id == trace_id",
    "severity_text != severity_number",
    # keys
    'attributes["a"]["b"][0] == 7',
    'attributes["a"]["b"][1] == nil',
    'attributes["a"]["zzz"] == nil',
    'attributes["zzz"]["b"] == nil',
    'attributes[attributes["key"]] == "hello"',
    'attributes[Concat(["te", "xt"], "")] == "hello"',
    'attributes["list"][severity_number - 16] == "y"',
    'attributes["twice"] == "last"',
    'Split("a,b", ",")[1] == "b"',
    'Split(attributes["text"], "e")[0] == "h"',
    'ParseJSON("{\\"a\\": [1, {\\"b\\": 2}]}")["a"][1]["b"] == 2',
    "cache == {}",
    'cache["x"]["y"] == nil',
    # functions
    'IsMatch(body, "^order [0-9]+")',
    'IsMatch(target=body, pattern="failed$")',
    'IsMatch(body, pattern="failed$")',
    'not IsMatch("b", "a")',
    'Concat(["a", attributes["int"]], "-") == "a-42"',
    # prefixes
    'log.severity_number == severity_number and log.attributes["int"] == 42',
    'scope.name == "shop.orders" and instrumentation_scope.name == "shop.orders"',
    'resource.attributes["service.name"] == "shop"',
    "log.cache == {}",
    " \n\t true\r\n ",
]


@pytest.mark.parametrize("text", TRUE)
def test_holds(text: str, log: LogItem) -> None:
    condition = parse_condition(text, ContextKind.LOG)
    assert condition(log) is True
    assert condition.text == text
    assert text[:10].strip() in eval(repr(condition), {"Condition": str})


@pytest.mark.parametrize(
    "text",
    [
        "false",
        "true and false",
        "true and true and false",
        "false and true",
        "false or false or false",
        "1 == 2",
        '"a" == 1',
        'attributes["missing"] != nil',
        'attributes["text"] == nil',
        'attributes["text"] < nil',
        'nil > attributes["text"]',
        'IsMatch(attributes["missing"], ".*")',
        "[1] == [true]",
        "false and body[0] == 1",  # what follows is not asked
        "not (true or body[0] == 1)",
    ],
)
def test_does_not_hold(text: str, log: LogItem) -> None:
    assert parse_condition(text, ContextKind.LOG)(log) is False


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('body["a"] == 1', "a string cannot be indexed"),
        ('attributes["text"]["a"] == 1', "a string cannot be indexed"),
        ('attributes["list"][2] == 1', "index 2 is out of bounds for a list of 2"),
        ('attributes["list"][-1] == 1', "index -1 is out of bounds"),
        ('attributes["list"]["a"] == 1', "a list's index is an int"),
        ('attributes["a"][0] == 1', "a map's key is a string"),
        ("attributes[0] == 1", "a map's key is a string"),
        ('attributes[attributes["true"]] == 1', "a key is a string or an int, not bool"),
        ('attributes[attributes["missing"]] == 1', "a key is a string or an int, not nil"),
        ('Split(attributes["text"], "e")[9] == 1', "out of bounds for a list of 2"),
        ('Split(attributes["text"], "e")["a"] == 1', "index is an int"),
        ('ParseJSON(Concat(["{}", ""], ""))[attributes["text"]] == 1', "the map has no such key"),
        ('Concat([attributes["text"]], "")[0] == 1', "a string cannot be indexed"),
        ('attributes["int"] + attributes["text"] == 1', "int + string cannot be calculated"),
        ('attributes["int"] + attributes["true"] == 1', "int + bool cannot be calculated"),
        ('attributes["int"] / (severity_number - 17) == 1', "division by zero"),
        ("9223372036854775807 + severity_number == 1", "does not fit into 64 bits"),
        ('-attributes["text"] == 1', "there is no negative of a string"),
        ('-attributes["true"] == 1', "there is no negative of a bool"),
        ("time + time == 1", "time + time cannot be calculated"),
        ("time * 2 == 1", "time * int cannot be calculated"),
        ('Concat(attributes["text"], "") == ""', "expected a list, found string"),
        ('Split(attributes["int"], "") == ""', "expected a string, found int"),
    ],
)
def test_values_that_do_not_fit_are_errors_of_their_own(text: str, problem: str, log: LogItem) -> None:
    condition = parse_condition(text, ContextKind.LOG)
    with pytest.raises(OttlError, match=re.escape(problem)):
        condition(log)


def test_a_converter_that_answers_no_bool_is_no_condition(log: LogItem) -> None:
    with pytest.raises(OttlError, match="Concat gives string, where a condition needs a bool"):
        parse_condition('Concat([body], "")', ContextKind.LOG)(log)
