"""Where `otel-discord runs` asks and who it says it is; a wrong command line is explained before anything is sent."""

from pathlib import Path

import pytest

from otel_discord.cli.commands import run_command_line
from tests.cli.runs_service import KEY, Call, Reply, serving

pytestmark = pytest.mark.usefixtures("clean_environment")


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
