"""``otel-discord migrate-storage``: move what waits from a directory into PostgreSQL, and back."""

import click

from otel_discord import __version__
from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import OK
from otel_discord.cli.options import Sources, config_options
from otel_discord.component.counted import counted


@click.command(
    "migrate-storage", epilog=examples("migrate-storage --config config.yaml --from file_storage --to db_storage")
)
@config_options
@click.option(
    "--from", "source", required=True, metavar="STORAGE", help="What to move: an extension, DIR/, postgres://…"
)
@click.option("--to", "target", required=True, metavar="STORAGE", help="Where to: an empty one.")
def migrate_storage(sources: Sources, source: str, target: str) -> int:
    """Move a stopped service's store from one storage into another, SQLite to PostgreSQL or back.

    Storages are ids of extensions in the configuration (file_storage, db_storage/new), a directory, or an address.
    Everything is copied and compared; the old store stays as it was. Interrupted, it may be begun again.
    """
    configuration = sources.load(needs_addresses=False) if sources.configs else None
    from otel_discord.service.store_move import move

    def say(table: str, rows: int) -> None:
        click.echo(f"{table}: {counted(rows, 'row')}", err=True)

    counts = move(source, target, configuration, say, version=__version__)
    rows = sum(counts.values())
    moved = f"{counted(rows, 'row')} {'was' if rows == 1 else 'were'} moved and compared"
    click.echo(f"{moved}. Start the service with the new storage alone.")
    return OK
