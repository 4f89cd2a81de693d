"""`otel-discord runs watch` ends with the run; its exit code is the outcome."""

import pytest

from otel_discord.cli.runs_list import STATES
from otel_discord.cli.runs_outcome import is_bad
from otel_discord.extensions.run_channels.header import state_word
from otel_discord.extensions.run_channels.runs import State
from tests.cli.runs_service import CHANNEL, RUN, Call, Reply, refused, serving

pytestmark = pytest.mark.usefixtures("clean_environment")


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
