"""What can be said against a section without the models of the engine, which an application does not wait for.

A section with maps or lists in it, or with keys that are not known here, is for the models (:func:`is_plain`).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from otel_discord.config.duration import parse_duration
from otel_discord.config.nearest import did_you_mean
from otel_discord.config.raw_text import RawText, unwrap
from otel_discord.discord_api import limits
from otel_discord.discord_api.username import parse_username
from otel_discord.sdk.settings_addresses import as_text, check_addresses
from otel_discord.sdk.settings_sources import Given
from otel_discord.signals.severity import parse_min_severity

PRESETS: Final = ("compact", "standard", "full", "plain")


# ------------------------------------------------------------------------------------------------------- single values
def parse_flag(value: Any) -> bool:
    """Return true or false, be it as text.

    Raises:
        ValueError: it is neither.
    """
    value = value.typed if isinstance(value, RawText) else value
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _time(value: Any) -> None:
    seconds = parse_duration(_scalar(value))
    if seconds < 0:
        raise ValueError("must not be negative")


def _time_above_zero(value: Any) -> None:
    _time(value)
    if parse_duration(_scalar(value)) == 0:
        raise ValueError("must be above 0")


def _scalar(value: Any) -> Any:
    return str.__str__(value) if isinstance(value, RawText) else value


def _avatar_url(value: Any) -> None:
    if not as_text(value).startswith("https://"):
        raise ValueError("must begin with https://")
    _no_webhook(value)
    if len(value) > limits.URL_CHARS:
        raise ValueError(f"must have at most {limits.URL_CHARS} characters")


def check_proxy_url(value: Any) -> None:
    """Raise ValueError where it is not ``http://[user:password@]host:port``."""
    try:
        parts = urlsplit(as_text(value).strip())
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_good = False
    if not is_good:
        raise ValueError("is not the address of a proxy, which has the form http://host:port")
    _no_webhook(value)


def _no_webhook(value: Any) -> None:
    if "/webhooks/" in as_text(value):
        raise ValueError("is the address of a webhook, which goes to webhook_url")


_CHECKS: Final[Mapping[str, Callable[[Any], object]]] = {
    "min_severity": lambda value: parse_min_severity(_scalar(value)),
    "timeout": _time_above_zero,
    "connect_timeout": _time_above_zero,
    "shutdown_timeout": _time,
    "username": lambda value: parse_username(_scalar(value)),
    "avatar_url": _avatar_url,
    "proxy_url": check_proxy_url,
    "allow_insecure_endpoint": parse_flag,
    "dry_run": parse_flag,
}
_KNOWN: Final = frozenset({*_CHECKS, "webhook_url", "webhook_url_file", "endpoint", "render"})


# ---------------------------------------------------------------------------------------------------------- the section
def is_plain(section: Mapping[str, Any]) -> bool:
    """Return whether everything in a section can be checked here."""
    nested = {key: unwrap(value) for key, value in section.items() if isinstance(unwrap(value), (dict, list))}
    return section.keys() <= _KNOWN and all(
        key == "render" and isinstance(value, dict) and value.keys() <= {"preset"} for key, value in nested.items()
    )


def check_plain(given: Given) -> list[str]:
    """Return what is wrong with a section that :func:`is_plain`."""
    section = given.values
    problems: list[str] = []
    for key, check in _CHECKS.items():
        try:
            if key in section:
                check(section[key])
        except ValueError as error:
            problems.append(f"{given.label((key,))}: {error}")
    if "render" in section:
        problems += _preset_problems(unwrap(section["render"]), given)
    return [*problems, *check_addresses(given)]


def _preset_problems(render: Any, given: Given) -> Iterator[str]:
    if not isinstance(render, dict):
        yield f"{given.label(('render',))}: must be a map of keys, as in {{'preset': 'full'}}"
    elif (preset := render.get("preset", PRESETS[0])) not in PRESETS:
        near = did_you_mean(preset, PRESETS) if isinstance(preset, str) else ""
        words = f"must be one of {', '.join(PRESETS)}" + (f"; {near}" if near else "")
        yield f"{given.label(('render', 'preset'))}: {words}"


# --------------------------------------------------------------------------------------------------- any section at all
_SERVICE_ONLY: Final[Mapping[tuple[str, ...], str]] = {
    (
        "sending_queue",
        "storage",
    ): "is an extension of the service; here OTEL_EXPORTER_DISCORD_SPOOL_DIRECTORY (argument "
    "spool_directory) names a directory in which what is unsent survives the end",
    ("destinations_from",): "is an extension of the service; here name destinations",
}


def check_service_only(given: Given) -> list[str]:
    """Return the keys that ask for parts of the service that an application does not have."""
    problems = []
    for path, words in _SERVICE_ONLY.items():
        here: Any = given.values
        for part in path:
            here = unwrap(here.get(part)) if isinstance(here, dict) else None
        if here:
            problems.append(f"{given.label(path)}: {words}")
    return problems
