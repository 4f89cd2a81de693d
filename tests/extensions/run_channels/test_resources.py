"""A resource belongs to the run that it names, whatever the type of its values; in doubt to none."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.extensions.run_channels.config import ResourceAttributes
from otel_discord.extensions.run_channels.resources import RunIndex
from otel_discord.extensions.run_channels.runs import Placement, Run, RunKey, State


def run_of(run_id: str, *, guild_id: str = "1", task_id: str = "42", attempt: int = 1, short_id: str = "ab12") -> Run:
    key = RunKey(guild_id=guild_id, task_id=task_id, attempt=attempt, short_id=short_id)
    return Run(
        run_id=run_id, key=key, state=State.RUNNING, placement=Placement.CHANNEL, created_ms=1, retention_hours=1
    )


def value(plain: Any) -> AnyValue:
    match plain:
        case bool():
            return AnyValue(bool_value=plain)
        case int():
            return AnyValue(int_value=plain)
        case float():
            return AnyValue(double_value=plain)
        case str():
            return AnyValue(string_value=plain)
        case _:
            return AnyValue()


def resource(*pairs: tuple[str, Any], **plain: Any) -> Resource:
    named = [(f"run.{name}", item) for name, item in plain.items()]
    return Resource(attributes=[KeyValue(key=name, value=value(item)) for name, item in (*pairs, *named)])


@pytest.fixture
def index() -> RunIndex:
    made = RunIndex(ResourceAttributes())
    made.replace([run_of("first"), run_of("second", attempt=2)])
    return made


@pytest.mark.parametrize(
    ("attributes", "run_id"),
    [
        ({"id": "first"}, "first"),
        ({"id": "unknown"}, None),
        ({"task_id": "42", "attempt": "1", "short_id": "ab12"}, "first"),
        ({"task_id": 42, "attempt": 2, "short_id": "ab12"}, "second"),
        ({"task_id": 42.0, "attempt": 1.0, "short_id": "ab12"}, "first"),
        ({"task_id": "42", "attempt": 1.5, "short_id": "ab12"}, None),
        ({"task_id": "42", "attempt": "01", "short_id": "ab12"}, None),
        ({"task_id": "42", "attempt": True, "short_id": "ab12"}, None),
        ({"task_id": "42", "attempt": 1}, None),
        ({"task_id": "42", "attempt": 1, "short_id": None}, None),
        ({"id": "second", "task_id": "42", "attempt": 1, "short_id": "ab12"}, "second"),
        ({"id": "of-another-tool", "task_id": "42", "attempt": 1, "short_id": "ab12"}, "first"),
        ({"task_id": "42", "attempt": 1, "short_id": "ab12", "guild_id": 1}, "first"),
        ({"task_id": "42", "attempt": 1, "short_id": "ab12", "guild_id": "2"}, None),
        ({"task_id": float("inf"), "attempt": 1, "short_id": float("nan")}, None),
        ({}, None),
    ],
)
def test_whose_it_is(index: RunIndex, attributes: dict[str, Any], run_id: str | None) -> None:
    assert index.run_of(resource(("service.name", "shop"), **attributes)) == run_id


def test_values_that_are_true() -> None:
    index = RunIndex(ResourceAttributes())
    index.add(run_of("yes", task_id="true"))
    assert index.run_of(resource(task_id=True, attempt=1, short_id="ab12")) == "yes"


def test_of_duplicates_the_last_one_holds(index: RunIndex) -> None:
    assert index.run_of(resource(("run.id", "first"), ("run.id", "second"))) == "second"


def test_two_guilds_with_the_same_run_need_the_guild(index: RunIndex) -> None:
    index.add(run_of("elsewhere", guild_id="2"))
    same = {"task_id": "42", "attempt": 1, "short_id": "ab12"}
    assert index.run_of(resource(**same)) is None
    assert index.run_of(resource(**same, guild_id="2")) == "elsewhere"
    assert index.run_of(resource(**same, guild_id=1)) == "first"
    index.discard("first")
    assert index.run_of(resource(**same)) == "elsewhere"
    index.discard("elsewhere")
    index.discard("elsewhere")
    assert index.run_of(resource(**same)) is None
    assert len(index) == 1


def test_attributes_can_have_other_names() -> None:
    index = RunIndex(ResourceAttributes(run_id="ci.run", task_id="ci.job", short_id="ci.job", attempt=""))
    index.add(run_of("first", task_id="x", short_id="x"))
    assert index.run_of(resource(("ci.run", "first"))) == "first"
    assert index.run_of(resource(("run.id", "first"))) is None
    assert index.run_of(resource(("ci.job", "x"))) is None  # without an attempt no triple is whole


def test_a_run_that_changes_is_known_once(index: RunIndex) -> None:
    index.add(replace(run_of("first"), title="x"))
    assert len(index) == 2
    index.replace([])
    assert len(index) == 0
    assert index.run_of(resource(id="first")) is None


@given(st.lists(st.tuples(st.sampled_from(("add", "discard")), st.integers(0, 5)), max_size=30))
def test_it_knows_exactly_the_live_ones(moves: list[tuple[str, int]]) -> None:
    runs = [run_of(f"r{number}", guild_id=str(1 + number % 2), attempt=number // 2) for number in range(6)]
    index, live = RunIndex(ResourceAttributes()), set[int]()
    for move, number in moves:
        if move == "add":
            index.add(runs[number])
            live.add(number)
        else:
            index.discard(runs[number].run_id)
            live.discard(number)
    for number, run in enumerate(runs):
        key = run.key
        found = index.run_of(
            resource(task_id=key.task_id, attempt=key.attempt, short_id=key.short_id, guild_id=key.guild_id)
        )
        assert found == (run.run_id if number in live else None)


@pytest.mark.parametrize(
    ("attributes", "label"),
    [
        ({"id": "over"}, "run 42 #3 (ab12)"),
        ({"id": "nobody-knows"}, "run nobody-knows"),
        ({"id": "nobody-knows", "task_id": 7, "attempt": 1, "short_id": "cd"}, "run 7 #1 (cd)"),
        ({"task_id": "build", "attempt": 2.0, "short_id": "x"}, "run build #2 (x)"),
        ({"task_id": "build", "attempt": 2}, ""),
        ({"guild_id": "1"}, ""),
        ({"id": ""}, ""),
        ({"id": "z" * 5_000}, f"run {'z' * 39}…"),
        ({}, ""),
    ],
)
def test_what_people_call_a_run_that_is_not_live(attributes: dict[str, Any], label: str) -> None:
    index = RunIndex(ResourceAttributes())
    index.know("over", run_of("over", attempt=3))
    asked = resource(**attributes)
    assert index.label_of(asked) == label
    assert index.run_of(asked) is None


def test_a_run_that_is_forgotten_is_called_as_its_telemetry_does() -> None:
    index = RunIndex(ResourceAttributes(run_id="my.id"))
    index.know("a", run_of("a"))
    asked = resource(("my.id", "a"))
    assert index.label_of(asked) == "run 42 #1 (ab12)"
    index.know("a", None)
    index.know("never", None)
    assert index.label_of(asked) == "run a"


def test_whose_a_resource_was_is_known_as_long_as_the_run_is() -> None:
    index = RunIndex(ResourceAttributes())
    run = run_of("r1")
    index.know("r1", run)
    index.add(run)
    index.discard("r1")
    by_id, by_triple = resource(id="r1"), resource(task_id="42", attempt=1, short_id="ab12")
    assert index.run_of(by_id) is None
    assert [index.known_run_of(each) for each in (by_id, by_triple, resource(id="r2"))] == ["r1", "r1", None]
    index.know("r1", None)
    assert [index.known_run_of(each) for each in (by_id, by_triple)] == [None, None]
