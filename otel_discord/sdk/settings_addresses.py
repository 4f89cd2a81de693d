"""Where to send: what can be said against a webhook, a file that holds one, and an endpoint, before sending."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from otel_discord.config.raw_text import unwrap
from otel_discord.discord_api.webhook_url import (
    DEFAULT_ENDPOINT,
    ForeignHostError,
    WebhookUrlError,
    parse_webhook_url,
    validate_endpoint,
)
from otel_discord.sdk.settings_sources import WHERE, Given


def as_text(value: Any) -> str:
    """Return the value if it is text, else raise ValueError."""
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value


def check_where(given: Given) -> list[str]:
    """Return what is wrong with how it is said where to send, files that hold an address included."""
    named = [key for key in WHERE if key in given.values]
    if len(named) > 1:
        labels = " and ".join(given.label((key,)) for key in named)
        return [f"{labels} both say where to send: keep one"]
    problems: list[str] = []
    if "webhook_url_file" in given.values:
        problems += _file_problems(given, ("webhook_url_file",), given.values["webhook_url_file"])
    destinations = unwrap(given.values.get("destinations"))
    for name, item in destinations.items() if isinstance(destinations, dict) else ():
        section = unwrap(item)
        if isinstance(section, dict) and section.get("webhook_url_file"):
            path = ("destinations", name, "webhook_url_file")
            problems += _file_problems(given, path, section["webhook_url_file"])
    return problems


def _file_problems(given: Given, path: tuple[str, ...], name: Any) -> Iterator[str]:
    label = given.label(path)
    if not isinstance(name, str):
        yield f"{label}: must be the path of a file"
        return
    if "://" in name:
        yield f"{label}: must be the path of a file; an address itself is given as webhook_url"
        return
    file = Path(name)
    try:
        if not file.exists():
            yield f"{label}: there is no file {name}"
        elif file.is_dir():
            yield f"{label}: {name} is a directory; it must be a file that holds a webhook URL"
        elif file.is_file():  # a pipe gives its content once
            yield from _content_problems(given, label, name, file.read_text(encoding="utf-8"))
    except OSError as error:
        yield f"{label}: {name} cannot be read: {error.strerror or type(error).__name__}"
    except ValueError:
        yield f"{label}: {name} is not a text file"


def _content_problems(given: Given, label: str, name: str, text: str) -> Iterator[str]:
    is_insecure = str(given.values.get("allow_insecure_endpoint", "")).strip().lower() == "true"
    try:
        endpoint = validate_endpoint(str(given.values.get("endpoint", DEFAULT_ENDPOINT)), allow_insecure=is_insecure)
    except WebhookUrlError:
        return
    try:
        parse_webhook_url(text, endpoint=endpoint, allow_insecure=is_insecure)
    except WebhookUrlError as error:
        yield f"{label}: what {name} holds is not a webhook's address: {error}"


def check_addresses(given: Given) -> Iterator[str]:
    """Yield what is wrong with the endpoint, and with a webhook that is given by itself."""
    section = given.values
    is_flag = str(section.get("allow_insecure_endpoint", "")).strip().lower() == "true"
    endpoint, is_endpoint_good = DEFAULT_ENDPOINT, True
    if "endpoint" in section:
        try:
            endpoint = validate_endpoint(as_text(section["endpoint"]), allow_insecure=is_flag)
        except ValueError as error:
            is_endpoint_good = False
            yield f"{given.label(('endpoint',))}: {_in_terms_of(given, error)}"
    if "webhook_url" in section:
        try:
            parse_webhook_url(as_text(section["webhook_url"]), endpoint=endpoint, allow_insecure=is_flag)
        except ForeignHostError as error:
            if is_endpoint_good:  # else it may be that of the endpoint
                yield f"{given.label(('webhook_url',))}: {error}"
        except ValueError as error:
            yield f"{given.label(('webhook_url',))}: {_in_terms_of(given, error)}"


def _in_terms_of(given: Given, error: ValueError) -> str:
    label = given.labels.get(("endpoint",), given.labels.get(("webhook_url",), ""))
    if not label.startswith("OTEL_"):
        return str(error)
    variable = "OTEL_EXPORTER_DISCORD_ALLOW_INSECURE_ENDPOINT=true"
    return str(error).replace("allow_insecure_endpoint: true", variable)
