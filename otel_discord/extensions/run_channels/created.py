"""What who has asked for a run is given, whoever works on runs. Pure functions."""

from typing import Final

from otel_discord.extensions.run_channels import life
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import Created, Run
from otel_discord.extensions.run_channels.source import webhook_url_of

_AGAIN_S: Final = 5.0


def created(run: Run | None, endpoint: str, *, is_new: bool) -> Created:
    """Return the run and its webhook's address below ``endpoint``. None: it was given up.

    Raises:
        RunProblem: DISCORD_UNAVAILABLE: it was given up; RUN_ENDED.
    """
    if run is None:
        raise RunProblem(Code.DISCORD_UNAVAILABLE, "the run was given up; ask again", retry_after_s=_AGAIN_S)
    if not life.is_live(run):
        raise _ended(run)
    return Created(run=run, webhook_url=webhook_url_of(run, endpoint), is_new=is_new)


def _ended(run: Run) -> RunProblem:
    if run.finalized_ms:
        return RunProblem(Code.RUN_ENDED, "this run was finalized; another attempt is another run")
    return RunProblem(Code.RUN_ENDED, "this run has ended: its retention is over; another attempt is another run")
