"""What the user wants of metrics and spans: sections of connectors, from arguments, variables and files."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from otel_discord.config.problem import KeyPath
from otel_discord.config.raw_text import unwrap
from otel_discord.sdk import environment_variables as names
from otel_discord.sdk.settings import SdkSettings, SettingsError, read_settings
from otel_discord.sdk.settings_conceal import conceal
from otel_discord.sdk.settings_sources import Given, from_arguments

THRESHOLD_ARGUMENTS: Final = ("rules", "evaluation_interval", "max_series", "max_alerts")
SPAN_ARGUMENTS: Final = ("exceptions", "slow_spans")
_NO_RULES: Final = (
    f"no rule says when a metric is an alert: set {names.OTEL_EXPORTER_DISCORD_RULES} to a YAML file with rules, or"
    " give rules=[{…}], as under connectors::threshold::rules"
)
_NO_SPANS: Final = "exceptions and slow_spans are both switched off: leave one on"


@dataclass(frozen=True, slots=True)
class SignalSettings:
    """Where to send, and the connectors on the way there: type → its section, as a user writes it."""

    sdk: SdkSettings
    connectors: Mapping[str, Mapping[str, Any]] = field(repr=False)


def read_metric_settings(arguments: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> SignalSettings:
    """Return the settings of the exporter for metrics; its rules are the first that is there of: the argument, the
    file of the variable, the file of ``config``.

    Raises:
        SettingsError: with everything that was found.
    """
    return _read(arguments, THRESHOLD_ARGUMENTS, os.environ if environ is None else environ)


def read_span_settings(arguments: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> SignalSettings:
    """Return the settings of the exporter for spans; ``False`` switches one of the two connectors off.

    Raises:
        SettingsError: with everything that was found.
    """
    return _read(arguments, SPAN_ARGUMENTS, os.environ if environ is None else environ)


def _read(arguments: Mapping[str, Any], own: Iterable[str], environ: Mapping[str, str]) -> SignalSettings:
    problems: list[str] = []
    settings, connectors = SdkSettings(section={}), dict[str, Mapping[str, Any]]()
    mine = {key: arguments[key] for key in own if key in arguments}
    config = arguments.get("config")
    try:
        settings = read_settings({key: value for key, value in arguments.items() if key not in mine}, environ)
        config = settings.config
    except SettingsError as error:
        problems += error.problems
        config = config if isinstance(config, (str, os.PathLike)) else None
    try:
        find = _thresholds if "rules" in own else _spans
        given = find(mine, os.fspath(config) if config else "", environ)
        for type_name, each in given.items():
            connectors[type_name] = each.values
            problems += _problems(type_name, each)
    except SettingsError as error:
        problems += error.problems
    except Exception as error:  # noqa: BLE001 - whatever somebody hands in
        problems.append(f"the settings cannot be read ({type(error).__name__})")
    if problems:
        raise SettingsError(*dict.fromkeys(problems))
    return SignalSettings(settings, connectors)


def _thresholds(arguments: Mapping[str, Any], config: str, environ: Mapping[str, str]) -> dict[str, Given]:
    rules = arguments.get("rules")
    named = environ.get(names.OTEL_EXPORTER_DISCORD_RULES, "").strip()
    lower: Given | None
    if isinstance(rules, (str, os.PathLike)) and os.fspath(rules):
        arguments = {key: value for key, value in arguments.items() if key != "rules"}
        lower = _from_file(os.fspath(rules), "threshold", environ, "argument rules", by_itself="rules")
    elif rules:
        lower = None
    elif named:
        lower = _from_file(named, "threshold", environ, names.OTEL_EXPORTER_DISCORD_RULES, by_itself="rules")
    else:
        lower = _from_file(config, "threshold", environ, "config") if config else None
    given = from_arguments(arguments, environ)
    if lower is not None:
        given = given.over(lower)
    if not given.problems and not unwrap(given.values.get("rules")):
        given.problems.append(_NO_RULES)
    return {"threshold": given}


def _spans(arguments: Mapping[str, Any], config: str, environ: Mapping[str, str]) -> dict[str, Given]:
    found: dict[str, Given] = {}
    for type_name in SPAN_ARGUMENTS:
        value = arguments.get(type_name)
        if value is False or (isinstance(value, str) and value.strip().lower() == "false"):
            continue
        lower = _from_file(config, type_name, environ, "config") if config else None
        given = from_arguments({type_name: None if value is True else value}, environ)
        section = unwrap(given.values.get(type_name, {}))
        label = given.label((type_name,))
        if not isinstance(section, dict):
            raise SettingsError(f"{label}: must be a map of keys, or False to switch it off")
        labels: dict[KeyPath, str] = {(key,): f"{label}::{key}" for key in section}
        given = Given(section, labels, given.problems, given.heard)
        found[type_name] = given.over(lower) if lower is not None else given
    if not found:
        raise SettingsError(_NO_SPANS)
    return found


def _from_file(
    name: str, type_name: str, environ: Mapping[str, str], label: str, *, by_itself: str = ""
) -> Given | None:
    """Return a connector's section of a file; None where a file of other things has none.

    Args:
        name: path of the file.
        type_name: of the connector.
        environ: for references.
        label: names the file in a problem.
        by_itself: a key; the file may be the section by itself, where it has this one.
    """
    from otel_discord.config.problem import ConfigurationError
    from otel_discord.config.yaml_file import Document
    from otel_discord.sdk.settings_file import component_in, only_of_type, read_document, resolved, section_at

    try:
        document = read_document(name, "write rules: [{…}], as under connectors::threshold")
        if "connectors" in document.data and by_itself not in document.data:
            chosen = only_of_type(document.data["connectors"], type_name)
            if not chosen and not by_itself:
                return None
            document = resolved(Document({"connectors": chosen}, document.positions), environ)
            path: KeyPath = ("connectors", component_in(document, ("connectors",), type_name))
            return section_at(document, path)
        if by_itself:
            return section_at(resolved(document, environ), ())
    except ConfigurationError as error:
        return Given(problems=[f"{label}: {problem}" for problem in error.problems])
    return None


def _problems(type_name: str, given: Given) -> list[str]:
    """Return what is wrong with a section. Nothing is imported for one that says nothing."""
    found = list(given.problems)
    if given.values and not found:
        from otel_discord.sdk.connecting_check import section_problems

        found += section_problems(type_name, given)
    return [conceal(each, given.values, given.heard) for each in found]
