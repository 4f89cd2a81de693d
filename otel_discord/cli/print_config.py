"""``otel-discord print-config``: what the service would run with, or the JSON Schema of what may be written."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from otel_discord.cli.options import Sources, config_options

if TYPE_CHECKING:
    from otel_discord.service.config_file import Configuration


@click.command("print-config")
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
    configuration = sources.load()
    data = to_typed(configuration.resolved) if mode == "unredacted" else redacted(configuration)
    text = dump_yaml(data) if form == "yaml" else json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    click.echo(text, nl=False)


def redacted(configuration: "Configuration") -> dict[str, Any]:
    """Return every key in use, defaults included, without any secret, whatever key it stands in."""
    from otel_discord.service.telemetry.redact import Redactor, secrets_in

    redactor = Redactor()
    data: dict[str, Any] = {}
    for kind, components in configuration.components.items():
        redactor.add(secrets_in([made.config for made in components.values()]))
        if components:
            data[f"{kind}s"] = {str(each): _dumped(made.config) for each, made in components.items()}
    redactor.add(secrets_in(configuration.service))
    data["service"] = _dumped(configuration.service)
    redacted_data: dict[str, Any] = _each_text(data, redactor)
    return redacted_data


def _dumped(model: Any) -> dict[str, Any]:
    dumped: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _each_text(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_each_text(item, change) for item in value]
    return value
