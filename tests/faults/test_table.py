"""The table of the fault matrix, and the books that its rows close."""

import pytest

import tests.faults.rows  # noqa: F401 - registers them
from tests.faults.__main__ import PAGE, chosen
from tests.faults.books import Books
from tests.faults.row import ROWS, Result, Verdict
from tests.faults.table import BEGIN, END, rewritten
from tests.sending.markers import STREAM, markers_in

EMPTY = f"before\n{BEGIN}\n{END}\nafter\n"


def test_every_row_of_one_process_is_there() -> None:
    assert set(range(1, 71)) <= set(ROWS)


def test_results_are_written_and_others_stay() -> None:
    page = rewritten(
        EMPTY, ROWS, [Result(33, Verdict.GREEN, "12 | accepted"), Result(34, Verdict.RED, why="7 gone\nmore")]
    )
    again = rewritten(page, ROWS, [Result(34, Verdict.EXPLAINED, why="not here")])
    assert "| green | 12 \\| accepted |" in again
    assert "| explained | not here |" in again
    assert "| **red** | 7 gone |" in page
    assert "7 gone" not in again
    assert again == rewritten(again, ROWS, [])
    assert again.startswith("before\n")
    assert again.endswith("after\n")


def test_a_page_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="no <!-- generated"):
        rewritten("nothing", ROWS, [])


def test_the_page_has_the_rows_of_today() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert rewritten(page, ROWS, []) == page, "run `python -m tests.faults` for the rows that have changed"


def test_rows_are_chosen_by_number() -> None:
    assert chosen("33,41-44,41") == [33, 41, 42, 43, 44]
    assert chosen("") == sorted(ROWS)


def books(accepted: dict[int, int], shown: list[int], dead: set[int] | None = None, twice: int = -1) -> Books:
    offered = dict.fromkeys(accepted, 1) | ({twice: 2} if twice >= 0 else {})
    return Books(accepted, offered, {"default": shown}, {"default": dead or set()})


def test_the_books_see_what_is_lost_doubled_invented_and_out_of_order() -> None:
    accepted = {1: 17, 2: 17, 3: 21, STREAM + 1: 17}
    assert books(accepted, [3, 1, 2, STREAM + 1]).open() == {}
    assert books(accepted, [3, 1, 2]).open() == {"default": [STREAM + 1]}
    assert books(accepted, [3, 1, 2], {STREAM + 1}).open() == {}
    assert books(accepted, [1, 1, 2, 2, 2]).copies_too_many() == 3
    assert books(accepted, [1, 1, 2, 2, 2], twice=2).copies_too_many() == 2
    assert books(accepted, [1, 9]).never_sent() == {9}
    assert books(accepted, [2, 1]).out_of_order() == {"default": [1]}
    assert books(accepted, [STREAM + 1, 3, 1, 2, 1]).out_of_order() == {}
    assert books(accepted, [1], {1}).dead_and_delivered() == {"default": {1}}


def test_markers_are_read_in_order() -> None:
    assert markers_in("#12# x #3# #x#") == [12, 3]
