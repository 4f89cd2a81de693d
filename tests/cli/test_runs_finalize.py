"""`otel-discord runs finalize` by channel and by key, against a service that answers like the API."""

import pytest

from tests.cli.runs_service import CHANNEL, ENDED, KEY, RUN, Call, Reply, serving

pytestmark = pytest.mark.usefixtures("clean_environment")


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
