"""Wrong texts are refused with the column and what was expected."""

import pytest

from otel_discord.ottl import ContextKind, OttlSyntaxError, parse_condition, parse_statement
from otel_discord.ottl.parser import MAX_TEXT_LENGTH

CONDITIONS = [
    ("", 1, "expected a value, but the text ends here"),
    ("   ", 1, "the text ends here"),
    ("body ==", 8, "expected a value, but the text ends here"),
    ("body ==   ", 8, "expected a value, but the text ends here"),
    ("body = 1", 6, "equality is =="),
    ("1 == 2 == 3", 8, 'found "=="'),
    ('body "x"', 6, 'found "x"'),
    ("(1 == 1", 8, 'expected ")"'),
    ("1 == 1)", 7, 'found ")"'),
    ('attributes["x"', 15, 'expected "]"'),
    ('body == "a', 9, "this string has no closing quote"),
    ("body == 'a'", 9, "double quotes"),
    ("true && false", 6, 'and is written "and"'),
    ("true || false", 6, 'or is written "or"'),
    ("!true", 1, 'not is written "not"'),
    ("true ; false", 6, "unexpected character ';'"),
    (r'body == "\d"', 10, r"unknown escape \d; a backslash for a regular expression is written \\d"),
    (r'body == "\ud800"', 10, r"\ud800 is no character"),
    ('body == "\ud800"', 10, "half of a surrogate pair"),
    (r'body == "\777"', 10, r"\777 is no character"),
    (r'body == "\xff"', 9, "no UTF-8"),
    ("body == 0x", 9, "two hex digits"),
    ("body == 0x123", 9, "two hex digits"),
    ("flags == 9223372036854775808", 10, "does not fit into 64 bits"),
    ("flags == 99999999999999999999999999999999999", 10, "does not fit into 64 bits"),
    ("not " * 100 + "true", 1, "nested deeper than 100 levels"),
    ("true where true", 12, 'a condition has no "where"'),
    ("set(body, 1)", 1, "found the editor set"),
    ("body", 1, "expected a condition, found a value"),
    ('"text"', 1, "expected a condition, found a value"),
    ("true and body", 10, "expected a condition, found a value"),
    ("(1 == 1) == true", 4, "a comparison cannot stand here"),
    ("body == (true and false)", 10, "a comparison cannot stand here"),
    ("set(body, 1) == 1", 1, "set is an editor"),
    ("severty_number > 1", 1, 'log has no field "severty_number"; did you mean "severity_number"?'),
    ("qqqqq > 1", 1, "it has attributes, body"),
    ("log.qqqqq > 1", 5, 'log has no field "qqqqq"'),
    ("resource.nam == 1", 10, 'resource has no field "nam"'),
    ("resource == 1", 1, '"resource" needs a field'),
    ("span.name == 1", 1, '"span" cannot be reached from the context log, only log, scope'),
    ('resource["a"].attributes == 1', 10, '"resource" takes no keys here'),
    ('body["a"].string == 1', 6, '"body" takes no keys here'),
    ('severity_text["a"] == 1', 15, '"severity_text" takes no keys'),
    ("attributes[true] == 1", 12, "a key is a string or an int, not bool"),
    ("attributes[time] == 1", 12, "a key is a string or an int, not time"),
    ("severity_number > SEVERITY_NUMBER_WARM", 19, 'did you mean "SEVERITY_NUMBER_WARN"?'),
    ("severity_number > QQQQQQ", 19, 'unknown name "QQQQQQ"'),
    ("IsMatch", 1, "expected a condition"),
    ("body == IsMatch", 9, "IsMatch is a function: expected IsMatch(…)"),
    ('IsMatc(body, "a")', 1, 'did you mean "IsMatch"?'),
    ("Qqqqqqqqq()", 1, 'unknown function "Qqqqqqqqq"'),
    ('IsMatch(body, "(")', 15, "not a regular expression"),
    ("IsMatch(body, 1)", 15, "expected a regular expression in quotes, found int"),
    ("IsMatch(body, severity_text)", 15, "expected a regular expression in quotes"),
    ("IsMatch(body)", 1, 'needs the argument "pattern": IsMatch(target, pattern)'),
    ('IsMatch(body, "a", "b")', 20, "IsMatch takes 2 arguments"),
    ('IsMatch(target=body, "a")', 22, "arguments by position come before those by name"),
    ('IsMatch(body, target="a")', 15, 'the argument "target" is given twice'),
    ('IsMatch(body, patern="a")', 15, 'did you mean "pattern"?'),
    ('IsMatch(body, zzz="a")', 15, "expected IsMatch(target, pattern)"),
    ('Split(1, "a") == 1', 7, "Split, target: expected a string, found int"),
    ("1 / 0 == 1", 1, "division by zero"),
    ('-"a" == 1', 1, "no negative of a string"),
    ("9223372036854775807 + 1 == 1", 1, "does not fit"),
    ('Split("a", ",")[1] == 1', 1, "out of bounds"),
    ("{1: 2} == 1", 2, "found"),
    ("[1, 2 == 1", 11, 'expected "]" or ","'),
    ("attributes.and == 1", 12, 'found "and"'),
    ("Now() == 1", 1, "the time of day is not known here"),
    ("x" * (MAX_TEXT_LENGTH + 1), MAX_TEXT_LENGTH + 1, "longer than 10000 characters"),
]


@pytest.mark.parametrize(("text", "column", "message"), CONDITIONS)
def test_conditions(text: str, column: int, message: str) -> None:
    with pytest.raises(OttlSyntaxError) as raised:
        parse_condition(text, ContextKind.LOG)
    assert message in raised.value.message
    assert raised.value.column == column
    assert raised.value.text == text


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("true", 1, "begins with an editor"),
        ('IsMatch(body, "a")', 1, "IsMatch is a converter; a statement begins with an editor"),
        ("set(body, 1)[0]", 14, "takes no keys"),
        ("set(1, 2)", 5, "expected a field that can be written"),
        ("set(span_id, 1) where body", 23, "expected a condition"),
        ("sett(body, 1)", 1, 'did you mean "set"?'),
        ("set(body, 1 == 1)", 13, "a comparison cannot stand here"),
        ('replace_pattern(body, "a", "b", SHA25)', 33, 'did you mean "SHA256"?'),
        ('replace_pattern(body, "a", "b", "SHA256")', 33, "expected the name of a function"),
        ('replace_pattern(body, "a", "b", Concat)', 33, "it is no function of one value"),
        ('replace_pattern(body, "a", "b", Now)', 33, "it is no function of one value"),
        ('replace_pattern(body, "a", 1)', 28, "expected"),
        ("delete_key(attributes, 1, 2, 3, 4, 5)", 27, "delete_key takes"),
    ],
)
def test_statements(text: str, column: int, message: str) -> None:
    with pytest.raises(OttlSyntaxError) as raised:
        parse_statement(text, ContextKind.LOG)
    assert message in raised.value.message
    assert raised.value.column == column


def test_the_error_shows_the_place() -> None:
    with pytest.raises(OttlSyntaxError) as raised:
        parse_condition("severity_number > 1 and\n  qqq == 1", ContextKind.LOG)
    first, shown, caret = str(raised.value).splitlines()
    assert first.endswith("(column 27)")
    assert shown[caret.index("^") :].startswith("qqq")


def test_of_a_long_text_the_part_around_the_place_is_shown() -> None:
    text = "true and " * 50 + "qqq == 1 and " + "true and " * 50 + "true"
    with pytest.raises(OttlSyntaxError) as raised:
        parse_condition(text, ContextKind.LOG)
    _, shown, caret = str(raised.value).splitlines()
    assert len(shown) < 120
    assert shown[caret.index("^") :].startswith("qqq")


def test_a_field_that_can_only_be_read_is_no_target() -> None:
    with pytest.raises(OttlSyntaxError, match=r'"metric[.]type" can only be read'):
        parse_statement("set(metric.type, 1)", ContextKind.METRIC)
    with pytest.raises(OttlSyntaxError, match='"event_index" can only be read'):
        parse_statement("set(event_index, 1)", ContextKind.SPANEVENT)


def test_long_chains_nest_nothing() -> None:
    parse_condition(" + ".join(["1"] * 2000) + " == 2000", ContextKind.LOG)
    parse_condition(" and ".join(["true"] * 1000), ContextKind.LOG)
    parse_condition("(" * 4000 + "true" + ")" * 4000, ContextKind.LOG)
