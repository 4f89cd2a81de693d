"""What a person reads."""

import pytest

from otel_discord.connectors.slow_spans.judging import Slow
from otel_discord.connectors.slow_spans.operations import Usual
from otel_discord.connectors.slow_spans.path import Node, tree
from otel_discord.connectors.slow_spans.wording import lines, name, path_names, title
from tests.connectors.slow_spans.spans import CHECKOUT, CLIENT, SERVER, S, note, span_id

USUAL = Usual(0.14, 1204)


def node(number: int, *spans: S) -> Node:
    return tree(note(span) for span in spans or CHECKOUT)[span_id(number)]


@pytest.mark.parametrize(
    ("slow", "expected"),
    [
        (Slow(0.28, True, USUAL, 13), "GET /checkout took 3.2 s (usually 140 ms)"),
        (Slow(2.0, False, Usual(0, 0), 13), "GET /checkout took 3.2 s (limit 2 s)"),
        (Slow(2.0, False, USUAL, 13), "GET /checkout took 3.2 s (limit 2 s)"),
    ],
)
def test_the_first_line(slow: Slow, expected: str) -> None:
    assert title(node(3).note, slow) == expected


def test_the_lines_below() -> None:
    assert lines(node(3), Slow(0.28, True, USUAL, 13), percentile=99, alike=2, spans_left_out=1500) == [
        "mostly charge card › POST /charges (payments): 2.8 s, 88 %",
        "92 % charge card · 4 % SELECT cart · 4 % itself",
        "path: GET / (web) › GET /checkout (shop)",
        "23 times its usual 140 ms (p99 of 1,204 spans)",
        "and 2 more of it in this trace",
        "the trace has 1,500 spans more than are kept",
    ]


def test_a_span_alone_says_only_what_is_known() -> None:
    assert lines(node(1, S(1, 0, "job", 0, 900)), Slow(0.5, False, Usual(0, 0), 13), percentile=99) == []


def test_many_small_children_are_counted() -> None:
    children = [S(each, 1, f"c{each}", each * 100, each * 100 + 90) for each in range(2, 9)]
    found = lines(node(1, S(1, 0, "job", 0, 900), *children), Slow(0.5, False, Usual(0, 0), 13), percentile=99)
    assert found == ["10 % c2 · 10 % c3 · 10 % c4 · 40 % 4 others · 30 % itself"]


def told(*spans: S) -> list[str]:
    return lines(node(1, *spans), Slow(0.5, False, Usual(0, 0), 13), percentile=99)


def test_what_takes_no_time_is_not_spoken_of() -> None:
    job, slow = S(1, 0, "job", 0, 1000), S(2, 1, "work", 1, 999)
    tiny = [S(each, 1, f"t{each}", 999, 999.1) for each in range(3, 6)]
    assert told(job, slow, *tiny) == ["mostly work: 998 ms, 100 %"]
    assert told(job, *tiny) == ["100 % itself"]


def test_a_query_in_a_loop_is_one_part() -> None:
    queries = [S(each, 1, "SELECT item", each * 10, each * 10 + 9, CLIENT) for each in range(2, 82)]
    job = S(1, 0, "job", 0, 900)
    assert told(job, *queries) == [
        "mostly SELECT item, 80 times: 720 ms, 80 %",
        "80 % SELECT item, 80 times · 20 % itself",
    ]


def test_a_request_in_a_loop_has_the_name_of_what_served_it() -> None:
    spans = [S(1, 0, "job", 0, 900)]
    for each in range(4):
        begin = each * 200
        spans += [
            S(10 + each, 1, "GET", begin, begin + 190, CLIENT),
            S(20 + each, 10 + each, f"GET /{each % 2}", begin + 5, begin + 185, SERVER, "stock"),
        ]
    assert told(*spans) == ["42 % GET /0 (stock), 2 times · 42 % GET /1 (stock), 2 times · 16 % itself"]


def test_whom_a_client_asks_is_told_where_its_name_does_not() -> None:
    asked = note(S(1, 0, "GET", 0, 1))._replace(callee="bank.example")
    assert name(asked) == "GET bank.example"


def test_a_long_way_is_cut_in_its_middle() -> None:
    spans = [S(each, each - 1, f"s{each}", each, 1000 - each, SERVER) for each in range(1, 10)]
    found = lines(node(1, *spans), Slow(0.5, False, Usual(0, 0), 13), percentile=99)
    assert found == ["mostly s2 › s3 › … 4 more … › s8 › s9: 982 ms, 98 %"]


def test_the_names_of_a_long_way_are_bounded() -> None:
    spans = [
        S(each, each - 1, f"s{each}", each, 1000 - each, SERVER, "" if each == 1 else "shop") for each in range(1, 91)
    ]
    found = path_names(node(1, *spans))
    assert len(found) == 32
    assert (found[:2], found[16], found[-1]) == (["s1", "s2 (shop)"], "… 59 more …", "s90 (shop)")


def test_a_name_is_one_short_line() -> None:
    assert name(note(S(1, 0, "a\n b", 0, 1))) == "a b"
    assert name(note(S(1, 0, "", 0, 1))) == "a span without a name"
    assert len(name(note(S(1, 0, "x" * 900, 0, 1)))) == 80
