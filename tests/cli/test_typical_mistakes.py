"""What somebody reads who made a mistake that many make."""

from collections.abc import Callable
from pathlib import Path

import pytest

from otel_discord.cli.commands import run_command_line

TOKEN = "abcdefghijklmnopqrstuvwxyz0123456789"
ADDRESS = f"https://discord.com/api/webhooks/123456789012345678/{TOKEN}"
FORM = "https://discord.com/api/webhooks/"

Say = Callable[..., str]


def written(
    tmp_path: Path, discord: str, pipeline: str = "receivers: [otlp], exporters: [discord]", more: str = ""
) -> str:
    path = tmp_path / "config.yaml"
    path.write_text(
        "receivers: {otlp: {protocols: {http: {endpoint: 127.0.0.1:0}}}}\n"
        f"exporters: {{discord: {{{discord}}}}}\n"
        f"{more}\n"
        f"service: {{telemetry: {{metrics: {{level: none}}}}, pipelines: {{logs: {{{pipeline}}}}}}}\n"
    )
    return str(path)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command in this process; return what it says on standard error, its code first."""

    def run(*arguments: str) -> str:
        code = run_command_line(arguments)
        return f"{code} {capsys.readouterr().err}"

    return run


@pytest.mark.parametrize(
    "address",
    [
        f"https://discordd.com/api/webhooks/123456789012345678/{TOKEN}",
        f"https://hooks.slack.com/services/T0000/B0000/{TOKEN}",
        f"http://127.0.0.1:8080/api/webhooks/123456789012345678/{TOKEN}",
    ],
)
@pytest.mark.parametrize("keys", ["webhook_url: '${env:HOOK}'", "destinations: {ops: {webhook_url: '${env:HOOK}'}}"])
def test_an_address_of_another_host(
    said: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: str, address: str
) -> None:
    monkeypatch.setenv("HOOK", address)
    text = said("validate", "--config", written(tmp_path, keys))
    assert text.startswith("78 ")
    assert "webhook_url: " in text
    assert f"is not the address of a Discord webhook: those begin with {FORM}" in text
    for secret in (TOKEN, "slack", "discordd", "8080"):
        assert secret not in text


@pytest.mark.parametrize("keys", ["webhook_url: '${env:HOOK}'", "destinations: {ops: {webhook_url: '${env:HOOK}'}}"])
def test_an_empty_variable_is_named(said: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    monkeypatch.setenv("HOOK", "")
    text = said("validate", "--config", written(tmp_path, keys))
    assert text.startswith("78 ")
    assert "webhook_url: needs the address of a webhook; ${env:HOOK} is empty" in text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file or directory"),
        ("\n", "is empty"),
        (f"https://hooks.slack.com/services/T0000/B0000/{TOKEN}", "'hooks.slack.com' is not the address of a Discord"),
        (f"https://discord.com/channels/1/2/{TOKEN}", "this is the link of a channel"),
    ],
)
@pytest.mark.parametrize(("before", "after"), [("", ""), ("destinations: {ops: {", "}}")])
def test_a_file_without_an_address_is_warned_of(
    said: Say, tmp_path: Path, content: str | None, words: str, before: str, after: str
) -> None:
    file = tmp_path / "webhook"
    if content is not None:
        file.write_text(content)
    config = written(tmp_path, f"{before}webhook_url_file: {file}{after}")
    text = said("validate", "--config", config)
    path = "destinations::ops::" if before else ""
    assert text.startswith(f"0 warning: exporters::discord::{path}webhook_url_file: {file}: {words}")
    assert "will not start" in text
    assert TOKEN not in text
    started = said("run", "--config", config)
    assert started.startswith("1 ")
    assert f"{file}: {words}" in started


def test_an_address_instead_of_a_file_is_not_shown(said: Say, tmp_path: Path) -> None:
    text = said("validate", "--config", written(tmp_path, f"webhook_url_file: '{ADDRESS}'"))
    assert "webhook_url_file: is an address, not the name of a file; it belongs to webhook_url" in text
    assert TOKEN not in text


def test_a_file_with_an_address_is_well(said: Say, tmp_path: Path) -> None:
    (tmp_path / "webhook").write_text(f"{ADDRESS}\n")
    assert said("validate", "--config", written(tmp_path, f"webhook_url_file: {tmp_path / 'webhook'}")) == "0 "


@pytest.mark.parametrize(
    ("keys", "hint"),
    [
        (
            "flush_timeout: 1s",
            "::flush_timeout: has invalid keys: flush_timeout; it is sending_queue::batch::flush_timeout",
        ),
        ("sending_queue: {flush_timeout: 1s}", "; it is sending_queue::batch::flush_timeout"),
        ("sending_queue: {max_attempts: 1}", "; it is retry_on_failure::max_attempts"),
        ("sending_queue: {routes: []}", "; it belongs beside sending_queue"),
        ("sending_queue: {batch: {queue_size: 5}}", "; it belongs beside batch"),
        ("delivery: at_most_once", "; it is destinations::<name>::delivery"),
        ("timeouts: 5s", '; did you mean "timeout"?'),
    ],
)
def test_a_key_at_the_wrong_level(said: Say, tmp_path: Path, keys: str, hint: str) -> None:
    assert hint in said("validate", "--config", written(tmp_path, f"webhook_url: '{ADDRESS}', {keys}"))


def test_a_section_of_service_at_the_top(said: Say, tmp_path: Path) -> None:
    config = written(tmp_path, f"webhook_url: '{ADDRESS}'", more="telemetry: {}")
    assert "telemetry: has invalid keys: telemetry; it belongs under service" in said("validate", "--config", config)


@pytest.mark.parametrize(
    ("pipelines", "words"),
    [
        ("log: {receivers: [otpl], exporters: [discrod]}", 'unknown signal "log"'),
        ("logs: {receivers: [otpl], exporters: [discrod], processor: []}", "has invalid keys: processor"),
    ],
)
def test_every_problem_of_a_pipeline_is_told_at_once(said: Say, tmp_path: Path, pipelines: str, words: str) -> None:
    path = Path(written(tmp_path, f"webhook_url: '{ADDRESS}'"))
    path.write_text(path.read_text().replace("logs: {receivers: [otlp], exporters: [discord]}", pipelines))
    text = said("validate", "--config", str(path))
    assert words in text
    assert 'did you mean "otlp"?' in text
    assert 'did you mean "discord"?' in text
    assert ("processor" in pipelines) or 'did you mean "logs"?' in text


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("silense", "list"), 'did you mean "silence"?'),
        (("valdate",), 'did you mean "validate"?'),
        (("runs", "creat"), 'did you mean "create"?'),
        (("bogus",), "No such command 'bogus'.\n"),
    ],
)
def test_a_mistyped_command(said: Say, words: tuple[str, ...], hint: str) -> None:
    text = said(*words)
    assert text.startswith("2 ")
    assert hint in text
