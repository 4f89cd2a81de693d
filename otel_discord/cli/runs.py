"""``otel-discord runs``: ask a service for channels of runs, from scripts and CI."""

from types import MappingProxyType
from typing import Final

import click

from otel_discord.cli.examples import examples
from otel_discord.cli.lazy_group import LazyGroup

_COMMANDS: Final = MappingProxyType(
    {
        "create": "otel_discord.cli.runs_create:create",
        "finalize": "otel_discord.cli.runs_finalize:finalize",
        "list": "otel_discord.cli.runs_list:list_runs",
        "watch": "otel_discord.cli.runs_watch:watch",
        "invite": "otel_discord.cli.runs_invite:invite",
    }
)


@click.group(
    "runs",
    cls=LazyGroup,
    targets=_COMMANDS,
    epilog=examples(
        "runs create --guild-id 1300000000000000000 --task-id train-7b --attempt 1 --short-id a1b2",
        "runs list --state running",
    ),
)
def runs() -> None:
    """Give a CI job, a training run or an agent run a channel of its own.

    All but invite ask a running service with the run_channels extension, over HTTP. Exit codes: 0 done, 1 refused or
    failed, 2 wrong usage, 75 try again later.
    """
