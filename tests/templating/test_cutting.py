"""Cutting in the middle: within the limit, both ends, whole graphemes, and it says how much is missing."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from otel_discord.templating.cutting import cut_end, cut_middle
from otel_discord.templating.graphemes import is_boundary
from otel_discord.templating.text import code_block, escape_markdown

GAP = re.compile(r"…\(\+([\d,]+)\)…")
CLUSTERS = ("👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "e\u0301", "❤️", "한", "\u1112\u1161\u11ab", "क्षि", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "ｶﾞ", "x", " ", "\n")
clustered = st.lists(st.sampled_from(CLUSTERS), max_size=120)
any_text = st.text(max_size=400)


@given(any_text, st.integers(-1, 420))
def test_never_longer_than_the_limit(text: str, limit: int) -> None:
    for markdown in (False, True):
        assert len(cut_middle(text, limit, markdown=markdown)) <= max(0, limit)
    assert len(cut_end(text, limit)) <= max(0, limit)


@given(any_text, st.integers(0, 5))
def test_what_fits_stays_as_it_is(text: str, spare: int) -> None:
    assert cut_middle(text, len(text) + spare) == text
    assert cut_end(text, len(text) + spare) == text


@given(st.text(st.characters(exclude_characters="…"), min_size=60, max_size=400), st.integers(24, 55))
def test_both_ends_survive_and_the_gap_counts_what_is_missing(text: str, limit: int) -> None:
    cut = cut_middle(text, limit)
    gap = GAP.search(cut)
    assert gap
    head, tail = cut[: gap.start()], cut[gap.end() :]
    assert text.startswith(head)
    assert text.endswith(tail)
    assert int(gap[1].replace(",", "")) == len(text) - len(head) - len(tail)


@given(clustered, st.integers(20, 80))
def test_graphemes_stay_whole(clusters: list[str], limit: int) -> None:
    text = "".join(clusters)
    edges, position = {0}, 0
    for cluster in clusters:
        position += len(cluster)
        edges.add(position)
    cut = cut_middle(text, limit)
    gap = GAP.search(cut)
    if gap is not None and "🇩🇪🇩🇪" not in text:
        head, tail = cut[: gap.start()], cut[gap.end() :]
        stripped = [edge for edge in edges if text[:edge].rstrip() == head]
        assert len(head) in edges or stripped
        assert any(text[edge:].lstrip() == tail for edge in edges)


@pytest.mark.parametrize("cluster", [cluster for cluster in CLUSTERS if len(cluster) > 1])
def test_no_boundary_inside_a_cluster(cluster: str) -> None:
    assert not any(is_boundary(cluster, index) for index in range(1, len(cluster)))
    assert is_boundary(f"{cluster}{cluster}", len(cluster))


def test_flags_are_pairs() -> None:
    flags = "🇩🇪🇫🇷🇮🇹"
    assert [is_boundary(flags, index) for index in range(1, 6)] == [False, True, False, True, False]


def test_cause_and_effect_survive() -> None:
    text = "could not save order: " + "retrying " * 60 + ": disk quota exceeded"
    cut = cut_middle(text, 80)
    assert cut.startswith("could not save order: retrying")
    assert cut.endswith("disk quota exceeded")


def test_thousands_have_a_comma() -> None:
    assert "(+49,9" in cut_middle("x" * 50_000, 50)


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 8, 15])
def test_tiny_limits(limit: int) -> None:
    assert len(cut_middle("a long enough text to be cut", limit)) <= limit


@given(any_text, st.text(st.sampled_from("ab\n `*"), max_size=300), any_text, st.integers(0, 500))
def test_fences_are_closed(before: str, code: str, after: str, limit: int) -> None:
    text = f"{escape_markdown(before)}\n{code_block(code, 'py')}\n{escape_markdown(after)}"
    cut = cut_middle(text, limit, markdown=True)
    assert len(cut) <= limit
    assert cut.count("```") % 2 == 0


@pytest.mark.parametrize("fence", ["```py\ncode\n```", "```\ncode\n```", "```code```", "```" + "x" * 30 + "\nx\n```"])
def test_a_fence_at_the_cut_is_left_out_or_kept_whole(fence: str) -> None:
    for before in range(60):
        text = "a " * before + fence + " b" * (60 - before)
        for limit in (60, 90):
            cut = cut_middle(text, limit, markdown=True)
            assert len(cut) <= limit
            assert cut.count("```") % 2 == 0
            assert cut.count("`") % 3 == 0


def test_a_gap_inside_one_block_is_part_of_it() -> None:
    cut = cut_middle("```py\n" + "x = 1\n" * 50 + "```", 100, markdown=True)
    assert re.fullmatch(r"```py\n[x=1 \n]+…\(\+\d+\)…[x=1 \n]+```", cut)


@given(st.text(st.sampled_from("*_`\\ab"), min_size=40, max_size=200), st.integers(16, 39))
def test_escapes_stay_whole(text: str, limit: int) -> None:
    cut = cut_middle(escape_markdown(text), limit, markdown=True)
    assert not re.search(r"(?<!\\)[*`]", cut.replace("\\\\", ""))


def test_links_and_times_stay_whole() -> None:
    text = "a " * 20 + "[trace](https://grafana.example/explore) " + "b " * 20 + "<t:1700000000:R> " + "c " * 20
    for limit in range(20, len(text)):
        cut = cut_middle(text, limit, markdown=True)
        assert len(cut) <= limit
        assert cut.count("](") == len(re.findall(r"\[trace\]\(https://grafana\.example/explore\)", cut))
        assert cut.count("<") == len(re.findall(r"<t:1700000000:R>", cut))


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("x " * 20 + "**bold words** " + "y " * 20, 50, None),
        ("x " * 5 + "**" + "bold " * 20 + "words** y y", 60, None),
        ("x `code` " + "y " * 60, 40, None),
        ("`" + "code " * 30 + "`", 40, None),
        ("**" + "bold " * 30 + "** and `more` of **it**", 12, "bold bold…"),
    ],
)
def test_what_is_bold_or_code_is_so_to_both_sides_or_not_at_all(text: str, limit: int, cut: str | None) -> None:
    for bound in range(limit, len(text)) if cut is None else (limit,):
        short = cut_middle(text, bound, markdown=True)
        assert len(short) <= bound
        assert cut is None or short == cut
        assert short.replace("**", "").count("*") == 0
        assert short.count("**") % 2 == short.count("`") % 2 == 0


@given(
    st.lists(st.sampled_from(["**bold**", "a", " ", "`c`", "\\*", "b\n", "\\\\", "\\`"]), max_size=80),
    st.integers(8, 90),
)
def test_no_mark_stands_alone(parts: list[str], limit: int) -> None:
    cut = cut_middle("".join(parts), limit, markdown=True)
    assert len(cut) <= limit
    live = re.sub(r"\\[*`\\]", "", cut)
    assert live.count("*") == 2 * live.count("**")
    assert live.count("**") % 2 == live.count("`") % 2 == 0


def test_zalgo_does_not_take_for_ever() -> None:
    cut = cut_middle("a" + "\u0301" * 100_000, 100)
    assert len(cut) <= 100


@given(
    st.text(st.sampled_from("ab c"), min_size=100, max_size=300),
    st.integers(60, 99),
    st.integers(24, 59),
    st.integers(0, 9_000),
)
def test_a_text_cut_twice_says_what_is_missing_of_the_first(text: str, first: int, second: int, before: int) -> None:
    once = cut_middle(text, first)
    assume(len(once) > second)
    cut = cut_middle(once, second, missing_chars=before)
    assert len(cut) <= second
    gap = GAP.search(cut)
    assert gap
    assert len(GAP.findall(cut)) == 1
    assert int(gap[1].replace(",", "")) == len(text) + before - len(GAP.sub("", cut))


def test_a_mark_is_never_split() -> None:
    for before in range(0, 120, 3):
        text = "a" * before + "…(+1,234,567)…" + "b" * (120 - before)
        for limit in range(30, 120):
            cut = cut_middle(text, limit)
            assert len(cut) <= limit
            counts = [int(found.replace(",", "")) for found in GAP.findall(cut)]
            assert sum(counts) + len(GAP.sub("", cut)) == 120 + 1_234_567
