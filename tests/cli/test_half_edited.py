"""Commands for a running service whose configuration is edited just now."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_discord.service.control.draft import control_endpoint_of_draft
from otel_discord.service.registry import Registry

GOOD = """
receivers: {{nop: }}
exporters:
  discord:
    webhook_url: https://discord.com/api/webhooks/123456789012345678/{token}
    endpoint: http://127.0.0.1:9
    allow_insecure_endpoint: true
extensions: {{file_storage: {{directory: {folder}}}}}
service:
  extensions: [file_storage]
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{logs: {{receivers: [nop], exporters: [discord]}}}}
"""
TOKEN = "w" * 68


def test_a_running_service_is_asked_all_the_same(run: Any, start: Callable[..., Any], tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    good = GOOD.format(token=TOKEN, folder=tmp_path)
    config.write_text(good)
    start("--config", str(config)).wait_for("Everything is ready.")
    config.write_text(good.replace("exporters: [discord]", "exporters: [discrod], bogus: 1"))
    for arguments in (
        ("silence", "list"),
        ("maintenance", "list"),
        ("dead-letters", "list"),
        ("top", "--json"),
    ):
        result = run(*arguments, "--config", str(config))
        assert result.code == 0, result.err
        assert "warning: the configuration has " in result.err
        assert f"asking the service that listens at {tmp_path / 'control.sock'}" in result.err


def test_without_a_service_the_problems_are_told(run: Any, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(GOOD.format(token=TOKEN, folder=tmp_path).replace("[discord]", "[discrod]"))
    for command in ("dead-letters", "silence", "maintenance"):
        result = run(command, "list", "--config", str(config))
        assert result.code == 78
        assert 'did you mean "discord"?' in result.err
        assert "warning" not in result.err


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("service: {control: {endpoint: unix:///run/a.sock}}", "/run/a.sock"),
        ("{service: {control: {endpoint: /run/a.sock}, bogus: 1}, bogus: 2}", "/run/a.sock"),
        ("service: {control: {endpoint: /run/a.sock, bogus: 1}}", ""),
        ("service: {control: {endpoint: '${env:NO_SUCH_VARIABLE}'}}", ""),
        (
            "{service: {extensions: [file_storage]}, extensions: {file_storage: {directory: /data}}}",
            "/data/control.sock",
        ),
        (
            "{service: {extensions: [nop, file_storage]}, extensions: {nop: , file_storage: {directory: /data}}}",
            "/data/control.sock",
        ),
        ("{service: {extensions: [nopp, file_storage]}, extensions: {file_storage: {directory: /data}}}", ""),
        ("{service: {extensions: [file_storage]}, extensions: {file_storage: {directoryy: /data}}}", ""),
        ("{service: {extensions: [file_storage]}, extensions: {file_storage: {directory: '${env:NO_SUCH}'}}}", ""),
        ("{service: {extensions: [file_storage]}, extensions: [1]}", ""),
        ("{service: [1]}", ""),
        ("bogus: 1", ""),
    ],
)
def test_the_place_is_told_only_where_it_is_sure(text: str, place: str) -> None:
    found = control_endpoint_of_draft([f"yaml:{text}"], [], Registry.from_entry_points(), {})
    assert found == (Path(place) if place else None)
