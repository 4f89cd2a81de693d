"""Runs for those who show the running service: which, in what order, and without any address."""

from dataclasses import replace

from otel_discord.component.destination_source import Tally
from otel_discord.component.watched_runs import ShownRun
from otel_discord.config import Secret
from otel_discord.extensions.run_channels.runs import Placement, Run, RunKey, State
from otel_discord.extensions.run_channels.shown import shown_runs

RUN = Run(
    run_id="r", key=RunKey(guild_id="1", task_id="t", attempt=1, short_id="s"), state=State.RUNNING,
    placement=Placement.CHANNEL, created_ms=1_000, retention_hours=1, channel_name="run-t-1-s", outcome="",
    webhook_id="77", webhook_token=Secret("hook-token-that-nobody-sees"),
    tally=Tally(records=9, errors=2, steps=3, last_step="tests"),
)  # fmt: skip


def test_a_run_is_shown_without_its_address() -> None:
    (shown,) = shown_runs([RUN], 50)
    assert shown == ShownRun(
        name="run-t-1-s", state="running", steps=3, errors=2, last_step="tests", started_ns=10**9,
        expires_ns=3_601 * 10**9,
    )  # fmt: skip
    assert "hook-token" not in repr(shown)


def test_those_that_run_come_first_and_then_the_newest_and_what_is_over_does_not_show() -> None:
    runs = [
        replace(RUN, run_id=f"{state}{at}", title=f"{state}{at}", state=state, created_ms=at)
        for at in (1, 2, 3)
        for state in State
    ]
    names = [each.name for each in shown_runs(runs, 50)]
    assert set(names[:6]) == {f"{state}{at}" for state in ("creating", "running") for at in (1, 2, 3)}
    assert names[6:9] == ["finishing3", "finishing2", "finishing1"]
    assert not [name for name in names if name.startswith("cleaned")]
    assert [each.name for each in shown_runs(runs, 4)] == names[:4]
