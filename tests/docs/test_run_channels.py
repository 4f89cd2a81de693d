"""What the pages on run channels tell a reader to run is run, against a service that answers like the API."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import grpc
import pytest
import yaml

from otel_discord.cli.commands import cli
from otel_discord.discord_api.bot import permissions
from otel_discord.extensions.run_channels.grpc_api import CODES
from otel_discord.extensions.run_channels.http_answers import HTTP_CODES, STATUSES, run_document
from otel_discord.extensions.run_channels.problems import Code
from otel_discord.extensions.run_channels.runs import Placement, Run, RunKey, State
from tests.cli.runs_service import CREATED, ENDED, TOKEN, WEBHOOK, Reply, Service, refused, serving

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [
    *(DOCS / "how-to" / f"{name}.md" for name in ("run-channels", "github-actions", "training-run", "agent-runner")),
    *(DOCS / "reference" / f"{name}.md" for name in ("run-channels", "run-channels-api")),
    DOCS / "explanation" / "run-channels.md",
    ROOT / "README.md",
]
SCRIPTS = [ROOT / "examples" / "training_run" / "run.sh", ROOT / "collector-config" / "run-channels.yaml"]
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
CHANNEL = CREATED["channelId"]
TIMEOUT_S = 60


def blocks(page: Path, language: str) -> list[str]:
    found = []
    for match in FENCE.finditer(page.read_text(encoding="utf-8")):
        if match[2] == language:
            found.append("".join(line.removeprefix(match[1]) for line in match[3].splitlines(keepends=True)))
    return found


def environment(service: Service, directory: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "COVERAGE_PROCESS_CONFIG") if name in os.environ}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TMPDIR": str(directory),
        "OTEL_DISCORD_RUNS_ENDPOINT": service.endpoint,
        "OTEL_DISCORD_RUNS_TOKEN": TOKEN,
        "OTEL_DISCORD_RUNS_GUILD_ID": "1034567890123456789",
        **more,
    }


def shell(script: str, directory: Path, variables: dict[str, str], shell_name: str = "sh") -> tuple[int, str]:
    done = subprocess.run(
        [shell_name, "-e", "-c", script],
        cwd=directory,
        env=variables,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


# ------------------------------------------------------------------------------------------------------- they exist
def command_lines() -> list[Any]:
    """Every ``otel-discord runs …`` of the pages with all its options."""
    found = []
    for page in [*PAGES, *SCRIPTS]:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for number, match in enumerate(
            re.finditer(r"otel-discord (runs (?:create|finalize|list|watch|invite)\b[^\n`]*)", text)
        ):
            found.append(pytest.param(match[1], id=f"{page.name}-{number}"))
    return found


@pytest.mark.parametrize("line", command_lines())
def test_each_command_and_option_exists(line: str) -> None:
    words = re.split(r"\s+", line.split("#", maxsplit=1)[0])
    group = cli.get_command(click.Context(cli), words[0])
    assert isinstance(group, click.Group)
    command = group.get_command(click.Context(group), words[1].rstrip(")"))
    assert command is not None
    known = {option for parameter in command.params for option in parameter.opts}
    given = {word.partition("=")[0].strip("\"'`).,;") for word in words if word.startswith("--")}
    assert given <= known


def test_there_are_commands_to_look_at() -> None:
    assert len(command_lines()) > 12


def test_the_numbers_of_permissions_are_right() -> None:
    text = (DOCS / "how-to" / "run-channels.md").read_text(encoding="utf-8")
    for number in (permissions.CHANNELS_AND_WEBHOOKS, permissions.WITH_SILENCE, permissions.WITH_MESSAGES):
        assert str(number) in text
    for name in permissions.names(permissions.WITH_THREADS):
        assert name in text


@pytest.mark.parametrize("code", Code)
def test_each_code_has_its_row(code: Code) -> None:
    text = (DOCS / "reference" / "run-channels-api.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| `{code.value}` \| (\d+) \| `(\w+)` \| .+ \|$", text, re.MULTILINE)
    assert row is not None
    assert int(row[1]) == STATUSES[code]
    assert grpc.StatusCode[row[2]].value[0] == CODES[code]


def test_each_field_and_state_is_named() -> None:
    api = (DOCS / "reference" / "run-channels-api.md").read_text(encoding="utf-8")
    key = RunKey(guild_id="1", task_id="t", attempt=1, short_id="s")
    run = Run(run_id="r", key=key, state=State.RUNNING, placement=Placement.CHANNEL, created_ms=1, retention_hours=1)
    assert [name for name in (*run_document(run), *HTTP_CODES) if f"`{name}`" not in api] == []
    page = (DOCS / "reference" / "run-channels.md").read_text(encoding="utf-8")
    assert [state for state in State if f"| `{state}` |" not in page] == []


# ---------------------------------------------------------------------------------------------------------- they run
def test_the_first_run_of_the_how_to(tmp_path: Path) -> None:
    (script,) = [each for each in blocks(PAGES[0], "sh") if "curl" in each]
    collected = Reply(200, {})
    with serving(Reply(201, CREATED), collected, Reply(202, ENDED)) as service:
        script = script.replace("http://localhost:4318", service.endpoint).replace("curl ", "curl -sS ")
        code, said = shell(script, tmp_path, environment(service, tmp_path, RUNS_TOKEN=TOKEN))
    assert code == 0, said
    create, log, end = service.asked
    assert create.path == "/runs"
    (resource,) = log.body["resourceLogs"]
    assert resource["resource"]["attributes"][0]["value"]["stringValue"] == CREATED["runId"]
    assert (end.path, end.body) == (f"/runs/{CHANNEL}/finalize", {"outcome": "failure"})


def workflow() -> dict[str, Any]:
    (text,) = blocks(DOCS / "how-to" / "github-actions.md", "yaml")
    return dict(yaml.safe_load(text))


def test_the_workflow_is_one() -> None:
    whole = workflow()
    assert set(whole) == {"name", True, "jobs"}  # YAML 1.1 takes `on` for true
    (job,) = whole["jobs"].values()
    for step in job["steps"]:
        assert ("run" in step) != ("uses" in step)
        assert set(step) <= {"name", "run", "uses", "with", "env", "if", "continue-on-error"}
        assert "${{" not in step.get("run", "")
    holders = [step["name"] for step in job["steps"] if "OTEL_DISCORD_RUNS_TOKEN" in step.get("env", {})]
    assert holders == ["Make a channel", "Retire the channel"]
    assert "always()" in job["steps"][-1]["if"]


def test_the_steps_of_the_workflow_run(tmp_path: Path) -> None:
    steps = {step["name"]: step for step in workflow()["jobs"]["test"]["steps"] if "name" in step}
    github = {
        "GITHUB_ENV": str(tmp_path / "env"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_WORKFLOW": "build and test",
        "GITHUB_RUN_ID": "8123456789",
        "GITHUB_RUN_ATTEMPT": "2",
        "GITHUB_JOB": "test",
        "GITHUB_REF_NAME": "main$(exit 7)",
        "GITHUB_SHA": "4f2a91c",
        "GITHUB_ACTOR": "ada",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_REPOSITORY": "o/r",
    }
    with serving(Reply(201, CREATED), Reply(202, ENDED)) as service:
        variables = environment(service, tmp_path, **github)
        code, said = shell(steps["Make a channel"]["run"], tmp_path, variables, "bash")
        assert code == 0, said
        later = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
        code, said = shell(
            steps["Retire the channel"]["run"], tmp_path, {**variables, **later, "OUTCOME": "cancelled"}, "bash"
        )
        assert code == 0, said
    create, end = service.asked
    assert (create.body["taskId"], create.body["attempt"]) == ("build and test-8123456789", 2)
    assert create.body["title"] == "build and test on main$(exit 7)"
    assert later["OTEL_RESOURCE_ATTRIBUTES"] == f"run.id={CREATED['runId']}"
    assert (end.path, end.body) == (f"/runs/{CHANNEL}/finalize", {"outcome": "cancelled"})
    page = (DOCS / "how-to" / "github-actions.md").read_text(encoding="utf-8")
    outputs = [line.split("=", 1)[0] for line in (tmp_path / "output").read_text().splitlines()]
    assert [name for name in [*later, *outputs] if f"`{name}`" not in page] == []


def test_curl_alone_creates_a_run(tmp_path: Path) -> None:
    (script,) = blocks(DOCS / "how-to" / "github-actions.md", "sh")
    with serving(refused(503, "not_ready", "starting", "1"), Reply(201, CREATED)) as service:
        code, said = shell(script, tmp_path, environment(service, tmp_path))
    assert code == 0, said
    assert len(service.asked) == 2
    assert WEBHOOK in said


def training_script() -> str:
    (script,) = [each for each in blocks(DOCS / "how-to" / "training-run.md", "sh") if "trap" in each]
    return script


def test_the_script_of_the_page_is_that_of_the_example() -> None:
    example = (ROOT / "examples" / "training_run" / "run.sh").read_text(encoding="utf-8")
    end = re.compile(r"^set -a.*?TERM$", re.MULTILINE | re.DOTALL)
    (on_page,), (in_example,) = end.findall(training_script()), end.findall(example)
    assert on_page == in_example


@pytest.mark.parametrize(("code", "outcome"), [(0, "success"), (3, "failure")])
def test_a_training_ends_its_run_with_its_outcome(code: int, outcome: str, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        f"import os, sys; print(os.environ['OTEL_RESOURCE_ATTRIBUTES']); sys.exit({code})\n"
    )
    with serving(Reply(201, CREATED), Reply(202, ENDED)) as service:
        ended, said = shell(training_script(), tmp_path, environment(service, tmp_path))
    assert ended == code, said
    assert f"run.id={CREATED['runId']}" in said
    assert [asked.body for asked in service.asked[1:]] == [{"outcome": outcome}]


def test_a_training_without_a_channel_does_not_begin(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("open('began', 'w')\n")
    with serving(refused(401, "unauthenticated", "this token lets nobody in")) as service:
        code, said = shell(training_script(), tmp_path, environment(service, tmp_path))
    assert code == 1
    assert "lets nobody in" in said
    assert not (tmp_path / "began").exists()


def test_a_training_keeps_its_exit_code_when_the_service_is_gone(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("raise SystemExit(3)\n")
    with serving(Reply(201, CREATED), refused(500, "internal", "our fault")) as service:
        assert shell(training_script(), tmp_path, environment(service, tmp_path))[0] == 3


def test_a_training_that_is_stopped_is_cancelled(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import time; open('began', 'w').close(); time.sleep(30)\n")
    with serving(Reply(201, CREATED), Reply(202, ENDED)) as service:
        process = subprocess.Popen(
            ["sh", "-c", training_script()],
            cwd=tmp_path,
            env=environment(service, tmp_path),
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            ends_at_s = time.monotonic() + TIMEOUT_S
            while not (tmp_path / "began").exists() and time.monotonic() < ends_at_s:
                time.sleep(0.05)
            os.killpg(process.pid, signal.SIGTERM)
            assert process.wait(TIMEOUT_S) == 143
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(TIMEOUT_S)
    assert [asked.body for asked in service.asked[1:]] == [{"outcome": "cancelled"}]


AGENT = "import os, sys; open(sys.argv[1], 'w').write(repr(dict(os.environ))); sys.exit(int(sys.argv[2]))"


def agents(directory: Path, *codes: int) -> list[str]:
    program = directory / "agent.py"
    program.write_text(AGENT, encoding="utf-8")
    return [shlex.join([sys.executable, str(program), str(directory / f"seen-{code}"), str(code)]) for code in codes]


def runner(service: Service, directory: Path, *commands: str) -> "subprocess.CompletedProcess[str]":
    program = ROOT / "examples" / "agent_runner" / "runner.py"
    return subprocess.run(
        [sys.executable, str(program), *commands],
        env=environment(service, directory, OTEL_RESOURCE_ATTRIBUTES="team=ml"),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


@pytest.mark.parametrize(("code", "outcome"), [(0, "success"), (4, "failure")])
def test_the_agent_runner_gives_an_agent_its_run_and_no_token(code: int, outcome: str, tmp_path: Path) -> None:
    with serving(refused(503, "discord_rate_limited", "later", "1"), Reply(201, CREATED), Reply(202, ENDED)) as service:
        done = runner(service, tmp_path, *agents(tmp_path, code))
    assert done.returncode == int(bool(code)), done.stderr
    seen = (tmp_path / f"seen-{code}").read_text()
    assert f"team=ml,run.id={CREATED['runId']}" in seen
    assert TOKEN not in seen
    assert "webhooks" not in seen
    first, second, end = service.asked
    assert first.body == second.body
    assert (end.path, end.body) == (f"/runs/{CHANNEL}/finalize", {"outcome": outcome})


def test_an_agent_runs_without_a_channel(tmp_path: Path) -> None:
    with serving(refused(502, "missing_permission", "the bot lacks Manage Webhooks")) as service:
        done = runner(service, tmp_path, *agents(tmp_path, 0))
    assert done.returncode == 0
    assert "Manage Webhooks" in done.stderr
    assert len(service.asked) == 1
    assert json.dumps(TOKEN) not in done.stderr


def test_the_function_of_the_agent_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = blocks(DOCS / "how-to" / "agent-runner.md", "python")
    with serving(Reply(201, CREATED), Reply(202, ENDED)) as service:
        monkeypatch.setenv("OTEL_DISCORD_RUNS_ENDPOINT", service.endpoint)
        monkeypatch.setenv("OTEL_DISCORD_RUNS_TOKEN", TOKEN)
        module: dict[str, Any] = {}
        exec(compile(code, "agent-runner.md", "exec"), module)
        key = {"taskId": "a", "attempt": 1, "shortId": "b", "guildId": "1034567890123456789"}
        assert module["run_agent"](shlex.split(agents(tmp_path, 5)[0]), key) == 5
    assert service.asked[1].body == {"outcome": "failure"}
