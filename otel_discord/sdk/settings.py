"""What the user wants, read when an exporter or a handler is made: from arguments, environment variables, a file.

The application waits for this, so the models of the engine come in only where there is something that needs them:
a file, routes, destinations. A plain webhook with a few settings is checked without them.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from otel_discord.config.duration import format_duration
from otel_discord.config.problem import KeyPath
from otel_discord.config.raw_text import RawText
from otel_discord.sdk import environment_variables as names
from otel_discord.sdk.settings_addresses import check_where
from otel_discord.sdk.settings_check import check_plain, check_service_only, is_plain
from otel_discord.sdk.settings_conceal import conceal
from otel_discord.sdk.settings_own import MIB, parse_max_bytes, parse_max_records, parse_seconds, parse_spool_directory
from otel_discord.sdk.settings_sources import (
    WHERE,
    Given,
    absolute,
    from_arguments,
    from_environment,
    misnamed_variables,
)
from otel_discord.signals.severity import parse_min_severity

OWN_ARGUMENTS: Final = ("config", "spool_directory", "shutdown_timeout", "max_records", "max_mib")
"""Arguments beside the keys of ``exporters::discord``; ``shutdown_timeout`` is one of those as well."""
DEFAULT_MIN_SEVERITY: Final = 13
_HOW: Final = "in Discord: channel settings → Integrations → Webhooks → Copy Webhook URL"


class SettingsError(ValueError):
    """Nothing can be sent with these settings; the message names each variable or argument, and never a secret."""

    def __init__(self, *problems: str) -> None:
        self.problems = tuple(_one_line(problem) for problem in problems)
        several = "; ".join(f"({number}) {problem}" for number, problem in enumerate(self.problems, 1))
        super().__init__(self.problems[0] if len(problems) == 1 else f"{len(problems)} problems: {several}")


def _one_line(text: str) -> str:
    """Return the text for a log, without the line that points at a column of the one above."""
    return " ".join(line.strip() for line in text.splitlines() if line.strip() != "^")


@dataclass(frozen=True, slots=True, kw_only=True)
class SdkSettings:
    """Settings of one exporter or handler. ``section`` has keys of ``exporters::discord`` as a user writes them."""

    section: Mapping[str, Any] = field(repr=False)
    spool_directory: str = ""
    """Absolute; "" for none."""
    shutdown_timeout_s: float = 10.0
    max_records: int = 10_000
    max_bytes: int = 8 * MIB
    min_severity: int | None = None
    """Severity number below which nothing is shown; None where routes or destinations may say otherwise."""
    config: str = ""
    """Path of the file that was read; "" for none."""
    labels: Mapping[KeyPath, str] = field(default_factory=dict, repr=False)
    """How messages name a path of ``section``: by its variable, its argument, or its place in the file."""


def read_settings(arguments: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> SdkSettings:
    """Return the settings: arguments over environment variables over the file that CONFIG names.

    Args:
        arguments: keys of ``exporters::discord`` and OWN_ARGUMENTS. None and empty text count as not given. Where they
            say where to send, what the environment says about that is not read, its CONFIG included.
        environ: the process's own if not given.

    Raises:
        SettingsError: with everything that was found.
    """
    try:
        return _read(arguments, os.environ if environ is None else environ)
    except SettingsError:
        raise
    except Exception as error:
        # Whatever somebody hands in: an application does not end because of what it logs with.
        raise SettingsError(f"the settings cannot be read ({type(error).__name__})") from error


def _read(arguments: Mapping[str, Any], environ: Mapping[str, str]) -> SdkSettings:
    named = from_arguments(arguments, environ)
    variables = from_environment(environ, with_where=not named.has_any(*WHERE, "config"))
    if variables.has_any("rules"):  # read by settings_connectors, where somebody has a use for them
        del variables.values["rules"], variables.labels["rules",]
    given = named.over(variables)
    problems = list(given.problems)
    if variables.has_any("webhook_url") and variables.has_any("webhook_url_file"):
        one, other = names.OTEL_EXPORTER_DISCORD_WEBHOOK_URL, names.OTEL_EXPORTER_DISCORD_WEBHOOK_URL_FILE
        problems.append(f"{one} and {other} both say where to send: keep one")
        given.values.pop("webhook_url_file", None)
    is_file_read = True
    if "config" in given.values:
        below = _from_file(given, environ)
        given, is_file_read = given.over(below), not below.problems
        problems += below.problems
    own: dict[str, Any] = {key: given.values.pop(key) for key in OWN_ARGUMENTS if key in given.values}
    settings = _own_settings(own, given, problems)
    if is_file_read and not given.has_any(*WHERE, "destinations_from"):
        problems.append(_nowhere(environ))
    problems += _section_problems(settings, given, is_complete=not problems)
    if problems:
        raise SettingsError(*(conceal(each, given.values, own, given.heard) for each in dict.fromkeys(problems)))
    return settings


def _from_file(given: Given, environ: Mapping[str, str]) -> Given:
    label, name = given.label(("config",)), given.values["config"]
    if not isinstance(name, str) or "://" in name:
        return Given(problems=[f"{label}: must be the path of a YAML file"])
    from otel_discord.sdk.settings_file import from_file

    found = from_file(name, environ)
    found.problems = [f"{label}: {each}" for each in found.problems]
    for key in ("spool_directory", "max_records", "max_mib", "config"):
        if key in found.values:
            found.problems.append(f"{found.label((key,))}: is not said in this file, but as an argument or a variable")
            del found.values[key]
    return found


def _nowhere(environ: Mapping[str, str]) -> str:
    words = f"nothing says where to send: set {names.OTEL_EXPORTER_DISCORD_WEBHOOK_URL}, or give webhook_url ({_HOW})"
    if misnamed := misnamed_variables(environ):
        words += f"; {', '.join(misnamed)} is set, but not read here"
    return words


# --------------------------------------------------------------------------------------------------- the SDK's own part
def _own_settings(own: Mapping[str, Any], given: Given, problems: list[str]) -> SdkSettings:
    """Return the settings with what is good of the own arguments; what is not is added to the problems."""
    read: dict[str, Any] = {}
    for key, field_name, parse in (
        ("spool_directory", "spool_directory", parse_spool_directory),
        ("shutdown_timeout", "shutdown_timeout_s", parse_seconds),
        ("max_records", "max_records", parse_max_records),
        ("max_mib", "max_bytes", parse_max_bytes),
    ):
        try:
            if key in own:
                read[field_name] = parse(own[key])
        except ValueError as error:
            problems.append(f"{given.label((key,))}: {error}")
    section = dict(given.values)
    if isinstance(file := section.get("webhook_url_file"), str) and "://" not in file:
        section["webhook_url_file"] = given.values["webhook_url_file"] = absolute(file)
    if "shutdown_timeout_s" in read:
        section["shutdown_timeout"] = format_duration(read["shutdown_timeout_s"])
    config = str(own.get("config", ""))
    return SdkSettings(section=section, min_severity=_floor(section, own), config=config, labels=given.labels, **read)


def _floor(section: Mapping[str, Any], own: Mapping[str, Any]) -> int | None:
    if "config" in own or "destinations" in section or "routes" in section:
        return None
    try:
        value = section.get("min_severity", DEFAULT_MIN_SEVERITY)
        return parse_min_severity(str.__str__(value) if isinstance(value, RawText) else value)
    except ValueError:
        return None


# ----------------------------------------------------------------------------------------------- the exporter's section
def _section_problems(settings: SdkSettings, given: Given, *, is_complete: bool) -> list[str]:
    """Return what is wrong with the section; without ``is_complete`` a key may be missing for a reason already told."""
    problems = [*check_where(given), *check_service_only(given)]
    if is_plain(given.values):
        return problems + check_plain(given)
    from otel_discord.sdk.configuration import section_problems

    found = section_problems(settings)
    return problems + [words for path, words in found if path or (is_complete and not problems)]
