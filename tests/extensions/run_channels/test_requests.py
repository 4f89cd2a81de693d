"""What callers ask for is checked, and all that is wrong is said at once by the names that they used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord._proto.run_channels_pb2 import CreateRunRequest
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.requests import clean_line, fields_of_create, parse_create, parse_finalize
from otel_discord.extensions.run_channels.runs import NewRun, RunKey

GOOD = {"taskId": "build-42", "attempt": 1, "shortId": "ab12", "guildId": "123456789012345678"}
KEY = RunKey(guild_id="123456789012345678", task_id="build-42", attempt=1, short_id="ab12")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def create(body: object, most: int = 720) -> NewRun:
    return parse_create(body, max_retention_hours=most)


def wrong(body: object, most: int = 720) -> dict[str, str]:
    with pytest.raises(RunProblem) as caught:
        create(body, most)
    assert caught.value.code is Code.INVALID
    return caught.value.fields


def test_the_least_that_is_needed() -> None:
    assert create(GOOD) == NewRun(key=KEY)


def test_everything_that_can_be_said() -> None:
    body = {
        **GOOD,
        "retentionHours": 0,
        "title": " Nightly \n build ",
        "metadata": {"commit": "3f2e\u200b91c", "x": ""},
    }
    assert create(body) == NewRun(
        key=KEY, retention_hours=0, title="Nightly build", metadata={"commit": "3f2e91c", "x": ""}
    )


def test_null_counts_as_missing() -> None:
    assert create({**GOOD, "title": None, "metadata": None, "retentionHours": None}) == NewRun(key=KEY)
    assert set(wrong(dict.fromkeys(GOOD))) == set(GOOD)


def test_all_that_is_wrong_is_said_at_once() -> None:
    body = {
        "taskid": "x", "attempt": True, "shortId": "a b", "guildId": 123456789012345678, "retentionHours": 721,
        "title": "x" * 101, "metadata": {"a": 1, "b" * 65: "x", "c": "y" * 513, "ok": "z"},
    }  # fmt: skip
    fields = wrong(body)
    assert set(fields) == {
        "taskid", "taskId", "attempt", "shortId", "guildId", "retentionHours", "title",
        "metadata.a", f"metadata.{'b' * 64}", "metadata.c",
    }  # fmt: skip
    assert 'did you mean "taskId"?' in fields["taskid"]
    assert "missing" in fields["taskId"]
    assert "0 to 720" in fields["retentionHours"]
    assert "loses digits" in fields["guildId"]


@pytest.mark.parametrize("body", [None, [], "x", 1, True, 1.5])
def test_only_an_object_is_a_request(body: object) -> None:
    assert wrong(body) == {"": "must be a JSON object"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("taskId", ""), ("taskId", " a"), ("taskId", "a\n"), ("taskId", "a\u202eb"), ("taskId", "a\u115fb"),
        ("taskId", "a\x00"), ("taskId", "x" * 101), ("taskId", 7), ("taskId", "\ud800"),
        ("taskId", " "), ("taskId", ["a"]),
        ("attempt", -1), ("attempt", 1_000_001), ("attempt", 1.0), ("attempt", "1"), ("attempt", False),
        ("attempt", 10**400), ("attempt", float("nan")),
        ("shortId", ""), ("shortId", "x" * 41), ("shortId", "ä"), ("shortId", "a/b"), ("shortId", "a\n"),
        ("guildId", "0"), ("guildId", "abc"), ("guildId", "9" * 21), ("guildId", 1.0), ("guildId", True),
        ("guildId", "١٢٣"),
        ("retentionHours", -1), ("retentionHours", True), ("retentionHours", "24"), ("retentionHours", 0.5),
        ("title", 5), ("title", {}), ("metadata", []), ("metadata", "x"),
        ("metadata", dict.fromkeys("abcdefghijklmnopqrstu", "")),
    ],
)  # fmt: skip
def test_a_wrong_value_names_its_field(name: str, value: object) -> None:
    assert set(wrong({**GOOD, name: value})) == {name}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("taskId", "x" * 100), ("taskId", "Nightly: shop/web #7 ✓ 漢字"), ("attempt", 0), ("attempt", 1_000_000),
        ("shortId", "A.b_c-9"), ("shortId", "x" * 40), ("guildId", "1"), ("retentionHours", 720), ("title", "x" * 100),
        ("title", ""), ("metadata", {"k" * 64: "v" * 512}), ("metadata", dict.fromkeys("abcdefghijklmnopqrst", "v")),
    ],
)  # fmt: skip
def test_the_bounds_themselves_are_good(name: str, value: object) -> None:
    create({**GOOD, name: value})


def test_a_key_that_is_there_twice_once_it_can_be_seen() -> None:
    assert set(wrong({**GOOD, "metadata": {"a": "1", "a\u200b": "2"}})) == {"metadata.a"}


def test_unknown_fields_are_bounded_in_the_answer() -> None:
    fields = wrong({**GOOD, **{f"x{index}": 1 for index in range(1000)}, "y" * 5000: 1})
    assert len(fields) == 21
    assert max(map(len, fields)) <= 64


@given(json_values | st.fixed_dictionaries(dict.fromkeys(GOOD, json_values) | {"metadata": json_values}))
def test_no_document_breaks_it(body: object) -> None:
    problem: RunProblem | None = None
    try:
        create(body)
    except RunProblem as refusal:
        problem = refusal
    if problem is not None:
        assert problem.code is Code.INVALID
        assert problem.fields
        assert all(problem.fields.values())


@given(st.text(max_size=50))
def test_texts_are_one_visible_line(text: str) -> None:
    line = clean_line(text)
    assert "\n" not in line
    assert line == line.strip() == clean_line(line)
    line.encode()


def test_an_outcome_may_be_missing() -> None:
    assert parse_finalize(None) == parse_finalize({}) == parse_finalize({"outcome": None}) == ""
    assert parse_finalize({"outcome": " success\n"}) == "success"


@pytest.mark.parametrize("body", [[], "success", {"outcome": 1}, {"outcome": "x" * 101}, {"result": "success"}])
def test_a_wrong_finalize_is_refused(body: object) -> None:
    with pytest.raises(RunProblem) as caught:
        parse_finalize(body)
    assert caught.value.code is Code.INVALID
    assert caught.value.fields


def test_a_message_says_the_same() -> None:
    message = CreateRunRequest(
        task_id="build-42", attempt=1, short_id="ab12", guild_id="123456789012345678",
        retention_hours=0, title="Nightly", metadata={"commit": "3f2e91c"},
    )  # fmt: skip
    assert create(fields_of_create(message)) == NewRun(
        key=KEY, retention_hours=0, title="Nightly", metadata={"commit": "3f2e91c"}
    )


def test_what_a_message_leaves_out_is_missing() -> None:
    assert set(wrong(fields_of_create(CreateRunRequest()))) == {"taskId", "shortId", "guildId"}
    message = CreateRunRequest(task_id="t", short_id="s", guild_id="1")
    assert create(fields_of_create(message)).retention_hours is None
