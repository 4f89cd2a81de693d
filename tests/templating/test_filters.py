"""Filters at their edges; what they do in the usual case is on the reference page and tested there."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.templating.columns import display_width, fit_width, table_lines
from otel_discord.templating.environment import compile_text, with_globals
from otel_discord.templating.errors import TemplateError
from otel_discord.templating.filters_numbers import sparkline
from otel_discord.templating.json_text import json_text
from otel_discord.templating.lookup import Lookup
from otel_discord.templating.sandbox import refill_budget


def render(text: str, **values: Any) -> str:
    refill_budget()
    return compile_text(text, source="t.yaml")(with_globals(values))


@pytest.mark.parametrize(
    ("text", "value", "shown"),
    [
        ("{{ v | number }}", "not one", "not one"),
        ("{{ v | number }}", "1240", "1,240"),
        ("{{ v | number }}", True, "True"),
        ("{{ v | bytes }}", "2048", "2 KiB"),
        ("{{ v | percent }}", math.inf, "inf %"),
        ("{{ v | duration('ns') }}", 1_500_000, "1.5 ms"),
        ("{{ v | timestamp }}", "1700000000000000000", "<t:1700000000:R>"),
        ("{{ v | timestamp }}", math.inf, ""),
        ("{{ v | plural('job') }}", 0, "0 jobs"),
        ("{{ v | plural('job') }}", -1, "-1 job"),
        ("{{ v | quantity('%') }}", 82, "82 %"),
        ("{{ v | int }}", "9" * 100, "0"),
        ("{{ v | code('py') }}", "a\n```b", "```py\na\n`\u200b`\u200b`b\n```"),
        ("{{ v | code('py; rm') }}", "a", "```\na\n```"),
        ("{{ v | code('') }}", "a", "```\na\n```"),
        ("{{ v | first_line }}", " \n ", ""),
        ("{{ v | address }}", "javascript:alert(1)", ""),
        ("{{ v | address }}", "https://a.example/x)y z", "https://a.example/x%29y%20z"),
        ("{{ v | sum('n') }}", [{"n": 1}, {"n": "2"}], "3"),
        ("{{ v | present | length }}", [0, 1, "", " ", None, False, [], {}, [1]], "3"),
        ("{{ v | json }}", {"a": [None, True, 1.5, math.nan, "<@1>"]}, '{"a":[null,true,1.5,"nan","<\u200b@1>"]}'),
        ("{{ v.x | default('none') }}", {}, "none"),
        ("{{ x.y }}{{ v }}", 1, None),
        ("{{ v | duration }}", "soon", None),
        ("{{ v | duration('weeks') }}", 1, None),
        ("{{ v | bytes }}", [1], None),
        ("{{ v | truncate_middle(1, 2, 3) }}", "x", None),
        ("{{ v | join(nothing='x') }}", ["x"], None),
    ],
)  # fmt: skip
def test_edges(text: str, value: object, shown: str | None) -> None:
    if shown is not None:
        assert render(text, v=value) == shown
        return
    with pytest.raises(TemplateError, match=r"^t\.yaml:1: "):
        render(text, v=value)


def test_a_wrong_argument_is_said_with_the_name_of_the_filter() -> None:
    with pytest.raises(TemplateError, match="duration: got an unexpected keyword argument 'units'"):
        render("{{ 1 | duration(units='ms') }}")
    with pytest.raises(TemplateError, match="a number is expected here, not 'soon'"):
        render("{{ 'soon' | duration }}")


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("検索", 4), ("e\u0301", 1), ("👍", 2), ("ｱ", 1), ("", 0), ("a\u200b", 1)]
)
def test_display_width(text: str, width: int) -> None:
    assert display_width(text) == width


@given(st.text(st.sampled_from("ab 検索👍e\u0301"), max_size=60), st.integers(1, 30))
def test_what_is_fitted_is_never_wider(text: str, most: int) -> None:
    fitted = fit_width(text, most)
    assert display_width(fitted) <= most
    assert fitted == text or display_width(text) > most


cells = st.text(st.sampled_from("ab 検索👍"), max_size=20) | st.integers(-9999, 9999) | st.none()


@given(st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1, max_size=8))
def test_columns_begin_or_end_at_the_same_place(rows: list[list[Any]]) -> None:
    marked = [[first, "|", second] for first, second in rows]
    starts = {display_width(line[: line.index("|")]) for line in table_lines(marked)}
    assert len(starts) == 1


def test_tables_are_bounded() -> None:
    wide = [{str(n): n for n in range(50)}] * 200
    lines = table_lines(wide)
    assert len(lines) == 1 + 50 + 1
    assert lines[-1] == "… 150 more"
    assert len(lines[0].split()) == 10
    assert table_lines([]) == []
    assert table_lines([5, "x"]) == ["5", "x"]
    assert table_lines([["x" * 500]], max_width=10) == [fit_width("x" * 500, 10)]


@pytest.mark.parametrize(
    ("values", "bars"),
    [
        ([], ""),
        ([5], "▁"),
        ([1, 1], "▁▁"),
        ([1, None, 8], "▁█"),
        ([math.nan, 1, math.inf, 2], "▁█"),
        (["1", "3"], "▁█"),
    ],
)
def test_sparklines(values: list[Any], bars: str) -> None:
    assert sparkline(values) == bars


def test_a_peak_is_seen_however_many_values_there_are() -> None:
    shown = sparkline([0] * 500 + [9] + [0] * 500)
    assert len(shown) == 60
    assert shown.count("█") == 1


def test_json_is_bounded() -> None:
    shared: Any = "x"
    for _ in range(100):
        shared = [shared, shared]
    assert len(json_text(shared)) < 2_000
    assert len(json_text(list(range(100_000)))) < 10_000
    assert json_text({"k" * 500: "v"}).count("k") < 130


def test_a_lookup_gives_the_default_for_what_is_missing_or_empty() -> None:
    lookup = Lookup({"a.b": 0, "empty": ""})
    assert (lookup("a.b", "none"), lookup("empty", "none"), lookup("c"), lookup(5, "none")) == (0, "none", "", "none")
    assert render("{{ attr('a.b') }}", attr=lookup) == "0"
