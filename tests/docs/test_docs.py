"""The docs are true: names in them exist, what exists is in them, links lead somewhere, examples load and run."""

import asyncio
import difflib
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
import yaml

from otel_discord.cli.commands import cli
from otel_discord.component import Kind
from otel_discord.component.instrument_list import INSTRUMENTS
from otel_discord.config.problem import ConfigurationError
from otel_discord.discord_api.outcome_types import Reason
from otel_discord.service.config import ServiceConfig
from otel_discord.service.config_file import load_configuration
from otel_discord.service.registry import Registry

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`([\w.-]+(?:/[\w.{}-]+)+/?)`")
ENVIRONMENT = {
    name: f"https://discord.com/api/webhooks/{number}/{'a' * 68}"
    for number, name in enumerate(
        ("DISCORD_WEBHOOK_URL", "WEBHOOK_INFO_URL", "WEBHOOK_ERROR_URL", "WEBHOOK_ONCALL_URL"), 123456789012345678
    )
} | {
    "OTEL_DISCORD_TOKEN": "secret",
    "OTLP_TOKEN": "secret",
    "DISCORD_BOT_TOKEN": "made-up.token-of-a-bot.for-this-test",
    "RUNS_TOKEN": "a-token-of-this-test",
}


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def fences(language: str) -> list[Any]:
    found = []
    for page in PAGES:
        for number, match in enumerate(FENCE.finditer(page.read_text(encoding="utf-8"))):
            if match[2] == language:
                text = "".join(line.removeprefix(match[1]) for line in match[3].splitlines(keepends=True))
                found.append(pytest.param(text, id=f"{short(page)}-{number}"))
    return found


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["docs_generate"] = module
    spec.loader.exec_module(module)
    return module


# ----------------------------------------------------------------------------------------- what exists is in the docs
def test_the_tables_are_those_that_the_code_gives(generate: ModuleType) -> None:
    makers = generate.generated()
    stale = {}
    for page in REFERENCE.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        now = generate.rewritten(text, makers)
        if now != text:
            stale[page.name] = [line for line in difflib.ndiff(text.splitlines(), now.splitlines()) if line[0] in "+-"]
    assert not stale, f"run `make docs`: {stale}"


def test_each_generated_table_is_on_its_page(generate: ModuleType) -> None:
    for what, page in generate.PAGES.items():
        assert f"<!-- generated: {what} -->" in (REFERENCE / page).read_text(encoding="utf-8"), page


def test_the_generator_sees_a_stale_table(generate: ModuleType) -> None:
    page = (REFERENCE / "debug-exporter.md").read_text(encoding="utf-8")
    assert generate.rewritten(page.replace("`sampling_initial`", "`initial`"), generate.generated()) == page


def components() -> Iterator[tuple[Kind, str]]:
    registry = Registry.from_entry_points()
    for kind in Kind:
        for name in registry.type_names(kind):
            source = registry.source(kind, name)
            if source is not None and source.distribution == "otel-discord":
                yield kind, name


def model_keys(model: Any) -> Iterator[str]:
    """Every name of a key anywhere in a model, found in its JSON Schema and not by the generator."""
    schema = model.model_json_schema(by_alias=True)
    for part in (schema, *schema.get("$defs", {}).values()):
        yield from part.get("properties", {})


def page_of(kind: Kind, name: str, generate: ModuleType) -> str:
    page: str = "nop.md" if name == "nop" else generate.PAGES[f"{kind} {name}"]
    return page


@pytest.mark.parametrize(("kind", "name"), [pytest.param(*each, id=f"{each[0]}-{each[1]}") for each in components()])
def test_each_component_has_a_page_with_each_of_its_keys(kind: Kind, name: str, generate: ModuleType) -> None:
    text = (REFERENCE / page_of(kind, name, generate)).read_text(encoding="utf-8")
    assert re.search(rf"^# .*\b{name}\b", text, re.MULTILINE)
    if name == "nop":
        assert f"| nop {kind} |" in text
    written = set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))
    parts = {part for key in written for part in re.split(r"\.|\[\]", key)}
    missing = set(model_keys(Registry.from_entry_points().factory(kind, name).config)) - parts
    assert not missing


def test_the_service_page_has_each_key() -> None:
    text = (REFERENCE / "service.md").read_text(encoding="utf-8")
    written = {
        part for key in re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE) for part in re.split(r"\.|\[\]", key)
    }
    assert not set(model_keys(ServiceConfig)) - written


def test_each_key_says_what_it_means(generate: ModuleType) -> None:
    registry = Registry.from_entry_points()
    models = {f"{kind} {name}": registry.factory(kind, name).config for kind, name in components()}
    silent = [
        f"{what}: {path}"
        for what, model in {**models, "service": ServiceConfig}.items()
        for path, field, words in generate.leaves(model)
        if not (field.description or words)
    ]
    assert not silent


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli)
    yield "otel-discord", cli
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        yield name, command


@pytest.mark.parametrize(("name", "command"), [pytest.param(*each, id=each[0]) for each in commands()])
def test_each_command_and_option_has_its_place(name: str, command: click.Command) -> None:
    text = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert any(f"`{option}" in section[1] for option in parameter.opts), parameter.opts


@pytest.mark.parametrize("name", sorted(INSTRUMENTS))
def test_each_metric_has_a_row(name: str) -> None:
    assert f"| `{name}` |" in (REFERENCE / "metrics.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_a_row(reason: Reason) -> None:
    row = re.search(
        rf"^\| `{reason}` \| (.+?) \| .*? \| (.+?) \|$",
        (REFERENCE / "errors-and-exit-codes.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert row is not None


# ---------------------------------------------------------------------------------------- what is in the docs exists
@pytest.mark.parametrize("page", PAGES, ids=short)
def test_each_path_that_is_named_exists(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    tops = {path.name for path in ROOT.iterdir()}
    missing = []
    for named in PATH.findall(text):
        if named.split("/")[0] not in tops:
            continue  # not ours: a media type, a path on a server
        if not (ROOT / named).exists():
            missing.append(named)
    assert not missing


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", [*PAGES, *sorted((ROOT / "otel_discord").rglob("README.md"))], ids=short)
def test_each_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        if not place.exists() or (anchor and anchor not in anchors(place)):
            broken.append(target)
    assert not broken


def test_the_index_names_each_page() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    pages = [str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md") if page.name != "README.md"]
    assert [page for page in pages if f"({page})" not in index] == []


def test_fragments_of_changes_are_named_and_short() -> None:
    for fragment in (ROOT / "changes").iterdir():
        assert re.fullmatch(r"README\.md|[a-z0-9-]+\.(added|changed|fixed|removed)\.md", fragment.name)
        assert 0 < len(fragment.read_text(encoding="utf-8").split()) < 80


def test_the_picture_is_small() -> None:
    picture = DOCS / "images" / "alert.png"
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture.stat().st_size < 200 * 1024


@pytest.mark.parametrize(
    "name",
    sorted(set(re.findall(r"otel(?:col|_discord)_[a-z0-9_]+", (DOCS / "how-to/read-the-metrics.md").read_text()))),
)
def test_each_metric_in_advice_exists(name: str) -> None:
    assert name.removesuffix("_bucket") in INSTRUMENTS


# ------------------------------------------------------------------------------------------------- examples load, run
@pytest.mark.parametrize("text", fences("yaml"))
def test_yaml_loads_and_whole_configurations_are_good(text: str) -> None:
    data = yaml.safe_load(text)
    assert data is not None
    if is_ours(data) and "pipelines" in data.get("service", {}):
        load_configuration([f"yaml:{text}"], [], Registry.from_entry_points(), ENVIRONMENT)
    elif is_ours(data):
        check_parts(data)


def is_ours(data: Any) -> bool:
    """Whether a block is a configuration of this service, not Prometheus', Kubernetes' or the Go Collector's."""
    sections = {"receivers", "processors", "connectors", "exporters", "extensions", "service"}
    return isinstance(data, dict) and set(data) <= sections and "otlp/discord" not in data.get("exporters", {})


def check_parts(data: dict[str, Any]) -> None:
    """Check the sections of a piece of configuration that is not whole."""
    registry = Registry.from_entry_points()
    for kind in Kind:
        for key, body in (data.get(f"{kind}s") or {}).items():
            name = key.partition("/")[0]
            if name == "by_service":
                continue  # what the page is about to write
            text = yaml.safe_dump(body).replace("${env:DISCORD_WEBHOOK_URL}", ENVIRONMENT["DISCORD_WEBHOOK_URL"])
            registry.factory(kind, name).config.model_validate(yaml.safe_load(text) or {})


def test_a_wrong_example_would_be_found() -> None:
    with pytest.raises(ConfigurationError):
        load_configuration(
            ["yaml:{service: {pipelines: {logs: {receivers: [x], exporters: [y]}}}}"], [], Registry(), {}
        )


@pytest.mark.parametrize("text", fences("python"))
def test_python_compiles(text: str) -> None:
    compile(text, "<docs>", "exec")


async def test_the_component_of_the_how_to_passes_its_own_tests() -> None:
    page = (DOCS / "how-to" / "write-a-component.md").read_text(encoding="utf-8")
    module: dict[str, Any] = {"__name__": "by_service"}
    sys.modules["by_service"] = ModuleType("by_service")
    try:
        for match in FENCE.finditer(page):
            if match[2] == "python":
                exec(compile(match[3], "write-a-component.md", "exec"), module)
        tests = [each for name, each in module.items() if name.startswith("test_")]
        assert len(tests) == 2
        for test in tests:
            async with asyncio.timeout(30):
                await test()
    finally:
        del sys.modules["by_service"]
