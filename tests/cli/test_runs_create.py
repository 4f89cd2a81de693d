"""What `otel-discord runs create` asks and prints, and its exit code, against a service that answers like the API."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.cli.runs_service import CHANNEL, CREATED, KEY, TOKEN, WEBHOOK, Call, Reply, serving

pytestmark = pytest.mark.usefixtures("clean_environment")


def test_create_asks_with_the_names_of_the_api(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--retention-hours", "0", "--title", "Build 7", "--metadata", "commit=a=b", "--metadata", "who="]
    with serving(Reply(201, CREATED)) as service:
        assert call(service, "create", *KEY, *more) == 0
    (asked,) = service.asked
    assert (asked.method, asked.path) == ("POST", "/runs")
    assert asked.body == {
        "taskId": "build",
        "attempt": 1,
        "shortId": "ab12",
        "guildId": "42",
        "retentionHours": 0,
        "title": "Build 7",
        "metadata": {"commit": "a=b", "who": ""},
    }
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    said = capsys.readouterr()
    assert CHANNEL in said.out
    assert CREATED["runId"] in said.out
    assert "https://discord.com/channels/42/345678901234567890" in said.out
    assert WEBHOOK not in said.out + said.err


def test_create_leaves_to_the_service_what_was_not_given(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Reply(200, CREATED)) as service:
        assert call(service, "create", *KEY) == 0
    assert set(service.asked[0].body) == {"taskId", "attempt", "shortId", "guildId"}
    assert "it was there already" in capsys.readouterr().out


@pytest.mark.parametrize("output", ["text", "env"])
def test_the_webhook_is_shown_where_it_is_asked_for(
    output: str, call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(Reply(201, CREATED)) as service:
        call(service, "create", *KEY, "--output", output)
        assert WEBHOOK not in capsys.readouterr().out
        call(service, "create", *KEY, "--output", output, "--show-webhook")
        assert WEBHOOK in capsys.readouterr().out


def test_json_is_the_answer_as_it_is(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Reply(201, {**CREATED, "later": [1]})) as service:
        assert call(service, "create", *KEY, "--output", "json") == 0
    assert json.loads(capsys.readouterr().out) == {**CREATED, "later": [1]}


def test_a_shell_evaluates_env(call: Call, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "team=it's $(me),run.id=old, service.name=x")
    with serving(Reply(201, CREATED)) as service:
        assert call(service, "create", *KEY, "--output", "env") == 0
    script = (
        f'set -a; eval {shlex.quote(capsys.readouterr().out)}; printf "%s|%s" "$RUN_ID" "$OTEL_RESOURCE_ATTRIBUTES"'
    )
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, timeout=10, check=True)
    run_id, attributes = done.stdout.split("|")
    assert run_id == CREATED["runId"]
    assert attributes == f"team=it's $(me), service.name=x,run.id={CREATED['runId']}"


def test_github_gets_variables_outputs_and_a_mask_first(
    call: Call, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment, output = tmp_path / "env", tmp_path / "output"
    environment.write_text("BEFORE=1\n")
    monkeypatch.setenv("GITHUB_ENV", str(environment))
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "a=b\nINJECTED=1")
    with serving(Reply(201, CREATED)) as service:
        assert call(service, "create", *KEY, "--output", "github", "--show-webhook") == 0
    lines = environment.read_text().splitlines()
    assert lines[0] == "BEFORE=1"
    assert f"RUN_CHANNEL_ID={CHANNEL}" in lines
    assert f"RUN_WEBHOOK_URL={WEBHOOK}" in lines
    assert f"OTEL_RESOURCE_ATTRIBUTES=a=b%0AINJECTED=1,run.id={CREATED['runId']}" in lines
    assert f"channel-id={CHANNEL}" in output.read_text().splitlines()
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [f"::add-mask::{WEBHOOK}", f"::add-mask::{'w' * 68}"]
    assert WEBHOOK not in "".join(said[2:])


def test_github_without_the_webhook_writes_it_nowhere(
    call: Call, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("GITHUB_ENV", "GITHUB_OUTPUT"):
        monkeypatch.setenv(name, str(tmp_path / name))
    with serving(Reply(201, CREATED)) as service:
        assert call(service, "create", *KEY, "--output", "github") == 0
    written = "".join(path.read_text() for path in tmp_path.iterdir()) + capsys.readouterr().out
    assert CREATED["runId"] in written
    assert "webhooks" not in written


def test_github_elsewhere_is_refused_before_a_channel_is_made(call: Call) -> None:
    with serving(Reply(201, CREATED)) as service:
        assert call(service, "create", *KEY, "--output", "github") == 2
    assert not service.asked


@pytest.mark.parametrize(
    "change",
    [
        {"channelId": "1\nPATH=/tmp"},
        {"runId": "a;reboot"},
        {"webhookUrl": "https://x/\nA=1"},
        {"expiresAt": None},
        {"webhookUrl": 3},
    ],
    ids=str,
)
def test_an_answer_that_would_set_something_else_is_refused(
    change: dict[str, object], call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(Reply(201, {**CREATED, **change})) as service:
        assert call(service, "create", *KEY, "--output", "env") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert next(iter(change)) in said.err
