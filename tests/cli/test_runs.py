"""`otel-discord runs` against a service that answers like the API: what is asked, printed, and the exit code."""

import json
import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from otel_discord.cli.commands import run_command_line
from otel_discord.cli.runs_list import STATES
from otel_discord.cli.runs_outcome import is_bad
from otel_discord.extensions.run_channels.header import state_word
from otel_discord.extensions.run_channels.runs import State
from tests.cli.runs_service import CREATED, ENDED, RUN, TOKEN, WEBHOOK, Reply, Service, refused, serving

KEY = ["--task-id", "build", "--attempt", "1", "--short-id", "ab12", "--guild-id", "42"]
CHANNEL = CREATED["channelId"]
Call = Callable[..., int]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("OTEL_", "RUN_", "GITHUB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTEL_DISCORD_RUNS_TOKEN", TOKEN)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    def call_it(service: Service, *arguments: str) -> int:
        monkeypatch.setenv("OTEL_DISCORD_RUNS_ENDPOINT", service.endpoint)
        return run_command_line(["runs", *arguments])

    return call_it


# ------------------------------------------------------------------------------------------------------------- create
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


# ----------------------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        pytest.param(
            refused(
                400, "invalid_request", "2 fields are wrong", taskId="is too long", **{"metadata.a b": "has a space"}
            ),
            2,
            ["--task-id: is too long", "--metadata a b: has a space", "request r-1"],
            id="400",
        ),
        pytest.param(refused(401, "unauthenticated", "no"), 1, ["OTEL_DISCORD_RUNS_TOKEN"], id="401"),
        pytest.param(refused(403, "forbidden", "not in this guild"), 1, ["not in this guild"], id="403"),
        pytest.param(refused(404, "unknown_guild", "no such guild"), 1, ["unknown_guild"], id="404"),
        pytest.param(refused(409, "run_ended", "it has ended"), 1, ["it has ended"], id="409"),
        pytest.param(refused(500, "internal", "our fault"), 1, ["our fault"], id="500"),
        pytest.param(refused(502, "missing_permission", "lacks Manage Webhooks"), 1, ["Manage Webhooks"], id="502"),
        pytest.param(refused(503, "discord_full", "full", "3600"), 75, ["again in 3,600 s"], id="503"),
        pytest.param(refused(429, "too_many_requests", "slow", "900"), 75, ["slow"], id="429"),
        pytest.param(Reply(502, "<html>bad gateway"), 75, ["status 502"], id="proxy"),
        pytest.param(Reply(200, "<html>sign in"), 1, ["is not the API"], id="portal"),
        pytest.param(Reply(200, [1]), 1, ["is not the API"], id="list"),
        pytest.param(Reply(302, "", {"Location": "http://127.0.0.1:1/"}), 1, ["status 302"], id="redirect"),
        pytest.param(refused(418, "x\x1b[31m", "red \x1b[31m"), 1, [], id="escape"),
    ],
)
def test_a_refusal_is_said_and_has_its_exit_code(
    reply: Reply, code: int, words: list[str], call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(reply) as service:
        assert call(service, "create", *KEY, "--wait", "0s") == code
    said = capsys.readouterr()
    assert said.out == ""
    for each in words:
        assert each in said.err
    assert "Traceback" not in said.err
    assert "\x1b" not in said.err
    assert TOKEN not in said.err
    assert len(service.asked) == 1


def test_create_asks_again_as_the_service_says(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    later = refused(503, "discord_rate_limited", "Discord wants to wait", "0")
    with serving(later, later, Reply(200, CREATED)) as service:
        assert call(service, "create", *KEY) == 0
    assert len(service.asked) == 3
    assert service.asked[0].body == service.asked[2].body
    assert "Trying again in" in capsys.readouterr().err


def test_a_wait_beyond_the_deadline_is_not_begun(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(refused(503, "discord_rate_limited", "Discord wants to wait", "600")) as service:
        assert call(service, "create", *KEY, "--wait", "5s") == 75
    assert len(service.asked) == 1
    assert "again in 600 s" in capsys.readouterr().err


def test_nobody_there_is_try_again_later(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["runs", "create", *KEY, "--endpoint", "http://127.0.0.1:1", "--wait", "0s"]) == 75
    assert "127.0.0.1:1 cannot be reached" in capsys.readouterr().err


# ---------------------------------------------------------------------------------------------------- where and who
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--endpoint", "http://runs.example.com"], "plain text"),
        (["--endpoint", "http://localhost.example.com"], "plain text"),
        (["--endpoint", "http://10.0.0.1:8080"], "plain text"),
        (["--endpoint", "localhost:8080"], "must begin with https://"),
        (["--endpoint", "https://me:secret@example.com"], "no user, password"),
        (["--endpoint", "https://example.com/?a=b"], "no user, password"),
        (["--endpoint", "http://localhost:99999"], "no address"),
        (["--cert-file", "c.pem"], "belong together"),
        (["--timeout", "0s"], "more than 0s"),
        (["--timeout", "soon"], "--timeout"),
        (["--token-file", "missing"], "cannot read --token-file"),
        (["--metadata", "commit"], "NAME=VALUE"),
        (["--metadata", "a=1", "--metadata", "a=2"], "twice"),
        (["--attempt", "-1"], "--attempt"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_a_wrong_command_line_is_explained_before_anything_is_sent(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(["runs", "create", *KEY, "--wait", "0s", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "secret" not in said


@pytest.mark.parametrize("token", ["", "  ", "two words", "naïve", "a\tb"])
def test_a_token_that_is_none_is_refused(
    token: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTEL_DISCORD_RUNS_TOKEN", token)
    assert run_command_line(["runs", "list"]) == 2
    assert "token" in capsys.readouterr().err


def test_a_token_file_wins_and_is_stripped(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("from-the-file\n")
    with serving(Reply(200, {"runs": []})) as service:
        assert call(service, "list", "--token-file", str(path)) == 0
    assert service.asked[0].headers["Authorization"] == "Bearer from-the-file"


def test_a_prefix_of_the_endpoint_is_kept(call: Call) -> None:
    with serving(Reply(200, {"runs": []})) as service:
        assert call(service, "list", "--endpoint", f"{service.endpoint}/runs-api/") == 0
    assert service.asked[0].path == "/runs-api/runs"


# ----------------------------------------------------------------------------------------------------------- finalize
@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        ([], {}),
        (["--outcome", "3 of 4 passed"], {"outcome": "3 of 4 passed"}),
        (["--exit-code", "0"], {"outcome": "success"}),
        (["--exit-code", "2"], {"outcome": "failure"}),
        (["--exit-code", "130"], {"outcome": "cancelled"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("status", [200, 202])
def test_finalize(status: int, arguments: list[str], body: dict[str, str], call: Call) -> None:
    with serving(Reply(status, ENDED)) as service:
        assert call(service, "finalize", CHANNEL, *arguments) == 0
    (asked,) = service.asked
    assert (asked.method, asked.path, asked.body) == ("POST", f"/runs/{CHANNEL}/finalize", body)


def test_finalize_finds_a_run_by_its_key_over_pages(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    others = [{**RUN, "attempt": 2, "channelId": "1"}, {**RUN, "shortId": "AB12", "channelId": "2"}]
    pages = [Reply(200, {"runs": others, "nextPageToken": "p2"}), Reply(200, {"runs": [RUN], "nextPageToken": ""})]
    with serving(*pages, Reply(202, ENDED)) as service:
        assert call(service, "finalize", *KEY, "--outcome", "success") == 0
    assert [asked.query for asked in service.asked[:2]] == [
        {"guildId": "42", "limit": "200"},
        {"guildId": "42", "limit": "200", "pageToken": "p2"},
    ]
    assert service.asked[2].path == f"/runs/{CHANNEL}/finalize"
    assert "archived" in capsys.readouterr().out


def test_finalize_of_nothing_is_no_error(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Reply(200, {"runs": []})) as service:
        assert call(service, "finalize", *KEY) == 0
    assert "nothing is left to end" in capsys.readouterr().err


def test_finalize_of_a_channel_without_a_run_does_not_call_it_one(
    call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(Reply(200, {"status": "cleaned", "channelId": CHANNEL, "runId": None, "expiresAt": None})) as service:
        assert call(service, "finalize", CHANNEL) == 0
    said = capsys.readouterr()
    assert not said.out
    assert said.err == f"Channel {CHANNEL} has no run any more; nothing is left to end.\n"


def test_finalize_of_one_in_two_guilds_wants_to_know_which(call: Call) -> None:
    with serving(Reply(200, {"runs": [RUN, {**RUN, "guildId": "43", "channelId": "9"}]})) as service:
        assert call(service, "finalize", *KEY[:-2]) == 2
    assert all(asked.method == "GET" for asked in service.asked)


@pytest.mark.parametrize(
    "arguments",
    [[], [""], ["abc"], [CHANNEL, *KEY], KEY[:4], [CHANNEL, "--outcome", "success", "--exit-code", "0"]],
    ids=str,
)
def test_finalize_needs_to_know_exactly_one(arguments: list[str], call: Call) -> None:
    with serving(Reply(200, ENDED)) as service:
        assert call(service, "finalize", *arguments) == 2
    assert not service.asked


def test_a_guild_from_the_environment_is_no_contradiction(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_DISCORD_RUNS_GUILD_ID", "42")
    with serving(Reply(200, ENDED)) as service:
        assert call(service, "finalize", CHANNEL) == 0


# --------------------------------------------------------------------------------------------------------------- list
def test_list_prints_runs_between_tabs(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    page = {"runs": [RUN, {**RUN, "taskId": "evil\x1b[2J\tx"}], "nextPageToken": ""}
    with serving(Reply(200, page)) as service:
        assert call(service, "list", "--guild-id", "42", "--state", "running") == 0
    assert service.asked[0].query == {"guildId": "42", "state": "running", "limit": "50"}
    first, second = capsys.readouterr().out.splitlines()
    assert first.split("\t")[:5] == [CHANNEL, "build", "1", "ab12", "running"]
    assert "\x1b" not in second
    assert len(second.split("\t")) == len(first.split("\t"))


def test_list_follows_pages_as_far_as_the_limit(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Reply(200, {"runs": [RUN] * 2, "nextPageToken": "more"})) as service:
        assert call(service, "list", "--limit", "3", "--json") == 0
    assert len(service.asked) == 2
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [RUN] * 3


# -------------------------------------------------------------------------------------------------------------- watch
def run_of(**change: object) -> Reply:
    return Reply(200, {**RUN, **change})


@pytest.mark.parametrize(
    ("outcome", "code"),
    [("success", 0), ("", 0), ("3 of 4", 0), ("Failure", 1), ("cancelled", 1), ("expired", 1)],
)
def test_watch_ends_with_the_outcome(outcome: str, code: int, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    end = run_of(state="finishing", outcome=outcome, finalizedAt="2026-11-22T13:00:00Z")
    with serving(run_of(), run_of(), run_of(errors=2, lastStep="test"), end) as service:
        assert call(service, "watch", CHANNEL, "--interval", "100ms") == code
    first, second, last = capsys.readouterr().out.splitlines()
    assert "running: steps 3 (compile), errors 1, warnings 12,345" in first
    assert "(test), errors 2" in second
    assert "finishing" in last
    assert outcome in last


def test_watch_stops_when_its_time_is_over(call: Call) -> None:
    with serving(run_of()) as service:
        assert call(service, "watch", CHANNEL, "--interval", "100ms", "--for", "250ms") == 75
    assert len(service.asked) >= 3


def test_watch_gets_over_a_short_absence(call: Call) -> None:
    away = refused(503, "not_ready", "starting", "0")
    with serving(
        run_of(), away, run_of(state="archived", outcome="success", finalizedAt="2026-11-22T13:00:00Z")
    ) as service:
        assert call(service, "watch", CHANNEL, "--interval", "100ms") == 0


def test_watch_says_that_a_vanished_run_has_no_known_end(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(run_of(), refused(404, "not_found", "no such run")) as service:
        assert call(service, "watch", CHANNEL, "--interval", "100ms") == 1
    assert "how it ended is not known" in capsys.readouterr().err


def test_watch_wants_a_run(call: Call) -> None:
    with serving(Reply(200, {})) as service:
        assert call(service, "watch", CHANNEL) == 1


def test_watch_of_a_run_that_its_retention_ended_is_no_success(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(run_of(), run_of(state="cleaning", finalizedAt=None)) as service:
        assert call(service, "watch", CHANNEL, "--interval", "100ms") == 1
    assert "nobody has said how" in capsys.readouterr().err


@pytest.mark.parametrize(
    "outcome", ["ok", "failure", "error", "aborted", "cancelled", "passed", "fail", "done", "3 of 4"]
)
def test_what_is_red_in_discord_is_an_exit_code(outcome: str) -> None:
    assert is_bad(outcome) == (state_word(outcome) in {"failed", "cancelled"})


def test_states_are_those_of_the_service() -> None:
    assert tuple(State) == STATES


# ------------------------------------------------------------------------------------------------------------- invite
@pytest.mark.parametrize(
    ("options", "permissions"),
    [
        (["--minimal"], 536871952),
        ([], 536988688),
        (["--minimal", "--overwrites"], 805309456),
        (["--overwrites"], 805424144),
        (["--overwrites", "--threads"], 805424144 + (1 << 34) + (1 << 35) + (1 << 38)),
    ],
    ids=str,
)
def test_invite_prints_the_link(options: list[str], permissions: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["runs", "invite", "--application-id", "112233445566778899", *options]) == 0
    said = capsys.readouterr()
    link = f"https://discord.com/oauth2/authorize?client_id=112233445566778899&scope=bot&permissions={permissions}"
    assert said.out.strip() == link
    assert "Manage Webhooks" in said.err
    assert ("Manage Roles" in said.err) == ("--overwrites" in options)
    assert ("Send Messages" in said.err) == (options != ["--minimal"])


@pytest.mark.parametrize("arguments", [["my-app"], ["1&scope=x"], ["112233445566778899", "--minimal", "--threads"]])
def test_invite_of_nobody_is_refused(arguments: list[str]) -> None:
    assert run_command_line(["runs", "invite", "--application-id", *arguments]) == 2
