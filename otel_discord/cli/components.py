"""``otel-discord components``: what is installed, as YAML."""

from typing import TYPE_CHECKING, Any

import click

from otel_discord import __version__
from otel_discord.cli.examples import examples

if TYPE_CHECKING:
    from otel_discord.component import Factory, Kind
    from otel_discord.service.registry import Registry


@click.command(epilog=examples("components"))
def components() -> None:
    """List the available components, as YAML.

    Each has its package and its stability for each signal; built-in and third-party components alike.
    """
    from otel_discord.config.yaml_file import dump_yaml
    from otel_discord.service.registry import Registry

    click.echo(dump_yaml(describe(Registry.from_entry_points())), nl=False)


def describe(registry: "Registry") -> dict[str, Any]:
    """Return what the command prints; a package that cannot be imported is listed with its error."""
    from otel_discord.component import Kind

    listing: dict[str, Any] = {
        "buildinfo": {
            "command": "otel-discord",
            "description": "Point anything that speaks OTLP at it and Discord shows what matters",
            "version": __version__,
        }
    }
    for kind in (Kind.RECEIVER, Kind.PROCESSOR, Kind.EXPORTER, Kind.CONNECTOR, Kind.EXTENSION):
        listing[f"{kind}s"] = [_component(registry, kind, name) for name in registry.type_names(kind)]
    listing["providers"] = [{"scheme": "env"}, {"scheme": "file"}, {"scheme": "yaml"}]
    return listing


def _component(registry: "Registry", kind: "Kind", name: str) -> dict[str, Any]:
    from otel_discord.service.registry import BrokenComponentError

    entry: dict[str, Any] = {"name": name}
    source = registry.source(kind, name)
    if source is not None:
        entry["module"] = f"{source.distribution} {source.version}".strip() + f" ({source.module})"
    try:
        entry["stability"] = _stability(registry.factory(kind, name))
    except BrokenComponentError as error:
        entry["error"] = str(error)
    return entry


def _stability(factory: "Factory") -> dict[str, str]:
    from otel_discord.component import ConnectorFactory, ExtensionFactory
    from otel_discord.signals import Signal

    if isinstance(factory, ExtensionFactory):
        return {"extension": str(factory.stability)}
    if isinstance(factory, ConnectorFactory):
        return {f"{before}-to-{after}": str(level) for (before, after), level in sorted(factory.signals.items())}
    return {str(signal): str(factory.signals.get(signal, "Undefined")) for signal in Signal}
