"""Statements get the driver's marks, and literals stay."""

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.extensions.db_storage.marks import literal, marked, quoted
from tests.extensions.db_storage.server import Server


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT ? WHERE a = ?", "SELECT %b WHERE a = %b"),
        ("SELECT '?', ?, '''?', \"a?\"", "SELECT '?', %b, '''?', \"a?\""),
        ("SELECT a % 2, '%'", "SELECT a %% 2, '%%'"),
        ("SELECT 1", "SELECT 1"),
        ("owner || '' = ?", "owner || '' = %b"),
    ],
)
def test_marks_take_the_place_of_question_marks(sql: str, expected: str) -> None:
    assert marked(sql) == expected


@given(
    st.lists(st.one_of(st.sampled_from(["?", "a", " "]), st.text("?'\"%x").map(literal), st.text("?\"'%").map(quoted)))
)
def test_there_are_as_many_marks_as_outside_of_quotes(pieces: list[str]) -> None:
    sql = " ".join(pieces)
    assert marked(sql).count("%b") == pieces.count("?")
    assert marked(sql).replace("%b", "?").replace("%%", "%") == sql


def test_the_server_reads_literals_as_they_were_meant(server: Server) -> None:
    with psycopg.connect(server.url) as connection:
        for text in ("a'b", "?%", '"', "ä"):
            assert connection.execute(f"SELECT {literal(text)}".encode()).fetchone() == (text,)
            found = connection.execute(f"SELECT 1 AS {quoted(text)}".encode()).description
            assert found is not None
            assert found[0].name == text
