"""``otel-discord print-config``: what the service would run with, or the JSON Schema of what may be written."""

import json

import click

from otel_discord.cli.examples import examples
from otel_discord.cli.options import Sources, config_options


@click.command(
    "print-config",
    epilog=examples("print-config --config config.yaml", "print-config --schema > otel-discord.schema.json"),
)
@config_options
@click.option(
    "--mode",
    type=click.Choice(["redacted", "unredacted"]),
    default="redacted",
    show_default=True,
    help="redacted: every key with its default, secrets as [REDACTED]; unredacted: the keys as written, with secrets.",
)
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of configuration files, for editors.")
def print_config(sources: Sources, mode: str, form: str, schema: bool) -> None:
    """Print the configuration as resolved.

    Files are merged, references replaced, defaults filled in; secrets are shown as [REDACTED].
    """
    from otel_discord.config.raw_text import to_typed
    from otel_discord.config.yaml_file import dump_yaml

    if schema:
        from otel_discord.service.json_schema import configuration_schema
        from otel_discord.service.registry import Registry

        click.echo(json.dumps(configuration_schema(Registry.from_entry_points()), indent=2))
        return
    from otel_discord.service.redacted_config import redacted

    configuration = sources.load()
    data = to_typed(configuration.resolved) if mode == "unredacted" else redacted(configuration)
    text = dump_yaml(data) if form == "yaml" else json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    click.echo(text, nl=False)
