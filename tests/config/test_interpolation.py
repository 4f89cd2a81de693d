"""References become values; fields decide what the values are."""

from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import Field

from otel_discord.config import Duration, Secret, StrictModel, interpolation
from otel_discord.config.interpolation import Interpolated, interpolate
from otel_discord.config.problem import Position
from otel_discord.config.raw_text import to_typed
from otel_discord.config.sources import read_text
from otel_discord.config.yaml_file import parse_yaml

ENVIRONMENT = {
    "OCTAL": "0123",
    "TRUE": "true",
    "COMMENT": "true # comment",
    "MAP": "a: b",
    "LIST": "[x, 0123]",
    "EMPTY": "",
    "WAIT": "5s",
    "DOLLARS": "pa$$word ${env:OCTAL}",
    "NAME": "OCTAL",
    "QUOTED": '"x"',
    "BROKEN": "{a",
}


class Inner(StrictModel):
    number: int = 3


class Fields(StrictModel):
    text: str = ""
    number: int = 0
    flag: bool = False
    wait: Duration = 1.0
    secret: Secret | None = None
    texts: list[str] = Field(default_factory=list)
    numbers: tuple[int, ...] = ()
    secrets: dict[str, Secret] = Field(default_factory=dict)
    anything: Any = None
    choice: Literal["a", "0123"] = "a"
    inner: Inner = Inner()
    inners: dict[str, Inner] = Field(default_factory=dict)
    either: str | int = ""


def interpolated(text: str, environ: dict[str, str] | None = None, name: str = "c.yaml") -> Interpolated:
    return interpolate(parse_yaml(text, name), ENVIRONMENT if environ is None else environ, read_text)


def field(line: str) -> Any:
    result = interpolated(line)
    assert result.problems == []
    model = Fields.model_validate(result.document.data)
    return getattr(model, line.partition(":")[0])


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("text: ${env:OCTAL}", "0123"),
        ("number: ${env:OCTAL}", 83),
        ("text: 0123", "0123"),
        ("number: 0123", 83),
        ("text: 1.10", "1.10"),
        ("flag: ${TRUE}", True),
        ("text: ${TRUE}", "true"),
        ("flag: ${env:COMMENT}", True),
        ("text: ${env:COMMENT}", "true # comment"),
        ("text: ${env:EMPTY}", ""),
        ("number: ${env:EMPTY}", 0),
        ("text: ${env:EMPTY:-d}", ""),
        ("text: ${env:UNSET:-d}", "d"),
        ("text: ${UNSET:-d}", "d"),
        ("number: ${env:UNSET:-0x10}", 16),
        ("text: ${env:UNSET:-${env:OCTAL}}", "0123"),
        ("text: ${env:OCTAL:-${env:ALSO_UNSET}}", "0123"),
        ("text: ${env:${env:NAME}}", "0123"),
        ("text: a${env:OCTAL}b${NAME}", "a0123bOCTAL"),
        ("text: a$$b $c", "a$b $c"),
        ("text: $${env:OCTAL}", "${env:OCTAL}"),
        ("text: ${env:DOLLARS}", "pa$$word ${env:OCTAL}"),
        ("text: ${env:MAP}", "a: b"),
        ("text: ${env:QUOTED}", '"x"'),
        ("text: ${env:BROKEN}", "{a"),
        ("wait: ${env:WAIT}", 5.0),
        ("texts: ${env:LIST}", ["x", "0123"]),
        ("texts: [a, 0123]", ["a", "0123"]),
        ("numbers: [0x10, '${OCTAL}']", (16, 83)),
        ("anything: ${env:LIST}", ["x", 83]),
        ("anything: {a: [0123]}", {"a": [83]}),
        ("choice: ${env:OCTAL}", "0123"),
        ("inner: {number: '${OCTAL}'}", Inner(number=83)),
        ("inner:", Inner()),
        ("inners: {a: }", {"a": Inner()}),
        ("text:", ""),
        ("secret:", None),
        ("either: ${env:OCTAL}", 83),
        ("flag: yes", True),
        ("text: '${yaml:x}'", "x"),
    ],
)
def test_a_field_gets_what_it_takes(line: str, value: object) -> None:
    found = field(line)
    assert found == value
    assert type(found) is type(value)


def test_secrets_keep_their_text() -> None:
    assert field("secret: ${env:OCTAL}").reveal() == "0123"
    assert field("secrets: {a: '${env:MAP}'}")["a"].reveal() == "a: b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: {b: ['${env:UNSET}']}", "a::b::0: environment variable UNSET is not set; set it, or write ${env:UNSET:-"),
        ("a: ${env:a$b}", 'environment variable "a$b" has invalid name: must match regex'),
        ("a: ${env:9}", 'environment variable "9" has invalid name'),
        ("a: ${vault:x}", 'scheme "vault" is not supported; valid: env, file, yaml'),
        ("a: ${env:X", "`${` without the `}` that closes it"),
        ("a: ${file:}", "a file reference needs a path"),
        ("a: ${file:nothing.txt}", "cannot read file nothing.txt: No such file"),
    ],
)
def test_problems_name_the_path_and_the_line(text: str, message: str) -> None:
    result = interpolated(f"# first line\n{text}", {})
    assert len(result.problems) == 1
    assert message in str(result.problems[0])
    assert str(result.problems[0]).endswith("(c.yaml:2)")
    assert result.failed


def test_every_problem_is_found() -> None:
    assert len(interpolated("a: ${ONE}\nb: [x, '${TWO}']", {}).problems) == 2


def test_a_name_made_of_a_value_is_not_told() -> None:
    result = interpolated("a: ${env:${env:SECRET}}", {"SECRET": "HUNTER2"})
    assert "HUNTER2" not in str(result.problems[0])


class TestFiles:
    def read(self, folder: Path, text: str) -> Interpolated:
        (folder / "c.yaml").write_text(text)
        return interpolated(text, name=str(folder / "c.yaml"))

    def test_relative_to_the_file_without_the_last_line_break(self, tmp_path: Path) -> None:
        (tmp_path / "token").write_text("pa$$ ${env:OCTAL}\n")
        result = self.read(tmp_path, "text: ${file:token}\nsecret: ${file:./token}")
        model = Fields.model_validate(result.document.data)
        assert model.text == "pa$$ ${env:OCTAL}"
        assert model.secret is not None
        assert model.secret.reveal() == "pa$$ ${env:OCTAL}"

    def test_a_map_is_a_piece_of_configuration(self, tmp_path: Path) -> None:
        (tmp_path / "parts").mkdir()
        (tmp_path / "parts" / "inner.yaml").write_text("# comment\nnumber: ${env:OCTAL}\nmore: ${file:word}\n")
        (tmp_path / "parts" / "word").write_text("hello\n")
        result = self.read(tmp_path, "inner: ${file:parts/inner.yaml}")
        assert result.problems == []
        assert to_typed(result.document.data) == {"inner": {"number": 83, "more": "hello"}}
        place = result.document.positions["inner", "number"]
        assert (Path(place.file).name, place.line) == ("inner.yaml", 2)

    def test_files_that_name_each_other_end(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text("x: ${file:a.yaml}")
        result = self.read(tmp_path, "x: ${file:a.yaml}")
        assert "more than 10 levels deep" in str(result.problems[0])

    def test_a_yaml_file_that_is_wrong_says_where(self, tmp_path: Path) -> None:
        (tmp_path / "part.yaml").write_text("a: 1\nb: [1\n")
        problem = self.read(tmp_path, "x: ${file:part.yaml}\ny: ${env:UNSET}").problems[0]
        assert problem.message.startswith("invalid YAML")
        assert Path(problem.file).name == "part.yaml"

    def test_settings_are_relative_to_the_working_directory(self) -> None:
        assert Position("--set exporters.a/b.c").folder == Path()
        assert Position("/etc/x/c.yaml").folder == Path("/etc/x")

    def test_not_text(self, tmp_path: Path) -> None:
        (tmp_path / "b").write_bytes(b"\xff\xfe\x00")
        assert "it is not UTF-8 text" in str(self.read(tmp_path, "x: ${file:b}").problems[0])


def test_a_list_given_as_yaml_is_a_piece_of_configuration() -> None:
    assert to_typed(interpolated("a: '${yaml:[1, x]}'").document.data) == {"a": [1, "x"]}


def test_references_cannot_bring_in_more_values_than_a_file_may_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpolation, "MAX_VALUES", 50)
    piece = "'${yaml:[" + "x," * 20 + "]}'"
    assert not interpolated(f"a: {piece}\nb: {piece}").problems
    assert "holds more than 50 values" in str(interpolated(f"a: {piece}\nb: {piece}\nc: {piece}").problems[0])
