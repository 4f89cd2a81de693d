"""``otel-discord preview``: what Discord would get to see, without sending anything."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from otel_discord import __version__
from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import OK
from otel_discord.cli.options import Sources, config_options

if TYPE_CHECKING:
    from otel_discord.service.preview.show import Wanted

PAGE_PORT: Final = 8911


@click.command(epilog=examples("preview --config config.yaml --sample error", "preview --config config.yaml --serve"))
@config_options
@click.option(
    "--input",
    "inputs",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="OTLP JSON to show instead of samples: an export request, or one on each line. May be repeated.",
)
@click.option("--sample", "names", multiple=True, metavar="NAME", help="Only this sample; may be repeated.")
@click.option("--list", "lists", is_flag=True, help="List the samples and end.")
@click.option("--exporter", default="", metavar="ID", help="Only messages of this exporter.")
@click.option("--destination", default="", metavar="NAME", help="Only messages to this destination.")
@click.option("--json", "as_json", is_flag=True, help="Print the exact payloads as JSON.")
@click.option("--serve", is_flag=True, help="Show a page on this machine that follows every change of the files.")
@click.option("--port", default=PAGE_PORT, show_default=True, help="Port of the page; 0: any that is free.")
@click.option(
    "--copy-template",
    "copy",
    nargs=2,
    metavar="NAME DIRECTORY",
    help="Copy a built-in template into a directory, to be changed there, and end.",
)
def preview(
    sources: Sources,
    inputs: tuple[Path, ...],
    names: tuple[str, ...],
    lists: bool,
    exporter: str,
    destination: str,
    as_json: bool,
    serve: bool,
    port: int,
    copy: tuple[str, str] | None,
) -> int:
    """Show what Discord would get to see, through the real pipelines; nothing is sent.

    A webhook URL from a variable that is not set is not needed.
    """
    from otel_discord.service.preview.samples import samples
    from otel_discord.service.preview.show import Wanted

    if copy:
        from otel_discord.cli.template_copy import copy_template

        click.echo(copy_template(copy[0], Path(copy[1])))
        return OK
    if lists:
        for sample in samples():
            click.echo(f"{sample.name:<22} {sample.title}")
        return OK
    if not sources.configs:
        raise click.UsageError("a preview needs a configuration: --config FILE (`otel-discord init` writes one)")
    wanted = Wanted(
        configs=sources.configs,
        sets=sources.sets,
        inputs=inputs,
        samples=names,
        exporter=exporter,
        destination=destination,
    )
    if serve:
        from otel_discord.service.preview.serving import serve_previews

        return serve_previews(wanted, version=__version__, port=port, say=click.echo)
    return _print(wanted, as_json=as_json)


def _print(wanted: "Wanted", *, as_json: bool) -> int:
    from otel_discord.cli.preview_text import outcome_lines
    from otel_discord.service.preview.otlp_input import InputError
    from otel_discord.service.preview.show import UnknownNameError, payloads, show

    try:
        shown = show(wanted, version=__version__)
    except (InputError, UnknownNameError) as error:
        raise click.UsageError(str(error)) from None
    for note in shown.notes:
        click.echo(f"note: {note}", err=True)
    if as_json:
        for outcome in shown.outcomes:
            for note in outcome.notes:
                click.echo(f"note: {outcome.name}: {note}", err=True)
        click.echo(json.dumps(list(payloads(shown)), ensure_ascii=False, indent=2))
        return OK
    width = min(120, shutil.get_terminal_size().columns)
    for outcome in shown.outcomes:
        for line in outcome_lines(outcome, width=width):
            click.echo(line)
    return OK
