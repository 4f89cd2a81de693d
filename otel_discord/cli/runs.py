"""``otel-discord runs``: ask a service for channels of runs, from scripts and CI."""

from importlib import import_module
from types import MappingProxyType
from typing import Final

import click

_COMMANDS: Final = MappingProxyType(
    {
        "create": "otel_discord.cli.runs_create:create",
        "finalize": "otel_discord.cli.runs_finalize:finalize",
        "list": "otel_discord.cli.runs_list:list_runs",
        "watch": "otel_discord.cli.runs_watch:watch",
        "invite": "otel_discord.cli.runs_invite:invite",
    }
)


class RunsGroup(click.Group):
    """Imports a command's module when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's name
        """Return the names in the order of a run's life."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's name
        """Return a command, None for an unknown name."""
        target = _COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group("runs", cls=RunsGroup)
def runs() -> None:
    """Give a CI job, a training run or an agent run a channel of its own.

    All but invite ask a running service with the run_channels extension, over HTTP. Exit codes: 0 done, 1 refused or
    failed, 2 wrong usage, 75 try again later.
    """
