"""Several sources, one configuration."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.config.merge import merge_documents
from otel_discord.config.problem import ConfigurationError
from otel_discord.config.sources import fingerprint, read_sources, source_files
from otel_discord.config.yaml_file import Document


def read(*configs: str, sets: tuple[str, ...] = (), environ: dict[str, str] | None = None) -> Any:
    return read_sources(configs, sets, environ or {}).data


@pytest.mark.parametrize(
    ("sources", "sets", "data"),
    [
        (["a: {x: 1, y: 2}", "a: {y: 3, z: 4}"], [], {"a": {"x": 1, "y": 3, "z": 4}}),
        (["a: [1, 2]", "a: [3]"], [], {"a": [3]}),
        (["a: {x: 1}", "a:"], [], {"a": None}),
        (["a:", "a: {x: 1}"], [], {"a": {"x": 1}}),
        (["a: {x: 1}", ""], [], {"a": {"x": 1}}),
        (["a::b::c: 1", "a::b: {d: 2}"], [], {"a": {"b": {"c": 1, "d": 2}}}),
        (["a: {b: 1}"], ["a.b=[1, x]"], {"a": {"b": [1, "x"]}}),
        (["a: {b: 1}"], ["a.c.d="], {"a": {"b": 1, "c": {"d": None}}}),
        (["a: {b: 1}"], ["a.b=x=y", "a.b=2"], {"a": {"b": 2}}),
    ],
)
def test_merging(sources: list[str], sets: list[str], data: object) -> None:
    assert read(*(f"yaml:{source}" for source in sources), sets=tuple(sets)) == data


def test_positions_follow_the_source_that_won(tmp_path: Path) -> None:
    first, second = tmp_path / "1.yaml", tmp_path / "2.yaml"
    first.write_text("a:\n  x: [1,\n    {q: 1}]\n  y: 2\n")
    second.write_text("\n\na:\n  x: 5\n")
    document = read_sources([str(first), f"file:{second}"], ["a.z=1"], {})
    assert document.data == {"a": {"x": 5, "y": 2, "z": 1}}
    assert (document.locate(("a", "x")).file, document.locate(("a", "x")).line) == (str(second), 4)
    assert document.locate(("a", "y")).file == str(first)
    assert document.locate(("a", "z")).file == "--set a.z"
    assert ("a", "x", 1, "q") not in document.positions


def test_from_a_variable() -> None:
    assert read("env:CONFIG", environ={"CONFIG": "a: 1"}) == {"a": 1}


@pytest.mark.parametrize(
    ("source", "sets", "message"),
    [
        ("nothing.yaml", (), "configuration file nothing.yaml does not exist; `otel-discord init` writes one"),
        ("env:NOTHING", (), "environment variable NOTHING is not set"),
        ("https://example.test/c", (), 'scheme "https" is not supported for --config'),
        ("yaml:- a", (), "must be a map of keys"),
        ("yaml:a: 1", ("a",), '--set "a" is not of the form a.b.c=value'),
        ("yaml:a: 1", (".=1",), "is not of the form"),
        ("yaml:a: {b: 1, b: 2}", (), "is written twice"),
        ("yaml:{a: 1, 'a::b': 2}", (), "is given as a value and as a map"),
    ],
)
def test_problems(source: str, sets: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(source, sets=sets)
    assert message in str(caught.value)


def test_unreadable(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read configuration file"):
        read(str(tmp_path))
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="it is not UTF-8 text"):
        read(str(tmp_path / "binary"))
    with (tmp_path / "large").open("wb") as file:
        file.truncate(11 * 1024 * 1024)
    with pytest.raises(ConfigurationError, match="larger than 10 MiB"):
        read(str(tmp_path / "large"))


def test_the_problems_of_all_sources_come_together() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read("one.yaml", "two.yaml", sets=("x",))
    assert len(caught.value.problems) == 3


trees = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
maps = st.dictionaries(st.sampled_from("abc"), trees, max_size=3)


@given(maps, maps, maps)
def test_merging_goes_one_by_one_and_the_last_wins(one: Any, two: Any, three: Any) -> None:
    def merged(*parts: Any) -> Any:
        return merge_documents([Document(part) for part in parts]).data

    assert merged(merged(one, two), three) == merged(one, two, three)
    assert all(key in merged(one, two) for key in {**one, **two})
    assert all(merged(one, two)[key] == value for key, value in two.items() if not isinstance(value, dict))
    assert merged(one, one) == one
    assert merged(one, {}) == one


def test_the_files_among_the_sources() -> None:
    assert source_files(["a.yaml", "yaml:{}", "file:b.yaml", "env:C"]) == [Path("a.yaml"), Path("b.yaml")]


def test_a_fingerprint_waits_for_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("x")
    found = fingerprint([tmp_path / "pipe", tmp_path / "file", tmp_path / "none"])
    assert [bool(digest) for digest in found.values()] == [False, True, False]
