"""A secret is used, never shown, whichever way it is printed."""

import copy
import json
import logging
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from otel_discord.config import REDACTED, Secret, StrictModel

TOKEN = "a-token-nobody-may-see"


class Section(StrictModel):
    """A section with secrets."""

    token: Secret = Secret("")
    others: tuple[Secret, ...] = ()


SECTION = Section.model_validate({"token": TOKEN, "others": [TOKEN]})


@pytest.mark.parametrize(
    "shown",
    [
        str(Secret(TOKEN)),
        repr(Secret(TOKEN)),
        f"{Secret(TOKEN)}",
        f"{Secret(TOKEN)!r:>40}",
        f"{Secret(TOKEN)} {Secret(TOKEN)!r}",
        str([Secret(TOKEN)]),
        str({"token": Secret(TOKEN)}),
        repr(SECTION),
        str(SECTION),
        str(SECTION.model_dump()),
        SECTION.model_dump_json(),
        json.dumps(Section.model_json_schema()),
        logging.LogRecord("x", 20, "", 1, "with %s", (Secret(TOKEN),), None).getMessage(),
    ],
)
def test_no_way_of_printing_shows_it(shown: str) -> None:
    assert TOKEN not in shown


def test_printed_it_is_redacted_and_keeps_its_width() -> None:
    assert f"{Secret(TOKEN)}" == REDACTED
    assert f"{Secret('x'):>12}" == f"{REDACTED:>12}"
    assert SECTION.model_dump() == {"token": REDACTED, "others": (REDACTED,)}


def test_it_is_reached_by_asking() -> None:
    assert Secret(TOKEN).reveal() == TOKEN


@pytest.mark.parametrize(
    ("value", "hint"), [("", "…"), ("short", "…"), ("elevenchars", "…"), ("twelve chars", "…hars"), (TOKEN, "…-see")]
)
def test_the_hint_tells_tokens_apart_and_gives_short_ones_away_never(value: str, hint: str) -> None:
    assert Secret(value).hint() == hint


@given(st.text(), st.text())
def test_two_are_equal_when_their_values_are(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) is (one == other)
    assert Secret(one) != one
    assert len({Secret(one), Secret(one)}) == 1
    assert bool(Secret(one)) is bool(one)


@pytest.mark.parametrize("write", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_is_not_serialised(write) -> None:
    with pytest.raises(TypeError, match="not serialised"):
        write(Secret(TOKEN))


def test_a_wrong_type_is_refused_without_the_value() -> None:
    with pytest.raises(ValidationError) as refused:
        Section.model_validate({"token": [TOKEN]})
    assert "must be a string" in str(refused.value)
    assert TOKEN not in "".join(traceback.format_exception(refused.value))


def test_a_secret_stays_the_one_it_is() -> None:
    secret = Secret(TOKEN)
    assert Section(token=secret).token is secret
