"""Every variable is found by its constant, read by the settings, and a flag of ``opentelemetry-instrument``."""

import ast
import inspect
import re
from importlib.metadata import entry_points
from itertools import pairwise
from pathlib import Path

import pytest

from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.sdk import environment_variables
from otel_discord.sdk.configuration import discord_config
from otel_discord.sdk.settings import OWN_ARGUMENTS, SdkSettings, read_settings
from otel_discord.sdk.settings_connectors import SPAN_ARGUMENTS, THRESHOLD_ARGUMENTS, read_metric_settings
from otel_discord.sdk.settings_sources import _VARIABLES, WHERE, from_arguments, from_environment
from otel_discord.signals import Severity

NAMES = [name for name in dir(environment_variables) if name.startswith("OTEL_")]
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "sdk.md"
TEXTS = {"TIMEOUT": "10s", "SHUTDOWN_TIMEOUT": "10s", "ALLOW_INSECURE_ENDPOINT": "true", "DRY_RUN": "true"}


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_holds_its_own_name(name: str) -> None:
    assert getattr(environment_variables, name) == name
    assert name.startswith("OTEL_EXPORTER_DISCORD_")


def test_each_constant_is_explained() -> None:
    body = ast.parse(inspect.getsource(environment_variables)).body
    explained = [
        statement.targets[0].id
        for statement, after in pairwise(body)
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    ]
    assert sorted(explained) == NAMES


def test_each_constant_is_read() -> None:
    assert sorted(_VARIABLES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_becomes_a_value_that_is_named_after_it(name: str) -> None:
    text = TEXTS.get(name.removeprefix("OTEL_EXPORTER_DISCORD_"), "text")
    given = from_environment({name: text}, with_where=True)
    assert given.values
    assert list(given.labels.values()) == [name]
    assert not given.problems


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_variable_is_one_that_is_not_set(name: str, text: str) -> None:
    assert from_environment({name: text}, with_where=True).values == {}


def test_what_says_where_can_be_left_unread() -> None:
    given = from_environment(dict.fromkeys(NAMES, "true"), with_where=False)
    assert not given.values.keys() & {*WHERE, "config"}
    assert "username" in given.values


def test_the_entry_points_lead_here() -> None:
    (variables,) = entry_points(group="opentelemetry_environment_variables", name="discord")
    assert variables.load() is environment_variables
    for signal in ("logs", "metrics", "traces"):
        (exporter,) = entry_points(group=f"opentelemetry_{signal}_exporter", name="discord")
        assert inspect.isclass(exporter.load())


def test_the_page_names_each_variable_and_no_other() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"OTEL_EXPORTER_DISCORD_[A-Z_]*[A-Z]", text))) == NAMES
    rows = re.findall(r"^\| `(OTEL_EXPORTER_DISCORD_\w+)` \|", text, re.MULTILINE)
    assert sorted(rows) == NAMES


def test_arguments_are_named_as_such() -> None:
    assert from_arguments({"timeout": "10s", "username": None}, {}).labels == {("timeout",): "argument timeout"}


def test_the_page_names_each_argument_of_metrics_and_spans() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## Metrics and spans")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert sorted(rows) == sorted((*THRESHOLD_ARGUMENTS, *SPAN_ARGUMENTS))


def test_the_page_names_each_argument() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## Arguments")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert sorted(rows) == sorted({*OWN_ARGUMENTS, "preset"})


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("max_records", str(SdkSettings(section={}).max_records)),
        ("max_mib", str(SdkSettings(section={}).max_bytes // 2**20)),
        ("shutdown_timeout", f"{SdkSettings(section={}).shutdown_timeout_s:g}s"),
        ("OTEL_EXPORTER_DISCORD_SHUTDOWN_TIMEOUT", f"{SdkSettings(section={}).shutdown_timeout_s:g}s"),
        ("OTEL_EXPORTER_DISCORD_TIMEOUT", f"{DiscordConfig.model_fields['timeout'].default:g}s"),
        ("OTEL_EXPORTER_DISCORD_ENDPOINT", DiscordConfig.model_fields["endpoint"].default),
        ("OTEL_EXPORTER_DISCORD_PRESET", DiscordConfig.model_fields["render"].default.preset),
        ("OTEL_EXPORTER_DISCORD_MIN_SEVERITY", Severity(DiscordConfig.model_fields["min_severity"].default).name),
    ],
)
def test_the_page_says_each_default(name: str, default: str) -> None:
    assert f"\n| `{name}` | `{default}` |" in PAGE.read_text(encoding="utf-8")


def example_after(heading: str) -> str:
    return PAGE.read_text(encoding="utf-8").partition(heading)[2].partition("```yaml\n")[2].partition("```")[0]


def test_the_rules_of_the_page_are_good(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(example_after("## Metrics and spans"), encoding="utf-8")
    environ = {"OTEL_EXPORTER_DISCORD_RULES": str(tmp_path / "rules.yaml")}
    url = f"https://discord.com/api/webhooks/123456789012345678/{'a' * 68}"
    assert read_metric_settings({"webhook_url": url}, environ).connectors["threshold"].keys() == {
        "evaluation_interval",
        "rules",
    }


def test_the_example_of_the_page_is_good(tmp_path: Path) -> None:
    example = example_after("## The file")
    (tmp_path / "discord.yaml").write_text(example, encoding="utf-8")
    url = f"https://discord.com/api/webhooks/123456789012345678/{'a' * 68}"
    environ = {"OTEL_EXPORTER_DISCORD_CONFIG": str(tmp_path / "discord.yaml")}
    settings = read_settings({}, {**environ, "WEBHOOK_ERROR_URL": url, "WEBHOOK_INFO_URL": url})
    assert list(discord_config(settings).destinations) == ["errors", "rest"]
