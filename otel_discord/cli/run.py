"""``otel-discord --config FILE``: the service, until SIGINT or SIGTERM."""

import asyncio
import os
import sys
from typing import NoReturn

import click

from otel_discord import __version__
from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import FAILURE
from otel_discord.cli.options import Sources, config_options


@click.command(
    epilog=examples("run --config config.yaml", "run --config config.yaml --set service.telemetry.logs.level=debug")
)
@config_options
def run(sources: Sources) -> int:
    """Run the service; the same as no command."""
    return run_sources(sources)


def run_sources(sources: Sources) -> int:
    """Load the configuration, run the service and return its exit code."""
    from otel_discord.service.garbage import collection_postponed

    with collection_postponed():
        configuration = sources.load()
        from otel_discord.service.run import run_service

        return asyncio.run(run_service(configuration, version=__version__, force_exit=exit_at_once, load=sources.load))


def exit_at_once() -> NoReturn:
    """End the process without another look; what a second signal asks for."""
    sys.stderr.flush()
    os._exit(FAILURE)
