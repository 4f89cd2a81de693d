"""YAML comes in safely, with the place of everything."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.config.problem import ConfigurationError, join_path
from otel_discord.config.raw_text import RawText, to_typed
from otel_discord.config.yaml_file import MAX_BYTES, dump_yaml, parse_value, parse_yaml


def refused(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse_yaml(text, "c.yaml")
    return str(caught.value)


def test_every_path_has_its_line() -> None:
    document = parse_yaml("a:\n  b: 1\n  c:\n    - x\n    - y: 2\n", "c.yaml")
    lines = {join_path(path): place.line for path, place in document.positions.items()}
    assert lines == {"": 1, "a": 1, "a::b": 2, "a::c": 3, "a::c::0": 4, "a::c::1": 5, "a::c::1::y": 5}
    assert document.positions["a", "c", 1, "y"].column == 7
    assert document.locate(("a", "c", 1, "missing", "deeper")).line == 5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("0123", 83),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b101", 5),
        ("0x_", "0x_"),
        ("1_000", 1000),
        ("089", 89.0),
        ("1.10", 1.1),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("true", True),
        ("True", True),
        ("yes", "yes"),
        ("off", "off"),
        ("22:00", "22:00"),
        ("2024-01-01", "2024-01-01"),
        ("~", None),
        ("", None),
        ("null", None),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("<", "<"),
        ("9" * 500, "9" * 500),
    ],
)
def test_scalars_are_typed_as_in_the_collector(text: str, value: object) -> None:
    data = to_typed(parse_yaml(f"a: {text}", "c.yaml").data["a"])
    assert data == value
    assert type(data) is type(value)


def test_a_number_keeps_how_it_was_written() -> None:
    data = parse_yaml("a: 0123\nb: 12", "c.yaml").data
    assert isinstance(data["a"], RawText)
    assert data["a"] == "0123"
    assert data["b"] == 12


def test_duplicate_keys_are_all_named_with_both_lines() -> None:
    text = refused("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")
    assert "b::c: is written twice, in lines 3 and 4" in text
    assert "a: is written twice, in lines 1 and 5" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: !!python/object/apply:os.system [x]", "tag !!python/object/apply:os.system is not allowed"),
        ("a: !mine x", "tag !mine is not allowed"),
        ("a:\n\tb: 1", "indent with spaces, not with tabs (c.yaml:2)"),
        ("a: {b: ${env:X}}", 'inside {…} and […] write "${…}" in quotes (c.yaml:1)'),
        ("a: [1", "invalid YAML"),
        ("a: *b", 'alias "*b" has no anchor before it (c.yaml:1)'),
        ("a: &a [*a]", 'alias "*a" has no anchor'),
        ("a: 1\n---\nb: 1", "more than one YAML document"),
        ("? [a]\n: 1", "has a key that is not a word"),
        ("? \n: 1", "has an empty key"),
        ("a: &x b\n*x : 1", "has a key that is not a word"),
        ("a: \x00", "a character that is not allowed"),
        ("<<: 3", "`<<` takes a map or a list of maps"),
    ],
)
def test_what_is_refused_says_why(text: str, message: str) -> None:
    assert message in refused(text)


def test_a_syntax_error_does_not_quote_the_file() -> None:
    assert "hunter2" not in refused("password: hunter2\n  oops: [hunter2\n")


def test_merge_keys() -> None:
    document = parse_yaml("base: &b {x: 1, y: 2}\nmore: &m {z: 3}\nall:\n  <<: [*b, *m]\n  y: 9\n", "c.yaml")
    assert document.data["all"] == {"x": 1, "y": 9, "z": 3}


def laughs() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 15)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        laughs(),
        "[" * 100_000,
        "{" * 100_000,
        "- " * 50_000,
        "a0: &a0 {x: 1}\n" + "\n".join(f"a{n}: &a{n} {{x: *a{n - 1}}}" for n in range(1, 500)),
        "a: [" + "x," * 500_000 + "]",
        "x" * (MAX_BYTES + 1),
    ],
    ids=["billion-laughs", "lists", "maps", "dashes", "chain", "many", "large"],
)
def test_hostile_documents_are_refused_quickly(text: str) -> None:
    started_s = time.process_time()
    said = refused(text)
    assert "holds more than" in said or "nested deeper" in said or "larger than" in said
    assert time.process_time() - started_s < 5


def test_empty() -> None:
    assert parse_yaml("", "c.yaml").data is None
    assert parse_yaml("# only a comment\n", "c.yaml").data is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0123", 83),
        ("true # comment", True),
        ("{abc", "{abc"),
        ("a: b", {"a": "b"}),
        ('"quoted"', '"quoted"'),
        ("", None),
        ("-----BEGIN\nX\n", "-----BEGIN\nX\n"),
        ("!!python/none x", "!!python/none x"),
    ],
)
def test_values_from_outside(text: str, value: object) -> None:
    assert parse_value(text) == value


keys = st.text(st.characters(categories=("L", "N", "P", "S", "Z"), exclude_characters="\x85\u2028\u2029"), max_size=12)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | keys,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys.filter(bool), inner, max_size=4),
    max_leaves=12,
)


@given(plain)
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_again(data: object) -> None:
    assert to_typed(parse_yaml(dump_yaml({"data": data}), "c.yaml").data) == {"data": data}


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused_with_problems(text: str) -> None:
    try:
        document = parse_yaml(text, "c.yaml")
    except ConfigurationError as error:
        problems = error.problems
    else:
        problems = ()
        assert () in document.positions or document.data is None
    assert all(problem.file == "c.yaml" and problem.message for problem in problems)
