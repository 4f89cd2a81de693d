"""``otel-discord init``: a first configuration file."""

from importlib.resources import files
from pathlib import Path

import click

from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import FAILURE, OK


@click.command(epilog=examples("init", "init /etc/otel-discord/config.yaml"))
@click.argument("path", default="config.yaml", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace a file that exists.")
def init(path: Path, force: bool) -> int:
    """Write a first configuration file.

    A minimal, commented one, to PATH (config.yaml).
    """
    text = files("otel_discord.cli").joinpath("init_config.yaml").read_text(encoding="utf-8")
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        click.echo(f"Error: {path} exists; --force replaces it", err=True)
        return FAILURE
    except OSError as error:
        click.echo(f"Error: cannot write {path}: {error.strerror}", err=True)
        return FAILURE
    click.echo(f"Wrote {path}. Next:")
    click.echo("  export DISCORD_WEBHOOK_URL=…   # channel settings → Integrations → Webhooks → Copy Webhook URL")
    click.echo(f"  otel-discord send-test --config {path}")
    click.echo(f"  otel-discord --config {path}")
    return OK
