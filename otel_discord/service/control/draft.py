"""Where the control socket is, of a configuration that is not right yet: somebody edits it while the service runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from otel_discord.component import KeepsState, Kind
from otel_discord.config.interpolation import Interpolated, interpolate
from otel_discord.config.problem import KeyPath
from otel_discord.config.raw_text import unwrap
from otel_discord.config.sources import read_sources, read_text
from otel_discord.service.config import ControlConfig
from otel_discord.service.control.endpoint import SOCKET_NAME, socket_path
from otel_discord.service.ids import parse_component_id
from otel_discord.service.registry import BrokenComponentError, Registry


def control_endpoint_of_draft(
    configs: Sequence[str], sets: Sequence[str], registry: Registry, environ: Mapping[str, str]
) -> Path | None:
    """Return the socket's path as far as what it depends on is right; None where that is not known for sure.

    Raises:
        ConfigurationError: the configuration cannot even be read.
    """
    source = interpolate(read_sources(configs, sets, environ), environ, read_text)
    data = source.document.data or {}
    control, extensions = ("service", "control"), ("service", "extensions")
    if _has_failed(source, control) or _has_failed(source, extensions):
        return None
    service = unwrap(data.get("service"))
    service = service if isinstance(service, dict) else {}
    try:
        control_config = ControlConfig.model_validate(unwrap(service.get("control")) or {})
    except ValidationError:
        return None
    if control_config.endpoint:
        return socket_path(control_config.endpoint)
    wanted = unwrap(service.get("extensions"))
    return _beside_storage(source, wanted if isinstance(wanted, list) else [], registry)


def _beside_storage(source: Interpolated, wanted: Sequence[Any], registry: Registry) -> Path | None:
    sections = unwrap((source.document.data or {}).get("extensions"))
    bodies = sections if isinstance(sections, dict) else {}
    for text in wanted:
        try:
            component_id = parse_component_id(str(text))
            factory = registry.factory(Kind.EXTENSION, component_id.type)
            key = next(key for key in bodies if parse_component_id(str(key)) == component_id)
            if _has_failed(source, ("extensions", key)):
                return None
            config = factory.config.model_validate(unwrap(bodies[key]) or {})
        except (ValueError, KeyError, StopIteration, BrokenComponentError):
            return None  # it may be the one that keeps files
        if isinstance(config, KeepsState):
            return config.state_directory / SOCKET_NAME
    return None


def _has_failed(source: Interpolated, path: KeyPath) -> bool:
    """Return whether a reference at, above or below the path had no value."""
    return any(path[: len(each)] == each or each[: len(path)] == path for each in source.failed)
