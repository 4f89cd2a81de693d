"""From settings to the configuration of the engine, with the defaults that fit into an application.

Imports the models: on the sender's thread, and at construction only where routes, destinations or a file are given.
"""

from typing import Any

from pydantic import ValidationError

from otel_discord.config.model_errors import explain
from otel_discord.config.nearest import did_you_mean
from otel_discord.config.problem import KeyPath
from otel_discord.config.raw_text import unwrap
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.foreign_keys import EXPORTER_KEYS
from otel_discord.sdk.settings import OWN_ARGUMENTS, SdkSettings, SettingsError
from otel_discord.sdk.settings_conceal import conceal
from otel_discord.sdk.settings_sources import Given


def discord_config(settings: SdkSettings) -> DiscordConfig:
    """Return the configuration of the exporter.

    Raises:
        SettingsError: with every problem, each at its variable, its argument, or its place in the file.
    """
    try:
        return DiscordConfig.model_validate(_with_defaults(settings))
    except ValidationError as error:
        problems = [message for _, message in _explained(error, settings)]
        raise SettingsError(*(conceal(each, settings.section) for each in problems)) from None


def section_problems(settings: SdkSettings) -> list[tuple[KeyPath, str]]:
    """Return what is wrong with the section: where, and in words."""
    try:
        DiscordConfig.model_validate(_with_defaults(settings))
    except ValidationError as error:
        return _explained(error, settings)
    return []


def _with_defaults(settings: SdkSettings) -> dict[str, Any]:
    """Return the section with what an application wants and the user has not set.

    It drops the oldest rather than refuse (there is no client that could try again), and leaves no files where it was
    not told to.
    """
    section = {key: value for key, value in settings.section.items() if unwrap(value) is not None}
    section["sending_queue"] = _over(section.get("sending_queue"), {"overflow": "drop_oldest"})
    section["dead_letters"] = _over(section.get("dead_letters"), {"directory": settings.spool_directory})
    section["shutdown_timeout"] = section.get("shutdown_timeout", f"{settings.shutdown_timeout_s}s")
    return section


def _over(written: Any, defaults: dict[str, Any]) -> Any:
    section = unwrap(written)
    if section is None:
        return defaults
    if not isinstance(section, dict):
        return section
    return {**defaults, **{key: value for key, value in section.items() if unwrap(value) is not None}}


def _explained(error: ValidationError, settings: SdkSettings) -> list[tuple[KeyPath, str]]:
    given = Given(dict(settings.section), dict(settings.labels))
    found: list[tuple[KeyPath, str]] = []
    for path, message, hint in explain(error, DiscordConfig, given.values):
        if len(path) == 1 and message.startswith("has invalid keys"):
            message, hint = "is not known", _advice(str(path[0]))
        label = given.label(path)
        found.append((path, f"{label}: {message}{'; ' if hint else ''}{hint}" if label else message))
    return found


def _advice(key: str) -> str:
    """Return what to write instead of a key that does not exist."""
    known = {*DiscordConfig.model_fields, *OWN_ARGUMENTS, "preset"}
    return EXPORTER_KEYS.get(key.lower()) or did_you_mean(key, known) or f"known: {', '.join(sorted(known))}"
