"""Pydantic's errors in words: where, what, and what to write instead."""

from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError, field_validator
from typing_extensions import TypedDict

from otel_discord.config import StrictModel
from otel_discord.config.model_errors import explain


class Inner(StrictModel):
    name: str = ""
    number: int = 0


class Shape(TypedDict):
    __pydantic_config__ = {"extra": "forbid"}  # type: ignore[misc]  # noqa: RUF012 - read as it is
    x: int


class Other(StrictModel):
    part: Inner = Inner()


class Outer(StrictModel):
    first: str = ""
    day: date = date(2026, 1, 1)
    inner: Inner = Inner()
    one_of: Inner | Other = Inner()
    either: int | dict[str, Inner] = 0
    shapes: tuple[dict[str, Shape], ...] = ()
    text: str = ""

    @field_validator("text")
    @classmethod
    def _never(cls, text: str) -> str:
        raise ValueError(text)


def told(data: Any, model: type[BaseModel] = Outer) -> list[tuple[Any, ...]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    return [tuple(each) for each in explain(caught.value, model, data)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"inner": {"nmae": "x"}}, (("inner", "nmae"), "has invalid keys: nmae", 'did you mean "name"?')),
        ({"inner": {"zzz": "x"}}, (("inner", "zzz"), "has invalid keys: zzz", "valid keys: name, number")),
        ({"inner": {"number": "x"}}, (("inner", "number"), "must be a whole number", "")),
        ({"first": True}, (("first",), "must be text", "put it in quotes")),
        ({"text": "inner: is wrong"}, (("text",), "inner: is wrong", "")),
        ({"either": {"a": {"nam": 1}}}, (("either", "a", "nam"), "has invalid keys: nam", 'did you mean "name"?')),
        (
            {"one_of": {"part": {"nam": 1}}},
            (("one_of", "part", "nam"), "has invalid keys: nam", 'did you mean "name"?'),
        ),
        ({"shapes": [{"a": {"x": 1, "y": 2}}]}, (("shapes", 0, "a", "y"), "has invalid keys: y", "")),
    ],
)
def test_what_is_wrong_has_a_path_words_and_advice(data: Any, expected: tuple[Any, ...]) -> None:
    assert expected in told(data)


def test_words_of_pydantic_for_what_has_none_of_ours() -> None:
    ((path, message, _),) = told({"day": "soon"})
    assert path == ("day",)
    assert message.startswith("must be a valid date")
    assert "soon" not in message


class Deep(TypedDict):
    shape: Shape


class Holder(StrictModel):
    deep: Deep


def test_a_key_below_what_is_no_section_has_no_advice() -> None:
    data = {"deep": {"shape": {"x": 1, "z": 2}}}
    assert told(data, Holder) == [(("deep", "shape", "z"), "has invalid keys: z", "")]


class Top(StrictModel):
    part: Inner = Inner()

    @field_validator("part", mode="before")
    @classmethod
    def _speaks_of_others(cls, part: Any) -> Any:
        raise ValueError("other::key: is wrong")


def test_a_path_that_is_not_in_the_data_stays_in_the_words() -> None:
    assert told({"part": {"name": "x"}}, Top) == [(("part",), "other::key: is wrong", "")]
