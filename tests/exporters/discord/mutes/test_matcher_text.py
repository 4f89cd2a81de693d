"""Matchers are read as amtool's users write them, and what is none is refused at its place."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.mutes.matcher_text import MAX_CHARS, Comparison, read_matchers

OPERATORS = ("=", "!=", "=~", "!~", "<", "<=", ">", ">=")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("service.name=shop", [("service.name", "=", "shop")]),
        (" service.name != shop ", [("service.name", "!=", "shop")]),
        ("a=~b.*", [("a", "=~", "b.*")]),
        (r"a!~\d+|x=y!", [("a", "!~", r"\d+|x=y!")]),
        ("severity<=WARN", [("severity", "<=", "WARN")]),
        ("a=b,c=d", [("a", "=", "b"), ("c", "=", "d")]),
        ('{a="b", c=~"d.*",}', [("a", "=", "b"), ("c", "=~", "d.*")]),
        ("{ a = b , }", [("a", "=", "b")]),
        ("a=b, ", [("a", "=", "b")]),
        ("{Slow}", [("alert.name", "=", "Slow")]),
        ("QueueTooDeep", [("alert.name", "=", "QueueTooDeep")]),
        ('"Disk is full", a=b', [("alert.name", "=", "Disk is full"), ("a", "=", "b")]),
        ("alertname=Slow", [("alertname", "=", "Slow")]),
        ("a=", [("a", "=", "")]),
        ("a=,b=c", [("a", "=", ""), ("b", "=", "c")]),
        ('a=""', [("a", "=", "")]),
        ('a="it\'s, {so}"', [("a", "=", "it's, {so}")]),
        ("a='say \"x\"'", [("a", "=", 'say "x"')]),
        (r'a="\"\\\n\d"', [("a", "=", '"\\\n\\d')]),
        (r"a='\''", [("a", "=", "'")]),
        (r"""a='\"'""", [("a", "=", '\\"')]),
        ('"my label"=x', [("my label", "=", "x")]),
        ("k8s.pod/name=a-b_c:80", [("k8s.pod/name", "=", "a-b_c:80")]),
        ("url=http://x/?q=1", [("url", "=", "http://x/?q=1")]),
        ("größe=groß", [("größe", "=", "groß")]),
    ],
)
def test_what_is_read(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert read_matchers(text) == [Comparison(*each) for each in expected]


@pytest.mark.parametrize(
    ("text", "at", "expected", "found"),
    [
        ("", 1, "a name", "the end"),
        ("{}", 2, "a name", '"}"'),
        ("=shop", 1, "a name", '"="'),
        ("a=b,,c=d", 5, "a name", '","'),
        ("service.name~shop", 13, "=, !=, =~ or !~ after 'service.name'", '"~"'),
        ("service.name shop", 14, "=, !=, =~ or !~ after 'service.name'", '"s"'),
        ("alert name=x", 7, "in quotes", '"n"'),
        ("service.name==shop", 14, "a value after =", '"="'),
        ("a=~~b", 4, "a value after =~", '"~"'),
        ("a={", 3, "a value after =", '"{"'),
        ("a=b c=d", 5, '"," or the end', '"c"'),
        ("summary=disk is full", 14, "in quotes", '"i"'),
        ("a=~b{2}", 5, "in quotes", '"{"'),
        ('a="b', 3, 'a second "', '"""'),
        ('a="b\\"', 3, 'a second "', '"""'),
        ("a='b", 3, "a second '", '"\'"'),
        ('a="b"c', 6, '"," or the end', '"c"'),
        ('a=b"c"', 4, '"," or the end', '"""'),
        ("{a=b", 5, '"," or "}"', "the end"),
        ("{a=b} c", 7, "the end", '"c"'),
        ("a=b}", 4, '"," or the end', '"}"'),
        ("a}", 2, "=, !=, =~ or !~", '"}"'),
    ],
)
def test_what_is_refused_with_its_place(text: str, at: int, expected: str, found: str) -> None:
    with pytest.raises(ValueError, match="expected") as refused:
        read_matchers(text)
    words = str(refused.value)
    assert f"character {at}: expected {expected}" in words or (f"character {at}:" in words and expected in words)
    assert words.endswith(f"found {found}")


def test_a_text_has_bounds() -> None:
    with pytest.raises(ValueError, match="at most 1,000"):
        read_matchers("a=" + "b" * MAX_CHARS)


NAMES = st.text(min_size=1, max_size=20) | st.text(string.ascii_letters + "._/-", min_size=1)
COMPARISONS = st.builds(Comparison, NAMES, st.sampled_from(OPERATORS), st.text(max_size=20))


@given(st.lists(COMPARISONS, min_size=1, max_size=5), st.booleans())
def test_what_is_written_is_read_again(comparisons: list[Comparison], braced: bool) -> None:
    text = ", ".join(map(str, comparisons))
    assert read_matchers("{" + text + "}" if braced else text) == comparisons


@given(st.text(st.sampled_from("ab=!~<>,{}\"'\\ n"), max_size=30))
def test_any_text_is_read_or_refused_at_a_place_within_it(text: str) -> None:
    try:
        found = read_matchers(text)
    except ValueError as error:
        at = int(str(error).removeprefix(f"{text!r}, character ").partition(":")[0])
        assert 1 <= at <= len(text) + 1
    else:
        assert read_matchers(", ".join(map(str, found))) == found
