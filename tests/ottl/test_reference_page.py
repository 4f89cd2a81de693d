"""The reference page lists the functions, paths, contexts and enums that there are, and no others."""

import re
from pathlib import Path

import pytest

from otel_discord.ottl.enums import ENUMS
from otel_discord.ottl.functions import FUNCTIONS
from otel_discord.ottl.functions.ctime_format import DIRECTIVES
from otel_discord.ottl.items import ContextKind
from otel_discord.ottl.paths.contexts import CONTEXTS
from otel_discord.ottl.registry import Function

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "ottl.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def signature(function: Function) -> str:
    shown = (parameter.name if parameter.required else f"[{parameter.name}]" for parameter in function.parameters)
    return f"{function.name}({', '.join(shown)})"


@pytest.mark.parametrize(("title", "editors"), [("Converters", False), ("Editors", True)])
def test_each_function_has_its_row(title: str, editors: bool) -> None:
    written = re.findall(r"^\| `([A-Za-z]\w*\(.*?\))` \| \S.* \|$", section(title), re.MULTILINE)
    there = {signature(function) for function in FUNCTIONS.values() if function.is_editor is editors}
    assert set(written) == there
    assert len(written) == len(there)


def test_what_is_said_to_be_missing_is_missing() -> None:
    named = set(re.findall(r"^\| (.*?) \|", section("Not supported"), re.MULTILINE))
    missing = {name for cell in named for name in re.findall(r"`([A-Za-z]\w+)`", cell)}
    assert "ExtractGrokPatterns" in missing
    assert not missing & set(FUNCTIONS)
    instead = set(re.findall(r"\| ([^|]*) \|$", section("Not supported"), re.MULTILINE))
    assert {name for cell in instead for name in re.findall(r"`([A-Z]\w+)`", cell)} <= set(FUNCTIONS)


def test_each_path_has_its_row() -> None:
    written: dict[str, set[str]] = {}
    of = ""
    for cell, paths in re.findall(r"^\| (\w*) ?\| (`.*?) \| .* \|$", section("Paths"), re.MULTILINE):
        of = cell or of
        written.setdefault(of, set()).update(re.findall(r"`([a-z_.]+)`", paths))
    there = {
        kind.value: set(context.own.fields) | set(context.item_fields) - {"cache"} for kind, context in CONTEXTS.items()
    }
    assert written == there


def test_each_context_says_what_it_reaches() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) ?\|$", section("Contexts"), re.MULTILINE)
    written = {name: set(re.findall(r"`(\w+)\.`", own + further)) for name, own, further in rows}
    for kind in ContextKind:
        assert written[kind.value] | {"instrumentation_scope"} == set(CONTEXTS[kind].places) | {"instrumentation_scope"}


def test_each_enum_is_named() -> None:
    text = section("Enums")
    for name in ENUMS:
        stem = re.sub(r"^SEVERITY_NUMBER_([A-Z]+)\d?$", r"\1", name)
        assert stem in text, name


def test_each_directive_of_time_formats_is_named() -> None:
    assert all(f"`%{letter}`" in PAGE for letter in DIRECTIVES)
