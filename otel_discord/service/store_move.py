"""Moves the store of a stopped service from one storage into another, for the front desk."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError

from otel_discord.component import Component, ComponentError, ComponentId, ExtensionFactory, Kind, StartError
from otel_discord.service.build import build_extension
from otel_discord.service.config import ServiceConfig
from otel_discord.service.config_file import Configuration, Configured
from otel_discord.service.holder import held
from otel_discord.service.host import ServiceHost
from otel_discord.service.interruption import Interruption
from otel_discord.service.registry import Registry
from otel_discord.service.telemetry.redact import Redactor, secrets_in
from otel_discord.service.telemetry.self_telemetry import SelfTelemetry
from otel_discord.store.moving import WholeStore, move_store

_logger = logging.getLogger("otel_discord.service")
_SCHEMES: Final = ("postgres://", "postgresql://")


def move(
    source: str, target: str, configuration: Configuration | None, on_table: Callable[[str, int], None], *, version: str
) -> Mapping[str, int]:
    """Move everything; return how many rows each table has.

    ``source`` and ``target`` are ids of extensions in the configuration, directories, or addresses of a database.

    Raises:
        StartError: one of them is in use or cannot be used, the target is not empty, or the copy is not the same.
        KeyboardInterrupt: a signal ended it; the source is as it was.
    """
    return asyncio.run(_move(source, target, configuration, on_table, version))


async def _move(
    source: str, target: str, configuration: Configuration | None, on_table: Callable[[str, int], None], version: str
) -> Mapping[str, int]:
    chosen = {"from": _configured(source, "from", configuration), "to": _configured(target, "to", configuration)}
    if chosen["from"].config == chosen["to"].config:
        raise StartError("--from and --to are the same storage")
    redactor = Redactor()
    redactor.add(secrets_in([each.config for each in chosen.values()]))
    service = configuration.service if configuration is not None else ServiceConfig.model_construct()
    telemetry = SelfTelemetry(service.telemetry, version=version, redactor=redactor)
    host = ServiceHost({})
    interruption = Interruption()
    counts: Mapping[str, int] = {}
    with interruption.listened_for():
        stores = {name: _store(name, build_extension(each, telemetry)) for name, each in chosen.items()}
        try:
            async with (
                held(stores["from"], "--from", host, _logger),
                _whole(stores["from"]).whole_store() as old,  # before what may take its time
                held(stores["to"], "--to", host, _logger),
                _whole(stores["to"]).whole_store() as new,
                interruption.ends(),
            ):
                counts = await move_store(old, new, on_table)
        except ComponentError as error:
            raise StartError(f"{error}; the old store is as it was, begin again") from error
    if interruption.has_ended_it:
        raise KeyboardInterrupt
    return counts


def _store(name: str, component: Component) -> Component:
    if not isinstance(component, WholeStore):
        raise StartError(f"--{name}: this extension is no storage that can be moved")
    return component


def _whole(component: Component) -> WholeStore:
    assert isinstance(component, WholeStore)  # noqa: S101 - looked at before it was opened
    return component


def _configured(text: str, name: str, configuration: Configuration | None) -> Configured:
    if configuration is not None:
        for component_id, configured in configuration.components[Kind.EXTENSION].items():
            if str(component_id) == text:
                return configured
    if text.startswith(_SCHEMES):
        return _made("db_storage", {"datasource": text, "directory": "."}, name)
    if "/" in text or text in (".", ".."):
        return _made("file_storage", {"directory": text}, name)
    raise StartError(
        f"--{name}: there is no extension {text!r} in the configuration; name one, a directory as in ./{text}, or an "
        "address as in postgres://host/database"
    )


def _made(type_name: str, section: dict[str, Any], name: str) -> Configured:
    factory = Registry.from_entry_points().factory(Kind.EXTENSION, type_name)
    assert isinstance(factory, ExtensionFactory)  # noqa: S101 - that is its kind
    try:
        config = factory.config.model_validate(section)
    except ValueError as error:
        raise StartError(f"--{name}: {'; '.join(_problems(error))}") from None
    return Configured(ComponentId(type_name, name), factory, config)


def _problems(error: ValueError) -> list[str]:
    """Return what is wrong, without the value."""
    return [each["msg"] for each in error.errors()] if isinstance(error, ValidationError) else ["cannot be read"]
