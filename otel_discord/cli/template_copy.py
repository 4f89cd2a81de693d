"""Copies a built-in template to where a user changes it."""

from pathlib import Path

import click

from otel_discord.component import Kind
from otel_discord.component.preview import OffersTemplates
from otel_discord.service.registry import Registry


def copy_template(name: str, directory: Path) -> str:
    """Write the template of an installed exporter into a directory; return a sentence that says so.

    Raises:
        click.UsageError: there is no such template, or the file is there already.
        click.ClickException: it cannot be written.
    """
    texts = _built_in()
    wanted = name.removesuffix(".yaml")
    if wanted not in texts:
        raise click.UsageError(f"there is no built-in template {wanted!r}; there are: {', '.join(sorted(texts))}")
    target = directory / f"{wanted}.yaml"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(texts[wanted])
    except FileExistsError:
        raise click.UsageError(f"{target} is there already; nothing was changed") from None
    except OSError as error:
        raise click.ClickException(f"{target} cannot be written: {error.strerror or type(error).__name__}") from None
    return f"wrote {target}; it is in force with exporters: {{discord: {{templates: {{directory: {directory}}}}}}}"


def _built_in() -> dict[str, str]:
    registry = Registry.from_entry_points()
    texts: dict[str, str] = {}
    for type_name in registry.type_names(Kind.EXPORTER):
        offers = registry.factory(Kind.EXPORTER, type_name).create
        if isinstance(offers, OffersTemplates):
            texts |= offers.built_in_templates()
    return texts
