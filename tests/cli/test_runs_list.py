"""`otel-discord runs list`: what is printed, page by page."""

import json

import pytest

from tests.cli.runs_service import CHANNEL, RUN, Call, Reply, serving

pytestmark = pytest.mark.usefixtures("clean_environment")


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
