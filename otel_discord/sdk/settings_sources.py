"""What was given, by each of the ways in which it can be: arguments and environment variables. Nothing is checked here
but what a way has of its own: references in arguments, and the forms that OpenTelemetry sets for variables.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from otel_discord.config.duration import format_duration, parse_duration
from otel_discord.config.problem import KeyPath, join_path
from otel_discord.config.raw_text import unwrap
from otel_discord.config.secret import Secret
from otel_discord.sdk import environment_variables as names

WHERE: Final = ("webhook_url", "webhook_url_file", "destinations")
"""Keys that say where to send; the uppermost way that has one of them decides."""
_LEAST_BARE_MS: Final = 100


@dataclass(slots=True)
class Given:
    """Keys of ``exporters::discord`` and the SDK's own; ``labels`` is how messages name a path."""

    values: dict[str, Any] = field(default_factory=dict)
    labels: dict[KeyPath, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    heard: list[Any] = field(default_factory=list, repr=False)
    """Every value as it came, so that no message repeats what must not be read in a log."""

    def has_any(self, *keys: str) -> bool:
        """Return whether one of these keys was given, be it with a value that could not be read."""
        return any((key,) in self.labels for key in keys)

    def label(self, path: KeyPath) -> str:
        """Return how a path is named: by the variable, the argument, or the place in the file."""
        for length in range(len(path), 0, -1):
            if named := self.labels.get(path[:length]):
                return "::".join([named, *(str(part) for part in path[length:])])
        return join_path(path)

    def over(self, lower: "Given") -> "Given":
        """Return both together: maps merge, everything else is this one's where it has it."""
        below, labels = lower.values, lower.labels
        if self.has_any(*WHERE):
            below = {key: value for key, value in below.items() if key not in WHERE}
            labels = {path: label for path, label in labels.items() if path[0] not in WHERE}
        problems, heard = [*lower.problems, *self.problems], [*lower.heard, *self.heard]
        return Given(_merged(below, self.values), {**labels, **self.labels}, problems, heard)


def _merged(lower: Any, upper: Any) -> Any:
    lower, upper = unwrap(lower), unwrap(upper)
    if isinstance(lower, dict) and isinstance(upper, dict):
        return {**lower, **{key: _merged(lower[key], item) if key in lower else item for key, item in upper.items()}}
    return upper


# ---------------------------------------------------------------------------------------------------------- arguments
def from_arguments(arguments: Mapping[str, Any], environ: Mapping[str, str]) -> Given:
    """Return the arguments with their references replaced; None and empty text count as not given.

    ``preset`` is short for ``render={"preset": …}``, as it is in the environment.
    """
    given = Given()
    for key, value in arguments.items():
        plain = _plain(value)
        if _is_empty(plain):
            continue
        given.heard.append(plain)
        given.labels[key,] = f"argument {key}"
        if _has_reference(plain):
            plain, problems = _resolved(key, plain, environ)
            given.problems += problems
            if problems:
                continue
        if _is_empty(plain):
            del given.labels[key,]
        else:
            given.values[key] = plain
    if "preset" in given.values:
        preset = {"preset": given.values.pop("preset")}
        given.labels["render", "preset"] = given.labels.pop(("preset",))
        given.values["render"] = _merged(given.values.get("render"), preset)
    return given


def _plain(value: Any) -> Any:
    """Return what code may pass as what a configuration file can hold."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, timedelta):
        return format_duration(value.total_seconds())
    if isinstance(value, Secret):
        return value.reveal()
    return value


def _has_reference(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_reference(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_reference(item) for item in value)
    return isinstance(value, str) and "${" in value


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _resolved(key: str, value: Any, environ: Mapping[str, str]) -> tuple[Any, list[str]]:
    """Return an argument with its references replaced as in a configuration file, and what was wrong.

    OpenTelemetry's own YAML file for the SDK hands ``${env:NAME}`` on as it is written.
    """
    from otel_discord.config.interpolation import interpolate
    from otel_discord.config.problem import ConfigurationError
    from otel_discord.config.sources import read_text
    from otel_discord.config.yaml_file import Document

    try:
        result = interpolate(Document({key: _dollars_kept(value)}), environ, read_text)
    except ConfigurationError as error:
        return None, [f"argument {problem}" for problem in error.problems]
    return result.document.data[key], [f"argument {problem}" for problem in result.problems]


def _dollars_kept(value: Any) -> Any:
    """Return the value with ``$$`` written so that it stays, where a text has no reference: code has its own rules."""
    if isinstance(value, dict):
        return {key: _dollars_kept(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dollars_kept(item) for item in value]
    if isinstance(value, str) and "${" not in value:
        return value.replace("$$", "$$$$")
    return value


# -------------------------------------------------------------------------------------------------------- environment
def parse_boolean(text: str) -> bool:
    """Return what a variable says.

    Source: OpenTelemetry specification, environment variables, type specific guidance, boolean.

    Raises:
        ValueError: neither true nor false.
    """
    match text.lower():
        case "true":
            return True
        case "false":
            return False
    raise ValueError("must be true or false")


def parse_milliseconds(text: str) -> str:
    """Return a variable's time as a duration with its unit.

    A whole number is milliseconds (OpenTelemetry specification, environment variables, duration); one so small that
    seconds must have been meant is refused.

    Raises:
        ValueError: it is no time, or too small a number without a unit.
    """
    if re.fullmatch(r"\+?[0-9]{1,15}", text) and int(text) > 0:
        if int(text) < _LEAST_BARE_MS:
            number = int(text)
            raise ValueError(
                f"{number} would be milliseconds; write {number}s for seconds, or {number}ms if it is meant"
            )
        return format_duration(int(text) / 1000)
    return format_duration(_not_negative(parse_duration(text)))


def _not_negative(seconds: float) -> float:
    if seconds < 0:
        raise ValueError("must not be negative")
    return seconds


_VARIABLES: Final[Mapping[str, tuple[tuple[str, ...], Callable[[str], Any]]]] = {
    names.OTEL_EXPORTER_DISCORD_WEBHOOK_URL: (("webhook_url",), str),
    names.OTEL_EXPORTER_DISCORD_WEBHOOK_URL_FILE: (("webhook_url_file",), str),
    names.OTEL_EXPORTER_DISCORD_CONFIG: (("config",), str),
    names.OTEL_EXPORTER_DISCORD_RULES: (("rules",), str),
    names.OTEL_EXPORTER_DISCORD_MIN_SEVERITY: (("min_severity",), str),
    names.OTEL_EXPORTER_DISCORD_PRESET: (("render", "preset"), str),
    names.OTEL_EXPORTER_DISCORD_USERNAME: (("username",), str),
    names.OTEL_EXPORTER_DISCORD_AVATAR_URL: (("avatar_url",), str),
    names.OTEL_EXPORTER_DISCORD_SPOOL_DIRECTORY: (("spool_directory",), str),
    names.OTEL_EXPORTER_DISCORD_TIMEOUT: (("timeout",), parse_milliseconds),
    names.OTEL_EXPORTER_DISCORD_SHUTDOWN_TIMEOUT: (("shutdown_timeout",), parse_milliseconds),
    names.OTEL_EXPORTER_DISCORD_ENDPOINT: (("endpoint",), str),
    names.OTEL_EXPORTER_DISCORD_ALLOW_INSECURE_ENDPOINT: (("allow_insecure_endpoint",), parse_boolean),
    names.OTEL_EXPORTER_DISCORD_PROXY_URL: (("proxy_url",), str),
    names.OTEL_EXPORTER_DISCORD_DRY_RUN: (("dry_run",), parse_boolean),
}


def from_environment(environ: Mapping[str, str], *, with_where: bool) -> Given:
    """Return what the variables say; without ``with_where`` those that say where to send, CONFIG too, are not read."""
    given = Given()
    for name, (path, read) in _VARIABLES.items():
        text = environ.get(name, "").strip()
        if not text or (not with_where and path[0] in (*WHERE, "config")):
            continue
        given.heard.append(text)
        given.labels[path] = name
        try:
            value = read(text)
        except ValueError as error:
            given.problems.append(f"{name}: {error}")
            continue
        for part in reversed(path[1:]):
            value = {part: value}
        given.values[path[0]] = value
    return given


def misnamed_variables(environ: Mapping[str, str]) -> list[str]:
    """Return variables that are set and were probably meant to say where to send, but are not read."""
    return sorted(
        name
        for name, value in environ.items()
        if value and name not in _VARIABLES and "DISCORD" in name.upper() and "WEBHOOK" in name.upper()
    )


def absolute(path: str) -> str:
    """Return a path that stays the same when the application changes its working directory."""
    try:
        return str(Path(path).expanduser().absolute())
    except (OSError, RuntimeError):  # no working directory, no home
        return path
