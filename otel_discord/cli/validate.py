"""``otel-discord validate``: decode, check, plan; silent when good."""

import asyncio

import click

from otel_discord import __version__
from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import FAILURE, OK
from otel_discord.cli.options import Sources, config_options


@click.command(epilog=examples("validate --config config.yaml", "validate --config config.yaml --online"))
@config_options
@click.option(
    "--online",
    is_flag=True,
    help="Also ask each webhook for its name, without sending anything; one that was given up is used again.",
)
def validate(sources: Sources, online: bool) -> int:
    """Check the configuration without starting anything. Silent and 0 when it is good; advice goes to stderr."""
    from otel_discord.service.advice import advice

    configuration = sources.load()
    for sentence in advice(configuration):
        click.echo(f"warning: {sentence}", err=True)
    if not online:
        return OK
    from otel_discord.service.online import check_online

    report = asyncio.run(check_online(configuration, version=__version__))
    for result in report.results:
        click.echo(f"{'ok    ' if result.ok else 'failed'}  {result.name}: {result.text}")
    if not report.results:
        click.echo("nothing in this configuration can be checked online")
    for note in report.notes:
        click.echo(f"note    {note}", err=True)
    return OK if all(result.ok for result in report.results) else FAILURE
