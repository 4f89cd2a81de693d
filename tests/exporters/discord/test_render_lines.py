"""What is shown of long texts, and that the numbers in it are true."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.facts_lines import clean_lines, count_lines, hidden_lines, more_lines
from otel_discord.exporters.discord.render_lines import few_lines, fitted_title
from tests.exporters.discord.test_facts import PYTHON
from tests.exporters.discord.test_render import card, embed_of

GAP = re.compile(r"…\(\+([\d,]+)\)…")
MORE = re.compile(r"… ([\d,]+) more lines?")


def number_in(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.findall(text)
    assert len(found) == 1
    return int(found[0].replace(",", ""))


@pytest.mark.parametrize("chars", [201, 16_384, 16_385, 70_000, 10_400_000])
@pytest.mark.parametrize("preset", ["compact", "standard", "full"])
def test_the_characters_missing_from_one_long_line(chars: int, preset: str) -> None:
    embed = embed_of(card("x" * (chars + 50)), preset=preset)
    assert number_in(GAP, embed.title) == chars + 50 - embed.title.count("x")


@pytest.mark.parametrize("lines", [9, 3_000, 20_000, 400_000])
@pytest.mark.parametrize("width", [0, 90])
def test_the_lines_missing_from_a_long_text(lines: int, width: int) -> None:
    text = "\n".join(f"step {number} {'x' * width}" for number in range(lines))
    for preset in ("compact", "full"):
        embed = embed_of(card(text), preset=preset)
        if "more lines" in embed.description:
            shown = 1 + embed.description.count("step ")
            assert number_in(MORE, embed.description) == lines - shown
        assert f"step {lines - 1}" in embed.description


def test_the_line_that_counts_survives_long_lines() -> None:
    text = "title\n" + "\n".join(f"{number} " + "y" * 5_000 + f" end {number}" for number in range(500))
    embed = embed_of(card(text))
    assert number_in(MORE, embed.description) == 500 - 2
    assert "end 499" in embed.description
    assert all(len(line) <= 200 for line in embed.description.split("\n"))


def test_a_long_attribute_says_how_long_it_was() -> None:
    description = embed_of(card(attributes={"q": "z" * 400})).description
    value = description.split("q=")[1]
    assert number_in(GAP, value) == 400 - value.count("z")


def test_lines_of_a_trace_that_were_not_read_are_counted() -> None:
    frame = '  File "/srv/app/cart/totals.py", line 118, in add_tax\n    x\n'
    trace = "Traceback (most recent call last):\n" + frame * 9_000 + "TypeError: no tax"
    description = embed_of(card("", {"exception.stacktrace": trace})).description
    frames, more = re.findall(r"… ([\d,]+) frames and ([\d,]+) more lines", description)[0]
    shown = description.count('File "')
    hidden = 2 * int(frames.replace(",", "")) + int(more.replace(",", ""))
    assert abs(hidden + 2 * shown - 18_000) <= 2  # a frame may be halved, and the first line is not a frame
    assert "TypeError: no tax" in description


def test_a_short_trace_has_no_such_line() -> None:
    assert "more line" not in embed_of(card("", {"exception.stacktrace": PYTHON})).description


@given(
    st.lists(st.text(st.sampled_from("ab "), min_size=1, max_size=30).filter(str.strip), min_size=1, max_size=200),
    st.sampled_from(["\n", "\n\n", "\r\n"]),
    st.integers(400, 900),
)
def test_bounded_lines_add_up(lines: list[str], line_break: str, limit: int) -> None:
    bounded = clean_lines(line_break.join(lines), limit)
    assert len(bounded) <= limit + 40
    if not GAP.search(bounded):
        kept = [line for line in bounded.split("\n") if line.strip()]
        assert sum(hidden_lines(line) or 1 for line in kept) == len(lines)


@pytest.mark.parametrize(
    ("text", "lines"), [("", 0), ("\n \n", 0), ("a", 1), ("a\n\n\n\nb\n", 2), ("\n\na\nb", 2), ("\n" * 99 + "a", 1)]
)
def test_count_lines(text: str, lines: int) -> None:
    assert count_lines(text) == lines


@pytest.mark.parametrize(("line", "count"), [(more_lines(1), 1), ("  … 1,234 more lines", 1234), ("more lines", 0)])
def test_hidden_lines(line: str, count: int) -> None:
    assert hidden_lines(line) == count


@given(st.lists(st.text("abc \n", max_size=60)).map("\n".join), st.integers(0, 12), st.integers(0, 300))
def test_few_lines_keep_both_limits(text: str, max_lines: int, max_chars: int) -> None:
    shown = few_lines(text, max_lines, max_chars)
    assert len(shown.text) <= max_chars
    assert len(shown.text.split("\n")) <= max(2, max_lines)
    if not shown.is_cut:
        assert shown.text.split() == text.split()


URL = "https://api.payments.example.com/v1/shops/4711/" + "segment/" * 40 + "charges?" + "token=x&" * 30


@pytest.mark.parametrize("preset", ["compact", "standard", "full"])
def test_words_of_a_title_outlive_its_addresses(preset: str) -> None:
    embed = embed_of(card(f"GET {URL} failed: 502 Bad Gateway {URL} {URL}"), preset=preset)
    assert embed.title.startswith("🔴 GET api.payments.example.com/…/charges failed: 502 Bad Gateway api.payments")
    assert "📎 message.txt" in embed.description


def test_a_title_says_what_is_missing_with_its_addresses() -> None:
    text = f"GET {URL} failed: " + "word " * 100 + "502 Bad Gateway"
    shown = fitted_title(text, 120)
    assert shown.endswith("502 Bad Gateway")
    assert number_in(GAP, shown) == len(text) - len(GAP.sub("", shown))
