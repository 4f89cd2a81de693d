"""A template file that changes is a change of the configuration: it is watched, and its exporter is exchanged."""

from pathlib import Path

import pytest

from otel_discord.config.problem import ConfigurationError
from otel_discord.service.config_file import load_configuration
from otel_discord.service.registry import Registry
from otel_discord.service.reload_source import Loaded, load_anew

WEBHOOK = "https://discord.com/api/webhooks/123456789012345678/" + "a" * 68
CONFIG = """
receivers: {nop: }
exporters: {discord: {webhook_url: "%s", templates: {directory: "%s"}}, nop: }
service: {pipelines: {logs: {receivers: [nop], exporters: [discord, nop]}}}
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "templates"
    made.mkdir()
    (made / "compact.yaml").write_text("extends: compact\n")
    return made


def load(directory: Path) -> Loaded:
    text = f"yaml:{CONFIG % (WEBHOOK, directory)}"
    return load_anew(lambda: load_configuration([text], [], Registry.from_entry_points(), {}))


def changed(before: Loaded, after: Loaded) -> list[str]:
    """Return what is another component than before."""
    old, new = before.blueprint.identities, after.blueprint.identities
    return [str(node.id) for node in new if old.get(node) != new[node]]


def test_files_and_directory_are_watched(directory: Path) -> None:
    assert set(load(directory).configuration.files) == {directory, directory / "compact.yaml"}


def test_a_change_exchanges_the_exporter_alone(directory: Path) -> None:
    before = load(directory)
    assert changed(before, load(directory)) == []
    (directory / "compact.yaml").write_text('extends: compact\ntitle: "{{ title }}!"\n')
    after = load(directory)
    assert changed(before, after) == ["discord"]
    (directory / "further.yaml").write_text("match: {min_severity: FATAL}\ntitle: x\n")
    assert changed(after, load(directory)) == ["discord"]
    assert load(directory).configuration.files != after.configuration.files


def test_a_bad_file_leaves_what_runs(directory: Path) -> None:
    (directory / "compact.yaml").write_text('title: "{{ nothing }}"\n')
    with pytest.raises(ConfigurationError, match=r"compact\.yaml:1: unknown name 'nothing'"):
        load(directory)
