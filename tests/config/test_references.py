"""The syntax of ${…}."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.config.references import Reference, parse_references


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain", ("plain",)),
        ("", ()),
        ("$name", ("$name",)),
        ("a$$b", ("a$b",)),
        ("$${env:X}", ("${env:X}",)),
        ("$$${env:X}", ("$", Reference("env", ("X",), None, "${env:X}"))),
        ("${env:X}", (Reference("env", ("X",), None, "${env:X}"),)),
        ("${X}", (Reference("env", ("X",), None, "${X}"),)),
        ("${X:-d}", (Reference("env", ("X",), ("d",), "${X:-d}"),)),
        ("${env:X:-}", (Reference("env", ("X",), (), "${env:X:-}"),)),
        ("${env:X:-a:-b}", (Reference("env", ("X",), ("a:-b",), "${env:X:-a:-b}"),)),
        ("${file:/a:-b}", (Reference("file", ("/a:-b",), None, "${file:/a:-b}"),)),
        ("a}b", ("a}b",)),
        (
            "${env:${env:A}_B:-${C}}",
            (
                Reference(
                    "env",
                    (Reference("env", ("A",), None, "${env:A}"), "_B"),
                    (Reference("env", ("C",), None, "${C}"),),
                    "${env:${env:A}_B:-${C}}",
                ),
            ),
        ),
    ],
)
def test_parts(text: str, parts: tuple[object, ...]) -> None:
    assert parse_references(text) == parts


@pytest.mark.parametrize("text", ["${X", "a ${env:${X}", "${" * 21 + "X" + "}" * 21])
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"closes it|nested deeper"):
        parse_references(text)


@given(st.text(alphabet="ab${}:-", max_size=30))
def test_escaped_text_is_always_one_literal(text: str) -> None:
    assert "".join(map(str, parse_references(text.replace("$", "$$")))) == text


@given(st.text(alphabet="ab${}:-", max_size=30))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        parts = parse_references(text)
    except ValueError:
        assert "${" in text
    else:
        assert all(part != "" for part in parts)
