"""Values as short texts: the quick way says what the thorough one does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.facts_values import clean, plain_attributes, short_text
from otel_discord.testing.otlp import key_values


@given(st.text(st.sampled_from("ab  \n\t\r\x00é×\u202e") | st.characters(), max_size=40), st.integers(8, 50))
def test_a_short_text_is_one_clean_line(text: str, limit: int) -> None:
    assert short_text(text, limit) == " ".join(clean(text, limit).split())


@pytest.mark.parametrize(
    ("text", "short"),
    [("  two  words ", "two words"), ("a b", "a b"), ("", ""), (" ", ""), ("a\tb\n", "a b"), ("\x1b[31mred", "red")],
)
def test_words_are_one_space_apart(text: str, short: str) -> None:
    assert short_text(text, 20) == short


def test_names_of_attributes_are_cleaned_however_often_they_come() -> None:
    attributes = key_values({"a\nb": 1, "x" * 1_000: 2, "plain.name": "v"})
    for _ in range(2):
        found = plain_attributes(attributes)
        assert list(found.values()) == [1, 2, "v"]
        first, second, third = found
        assert (first, third) == ("a b", "plain.name")
        assert len(second) <= 200
