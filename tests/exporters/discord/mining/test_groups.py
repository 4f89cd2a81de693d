"""What is remembered of a group, and how long its template may be."""

import pytest

from otel_discord.exporters.discord.mining.groups import cut, shown, shown_chars, template_of, with_word_variable


@pytest.mark.parametrize(
    "key",
    ["short", "x" * 400, "0 " * 200, ("word " * 100).strip(), "a " + "y" * 400, ("y" * 150 + " ") * 4, "0" * 300],
)
def test_a_key_is_cut_so_that_its_template_fits(key: str) -> None:
    once = cut(key)
    assert len(shown(once)) == shown_chars(once) <= 300
    assert cut(once) == once


def test_white_space_gives_way_to_length() -> None:
    assert template_of("a  b 0", "a b 0") == "a  b <*>"
    assert template_of("a" + " " * 300 + "b 0", "a b 0") == "a b <*>"


def test_one_word_of_a_template_becomes_variable() -> None:
    assert with_word_variable("a  a\ta b", 1) == "a  <*>\ta b"
