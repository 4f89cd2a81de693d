"""Every command by name, and what errors become on a terminal."""

import asyncio
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final

import click

from otel_discord import __version__
from otel_discord.cli.exit_codes import BAD_CONFIGURATION, FAILURE, OK
from otel_discord.cli.lazy_group import LazyGroup
from otel_discord.cli.options import Sources, config_options
from otel_discord.component.counted import counted
from otel_discord.component.errors import StartError
from otel_discord.config.problem import ConfigurationError

_COMMANDS: Final = MappingProxyType(
    {
        "run": "otel_discord.cli.run:run",
        "validate": "otel_discord.cli.validate:validate",
        "components": "otel_discord.cli.components:components",
        "print-config": "otel_discord.cli.print_config:print_config",
        "init": "otel_discord.cli.init:init",
        "preview": "otel_discord.cli.preview:preview",
        "test": "otel_discord.cli.test:test",
        "send-test": "otel_discord.cli.send_test:send_test",
        "dead-letters": "otel_discord.cli.dead_letters:dead_letters",
        "maintenance": "otel_discord.cli.maintenance:maintenance",
        "silence": "otel_discord.cli.silence:silence",
        "runs": "otel_discord.cli.runs:runs",
        "migrate-storage": "otel_discord.cli.migrate_storage:migrate_storage",
        "top": "otel_discord.cli.top:top",
        "demo": "otel_discord.cli.demo:demo",
    }
)


@click.group(
    cls=LazyGroup,
    targets=_COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a command the service runs: otel-discord --config config.yaml",
)
@config_options
@click.version_option(__version__, prog_name="otel-discord")
@click.pass_context
def cli(context: click.Context, sources: Sources) -> int | None:
    """OTLP in, Discord out: errors, alerts and slow operations, each once, with their evidence."""
    context.obj = sources
    if context.invoked_subcommand is None:
        from otel_discord.cli.run import run_sources

        return run_sources(sources)
    return None


def run_command_line(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code. Errors meant for people become one message on stderr."""
    try:
        result: Any = cli.main(list(arguments), prog_name="otel-discord", standalone_mode=False)
    except ConfigurationError as error:
        _say_problems(error)
        return BAD_CONFIGURATION
    except StartError as error:
        click.echo(f"Error: {_redacted(str(error))}", err=True)
        return FAILURE
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt, asyncio.CancelledError):
        click.echo("Aborted.", err=True)
        return FAILURE
    except BrokenPipeError:
        return FAILURE
    return result if isinstance(result, int) else OK


def _say_problems(error: ConfigurationError) -> None:
    click.echo(f"Error: the configuration has {counted(len(error.problems), 'problem')}:", err=True)
    for problem in error.problems:
        click.echo(f"  {_redacted(str(problem))}", err=True)


def _redacted(text: str) -> str:
    from otel_discord.service.telemetry.redact import Redactor

    return Redactor()(text)
