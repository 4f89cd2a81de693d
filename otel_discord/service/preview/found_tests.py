"""The tests of template files and of a configuration: where they are written, what goes in, what is expected."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from otel_discord.config.model_errors import explain
from otel_discord.config.problem import ConfigurationError, Problem, join_path
from otel_discord.config.raw_text import unwrap
from otel_discord.config.sources import read_sources, read_text
from otel_discord.config.yaml_file import Document, parse_yaml
from otel_discord.service.config_file import Configuration
from otel_discord.service.preview.expectation import Expectation
from otel_discord.service.preview.otlp_input import InputError, read_input, scenario_of
from otel_discord.service.preview.scenario import Scenario, StepForm
from otel_discord.service.preview.watched_files import template_directories

_KEYS = frozenset({"name", "record", "records", "input", "expect"})


@dataclass(frozen=True, slots=True)
class FoundTest:
    """One test."""

    name: str
    file: str
    line: int
    scenario: Scenario
    expectation: Expectation

    @property
    def place(self) -> str:
        """``templates/checkout.yaml:12``."""
        return f"{self.file}:{self.line}"


def find_tests(configs: Sequence[str], configuration: Configuration, files: Sequence[Path]) -> list[FoundTest]:
    """Return the tests of the files; without files those of the configuration and of its template directories.

    Raises:
        ConfigurationError: with every test that cannot be read, by file and line.
    """
    problems: list[Problem] = []
    found: list[FoundTest] = []
    for document, folder in _documents(configs, configuration, files, problems):
        data = unwrap(document.data)
        tests = data.get("tests") if isinstance(data, dict) else None
        if tests is None:
            continue
        if not isinstance(tests, list):
            problems.append(document.problem(("tests",), "must be a list of tests"))
            continue
        for place, test in enumerate(tests):
            try:
                found.append(_test(document, place, test, folder))
            except _WrongError as error:
                problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return found


class _WrongError(Exception):
    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__()
        self.problems = problems


def _documents(
    configs: Sequence[str], configuration: Configuration, files: Sequence[Path], problems: list[Problem]
) -> Iterator[tuple[Document, Path]]:
    if not files:
        yield read_sources(configs, (), {}), Path()
    in_directories = [
        path for directory in template_directories(configuration) for path in sorted(directory.rglob("*.y*ml"))
    ]
    for path in files or in_directories:
        try:
            yield parse_yaml(read_text(path), str(path)), path.parent
        except (OSError, ValueError) as error:
            problems.append(Problem(f"cannot be read: {getattr(error, 'strerror', None) or error}", file=str(path)))
        except ConfigurationError as error:
            problems += error.problems


def _test(document: Document, place: int, test: Any, folder: Path) -> FoundTest:
    path = ("tests", place)
    if not isinstance(test, dict):
        raise _WrongError([document.problem(path, "must be a map with record or input, and expect")])
    if unknown := sorted(set(test) - _KEYS):
        raise _WrongError([document.problem((*path, key), f"has invalid keys: {key}") for key in unknown])
    if sum(key in test for key in ("record", "records", "input")) != 1:
        raise _WrongError([document.problem(path, "has exactly one of record, records and input")])
    if "expect" not in test:
        raise _WrongError([document.problem(path, "says nothing of what to expect: set expect")])
    where = document.locate(path)
    name = str(test.get("name") or f"test {place + 1}")
    steps = _scenario(document, place, test, name, folder)
    expectation = _model(document, Expectation, (*path, "expect"), test["expect"])
    return FoundTest(name, where.file, where.line, steps, expectation)


def _scenario(document: Document, place: int, test: Mapping[str, Any], name: str, folder: Path) -> Scenario:
    path = ("tests", place)
    if "record" in test:
        return Scenario(name, name, [_model(document, StepForm, (*path, "record"), test["record"], "record").step()])
    if "records" in test:
        records = test["records"] if isinstance(test["records"], list) else []
        forms = [
            _model(document, StepForm, (*path, "records", number), _as_step(each))
            for number, each in enumerate(records)
        ]
        return Scenario(name, name, [form.step() for form in forms])
    given = test["input"]
    try:
        if isinstance(given, str):
            return read_input(folder / given)
        return scenario_of(orjson.dumps(given), "input")
    except (InputError, TypeError) as error:
        raise _WrongError([document.problem((*path, "input"), str(error))]) from None


def _as_step(value: Any) -> Any:
    """Return a record that stands alone as a step."""
    return value if isinstance(value, dict) and "record" in value else {"record": value}


def _model(document: Document, model: Any, path: tuple[Any, ...], data: Any, wrapped: str = "") -> Any:
    body = {wrapped: data} if wrapped else data
    try:
        return model.model_validate(body)
    except ValidationError as error:
        inner = len(wrapped) and 1
        raise _WrongError(
            [
                Problem(
                    message,
                    join_path((*path, *found[inner:])),
                    document.locate((*path, *found[inner:])).file,
                    document.locate((*path, *found[inner:])).line,
                    hint,
                )
                for found, message, hint in explain(error, model, body)
            ]
        ) from None
