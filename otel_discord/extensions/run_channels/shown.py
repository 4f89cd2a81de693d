"""Runs for those who show the running service. Pure."""

from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import Final

from otel_discord.component.watched_runs import ShownRun
from otel_discord.extensions.run_channels.runs import Run, State

_ORDER: Final = {State.CREATING: 0, State.RUNNING: 0, State.FINISHING: 1, State.ARCHIVED: 2, State.CLEANING: 2}
_MS_NS: Final = 1_000_000


def shown_runs(runs: Iterable[Run], limit: int) -> Sequence[ShownRun]:
    """Return those of which something is in Discord: first those that run, the newest first."""
    there = (run for run in runs if run.state in _ORDER)
    return [_shown(run) for run in nsmallest(limit, there, key=lambda run: (_ORDER[run.state], -run.created_ms))]


def _shown(run: Run) -> ShownRun:
    tally = run.tally
    return ShownRun(
        name=run.title or run.channel_name or run.run_id,
        state=str(run.state),
        outcome=run.outcome,
        steps=tally.steps,
        errors=tally.errors,
        last_step=tally.last_step,
        started_ns=run.created_ms * _MS_NS,
        ended_ns=run.finalized_ms * _MS_NS,
        expires_ns=run.expires_ms * _MS_NS,
    )
