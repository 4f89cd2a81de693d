"""``otel-discord send-test``: one marked message through the real path."""

import asyncio

import click

from otel_discord import __version__
from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import FAILURE, OK
from otel_discord.cli.options import Sources, config_options


@click.command("send-test", epilog=examples("send-test --config config.yaml", "send-test --config config.yaml ops"))
@config_options
@click.option("--exporter", "exporter_id", default="", metavar="ID", help="Which exporter, where there are several.")
@click.argument("destination", required=False)
def send_test(sources: Sources, exporter_id: str, destination: str | None) -> int:
    """Send one message marked TEST.

    It takes the real path to DESTINATION, or to every destination, and its link is printed. A running service with this
    configuration sends it itself; what waits in the storage is not touched.
    """
    configuration = sources.load()
    from otel_discord.service import online

    report = asyncio.run(
        online.send_test(configuration, version=__version__, exporter_id=exporter_id, destination=destination)
    )
    for result in report.results:
        state = "sent  " if result.ok else "failed"
        click.echo(f"{state}  {result.destination}: {' '.join(part for part in (result.text, result.link) if part)}")
    for note in report.notes:
        click.echo(f"note    {note}", err=True)
    return OK if report.results and all(result.ok for result in report.results) else FAILURE
