"""Patterns in RE2's syntax, and Go's replacement templates."""

import pytest

from otel_discord.ottl.regex import compile_regex, compile_replacement


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("x", "x"),
        ("", ""),
        ("$1", "k"),
        ("${1}s", "ks"),
        ("$1s", ""),  # the group named "1s"
        ("$name=$2", "k=v"),
        ("${name}:${2}", "k:v"),
        ("$0", "k=v"),
        ("$$1", "$1"),
        ("$$", "$"),
        ("cost $ 5", "cost $ 5"),
        ("${", "${"),
        ("${}", "${}"),
        ("$3", ""),
        ("$99999999999", ""),
        ("$9", ""),
        ("$nobody", ""),
        (r"\1", r"\1"),
    ],
)
def test_replacement(template: str, expected: str) -> None:
    regex = compile_regex(r"(?P<name>k)=(v)(z)?")
    assert regex.replace("<k=v>", compile_replacement(template)) == f"<{expected}>"


def test_every_match_is_replaced() -> None:
    assert compile_regex("[0-9]+").replace("a1b22ü333", compile_replacement("<$0>")) == "a<1>b<22>ü<333>"


def test_search_and_names() -> None:
    regex = compile_regex("(?P<b>x)(?P<a>y)?(z)?")
    assert regex.group_names == ("b", "a")
    found = regex.search("üx")
    assert found is not None
    assert found.start() == 1
    assert regex.search("q") is None
    assert regex.found_in("x")
    assert not regex.found_in("q")


@pytest.mark.parametrize("pattern", ["(", "(?=x)", r"\1", "[z-a]", "a{1001}", "*"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        compile_regex(pattern)


def test_time_is_linear() -> None:
    assert not compile_regex("(a*)*b").found_in("a" * 100_000)
