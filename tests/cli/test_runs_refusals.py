"""What `otel-discord runs create` makes of a refusal, of a service that wants to wait, and of none."""

import pytest

from otel_discord.cli.commands import run_command_line
from tests.cli.runs_service import CREATED, KEY, TOKEN, Call, Reply, refused, serving

pytestmark = pytest.mark.usefixtures("clean_environment")


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
