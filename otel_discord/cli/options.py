"""``--config`` and ``--set``, before or after a command's name, and the configuration that they give."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from otel_discord.component.counted import counted
from otel_discord.config.problem import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from otel_discord.service.config_file import Configuration
    from otel_discord.service.registry import Registry

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the configuration comes from, in order."""

    configs: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()

    def load(self, registry: "Registry | None" = None, *, needs_addresses: bool = True) -> "Configuration":
        """Read and check the configuration.

        Args:
            registry: the components; those that are installed by default.
            needs_addresses: False where only a running service is asked: variables that webhooks' addresses come from
                need not be set then.

        Raises:
            click.UsageError: no ``--config`` was given.
            ConfigurationError: it cannot be used.
        """
        from otel_discord.service.config_file import load_configuration
        from otel_discord.service.registry import Registry

        if not self.configs:
            raise click.UsageError(
                "at least one config flag must be provided: --config FILE (`otel-discord init` writes one)"
            )
        environment: Mapping[str, str] = os.environ
        if not needs_addresses:
            from otel_discord.service.preview.placeholders import with_placeholders

            environment, _ = with_placeholders(self.configs, self.sets, addresses_alone=True)
        return load_configuration(self.configs, self.sets, registry or Registry.from_entry_points(), environment)

    def control_endpoint(self, *, needs_addresses: bool = False) -> "Path | None":
        """Return where the running service is asked; None where the configuration does not say it.

        One with problems will do where it says this much and a service listens there: it may be edited just now. They
        are counted on stderr then.

        Raises:
            click.UsageError: no ``--config`` was given.
            ConfigurationError: it has problems, and nobody listens where it says, or it does not say for sure.
        """
        from otel_discord.service.control.client import is_answered
        from otel_discord.service.control.endpoint import control_endpoint

        try:
            return control_endpoint(self.load(needs_addresses=needs_addresses))
        except ConfigurationError as error:
            path = self._endpoint_of_draft()
            if path is None or not is_answered(path):
                raise
            problems = counted(len(error.problems), "problem")
            click.echo(
                f"warning: the configuration has {problems} (`otel-discord validate` names them); asking the service "
                f"that listens at {path} all the same",
                err=True,
            )
            return path

    def _endpoint_of_draft(self) -> "Path | None":
        from otel_discord.service.control.draft import control_endpoint_of_draft
        from otel_discord.service.registry import Registry

        try:
            return control_endpoint_of_draft(self.configs, self.sets, Registry.from_entry_points(), os.environ)
        except ConfigurationError:
            return None


def config_options(command: F) -> F:
    """Add the options to a command; it gets ``sources``, those of the group included."""

    @click.option(
        "--config",
        "configs",
        multiple=True,
        metavar="FILE",
        help="Configuration file, or yaml:…, env:NAME. Several are merged, later ones win.",
    )
    @click.option(
        "--set", "sets", multiple=True, metavar="A.B.C=VALUE", help="Set one key over all files; may be repeated."
    )
    @wraps(command)
    def with_sources(*args: Any, configs: tuple[str, ...], sets: tuple[str, ...], **kwargs: Any) -> Any:
        parent = click.get_current_context().parent
        outer = parent.obj if parent is not None and isinstance(parent.obj, Sources) else Sources()
        return command(*args, sources=Sources(outer.configs + configs, outer.sets + sets), **kwargs)

    return with_sources  # type: ignore[return-value]  # click changes the parameters, not the command
