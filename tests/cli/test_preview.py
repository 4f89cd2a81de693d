"""``otel-discord preview`` and ``otel-discord test`` on a terminal: what they print, and how they exit."""

import json
import re
from pathlib import Path

import pytest

from otel_discord.cli.commands import run_command_line

TOKEN = "s" * 68
CONFIGURATION = f"""
receivers: {{otlp: {{protocols: {{grpc: {{}}}}}}}}
exporters:
  discord:
    destinations:
      ops:
        webhook_url: https://discord.com/api/webhooks/123456789012345678/{TOKEN}
        mention: {{min_severity: ERROR, roles: ["42"]}}
      audit: {{webhook_url: "${{env:PREVIEW_IS_NOT_SET}}"}}
service: {{pipelines: {{logs: {{receivers: [otlp], exporters: [discord]}}}}}}
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "config.yaml"
    path.write_text(CONFIGURATION)
    return str(path)


def test_a_message_is_shown_with_its_gauges_and_who_is_pinged(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["preview", "--config", config, "--sample", "long", "--destination", "ops"]) == 0

    said = capsys.readouterr()
    assert "→ ops of discord" in said.out
    assert "→ audit" not in said.out
    assert "pings role 42" in said.out
    assert re.search(r"title \d+/256  description \d+/4096  total \d+/6000  embeds 1/10  files 1/10", said.out)
    assert re.search(r"✂ description cut by \d+ characters, whole in message.txt", said.out)
    assert "PREVIEW_IS_NOT_SET is not set: a placeholder stands for it" in said.err


def test_the_message_of_a_run_alone(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["preview", "--config", config, "--destination", "run"]) == 0

    said = capsys.readouterr().out
    assert "→ run of discord" in said
    assert "→ ops" not in said


def test_buttons_are_shown(config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "templates").mkdir()
    button = "buttons: [{label: Runbook, emoji: 📕, url: 'https://wiki.example/{{ service }}'}]"
    (tmp_path / "templates/compact.yaml").write_text(f"extends: compact\n{button}\n")
    directory = "exporters.discord.templates.directory=templates"
    assert run_command_line(["preview", "--config", config, "--set", directory, "--sample", "error"]) == 0

    assert "  [📕 Runbook ↗] https://wiki.example/checkout" in capsys.readouterr().out


def test_what_goes_nowhere_says_why(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["preview", "--config", config, "--sample", "debug"]) == 0

    assert "to nowhere: DEBUG is below min_severity WARN" in capsys.readouterr().out


def test_the_json_is_exact_and_holds_no_secret(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["preview", "--config", config, "--json"]) == 0

    said = capsys.readouterr()
    requests = json.loads(said.out)
    assert {each["destination"] for each in requests} == {"ops", "audit", "run"}
    assert {each["method"] for each in requests} == {"POST", "PATCH"}
    assert all(each["payload"]["allowed_mentions"]["parse"] == [] for each in requests)
    assert TOKEN not in said.out + said.err
    assert "hunter2" not in said.out + said.err


def test_own_records_go_through(config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = tmp_path / "records.json"
    record = {"severityNumber": 17, "body": {"stringValue": "from a \x1b[31mfile"}}
    records.write_text(json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}))

    assert run_command_line(["preview", "--config", config, "--input", str(records)]) == 0

    shown = capsys.readouterr().out
    assert "from a" in shown
    assert "\x1b[31m" not in shown


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["preview"], 2, "--config FILE"),
        (["preview", "--config", "CONFIG", "--sample", "nothing"], 2, "there is no sample 'nothing'"),
        (["preview", "--config", "CONFIG", "--exporter", "dscord"], 2, "there is no exporter 'dscord'"),
        (["preview", "--config", "CONFIG", "--destination", "opps"], 2, "there are: audit, ops, run"),
        (["preview", "--config", "CONFIG", "--input", "gone.json"], 2, "cannot read gone.json"),
        (["preview", "--config", "CONFIG", "--set", "exporters.discord.min_severty=WARN"], 78, "min_severty"),
        (["preview", "--config", "gone.yaml"], 78, "does not exist"),
        (["preview", "--copy-template", "nothing", "there"], 2, "there are: alert_firing"),
        (["test", "--config", "CONFIG"], 1, "there are no tests"),
        (["test"], 2, "--config FILE"),
    ],
)
def test_exit_codes(
    arguments: list[str], code: int, said: str, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line([config if each == "CONFIG" else each for each in arguments]) == code
    assert said in capsys.readouterr().err


def test_the_list_of_samples_needs_no_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["preview", "--list"]) == 0
    assert "exception-python" in capsys.readouterr().out


def test_a_failed_test_is_named_and_written_as_junit(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "more.yaml").write_text(
        "tests:\n  - {name: right, record: {body: x}, expect: {destinations: [ops, audit]}}\n"
        "  - {name: wrong, record: {body: x}, expect: {title: y}}\n"
    )

    assert run_command_line(["test", "--config", config, "--junit", "result.xml", "more.yaml"]) == 1

    said = capsys.readouterr().out
    assert "ok   more.yaml:2 right" in said
    assert "FAIL more.yaml:3 wrong" in said
    assert "1 ok, 1 failed" in said
    assert 'failures="1"' in (tmp_path / "result.xml").read_text()
