"""Commands by name, of which only the one that is asked for is imported."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group of commands that are told as ``name: "module:attribute"``, in the order of the help page."""

    def __init__(self, *args: Any, targets: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._targets = targets

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's name
        """Return the names in the order of the help page."""
        return list(self._targets)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's name
        """Return a command, None for an unknown name."""
        target = self._targets.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return name, command and the arguments that are left; of an unknown name say which one was meant.

        Raises:
            click.UsageError: there is no such command.
        """
        name = args[0]
        if name not in self._targets and not name.startswith("-") and not ctx.resilient_parsing:
            from otel_discord.config.nearest import did_you_mean

            raise click.UsageError(f"No such command {name!r}. {did_you_mean(name, self._targets)}".rstrip(), ctx)
        return super().resolve_command(ctx, args)
