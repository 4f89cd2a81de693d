"""The file that CONFIG names: the section of the service's ``discord`` exporter, alone or under ``exporters``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from otel_discord.config.interpolation import interpolate
from otel_discord.config.problem import ConfigurationError, KeyPath, Problem, join_path
from otel_discord.config.raw_text import unwrap
from otel_discord.config.sources import read_text
from otel_discord.config.yaml_file import Document, parse_yaml
from otel_discord.sdk.settings_sources import Given

_TYPE: Final = "discord"


def from_file(name: str, environ: Mapping[str, str]) -> Given:
    """Return the exporter's section of a file, with references replaced; other components in it are not looked at."""
    try:
        return _section(_read(name), environ)
    except ConfigurationError as error:
        return Given(problems=[str(problem) for problem in error.problems])


def _read(name: str) -> Document:
    path = Path(name).expanduser()
    try:
        document = parse_yaml(read_text(path), name)
    except FileNotFoundError:
        raise _error(f"there is no file {path.absolute()}") from None
    except OSError as error:
        raise _error(f"the file {name} cannot be read: {error.strerror or type(error).__name__}") from None
    except ValueError as error:
        raise _error(f"the file {name} cannot be read: {error}") from None
    if not isinstance(document.data, dict) or not document.data:
        raise _error(f"the file {name} holds no keys; write webhook_url or destinations, as under exporters::discord")
    return document


def _error(message: str) -> ConfigurationError:
    return ConfigurationError([Problem(message)])


def _section(document: Document, environ: Mapping[str, str]) -> Given:
    path: KeyPath = ()
    if "exporters" in document.data:
        path = ("exporters",)
        document = _resolved(Document({"exporters": _trimmed(document.data["exporters"])}, document.positions), environ)
        path = (*path, _exporter_in(document, path))
    elif _TYPE in document.data:
        raise ConfigurationError(
            [document.problem((_TYPE,), "is not a key here", "write its keys at the top, or put it under exporters")]
        )
    else:
        document = _resolved(document, environ)
    section: Any = document.data
    for part in path:
        section = unwrap(unwrap(section)[part])
    if section is None:
        section = {}
    if not isinstance(section, dict):
        raise ConfigurationError([document.problem(path, "must be a map of keys")])
    given = Given({key: value for key, value in section.items() if value is not None}, _labels(document, path))
    for key in given.values:  # what a reference brought in has no place of its own
        given.labels.setdefault((key,), f"{document.locate(path).file}: {join_path((*path, key))}")
    return given


def _trimmed(exporters: Any) -> Any:
    """Leave out the other exporters, whose references may have no value here."""
    if not isinstance(exporters, dict):
        return exporters
    return {key: body for key, body in exporters.items() if _is_discord(key)}


def _is_discord(key: str) -> bool:
    return key.partition("/")[0].strip() == _TYPE


def _exporter_in(document: Document, path: KeyPath) -> str:
    exporters = unwrap(document.data["exporters"])
    found: list[str] = [key for key in exporters if _is_discord(key)] if isinstance(exporters, dict) else []
    if _TYPE in found:
        return _TYPE
    if len(found) == 1:
        return found[0]
    if found:
        message = f"has several discord exporters ({', '.join(found)}) and none that is named `discord` alone"
        raise ConfigurationError([document.problem(path, message, "leave one")])
    raise ConfigurationError([document.problem(path, "has no discord exporter", "write exporters: {discord: {…}}")])


def _resolved(document: Document, environ: Mapping[str, str]) -> Document:
    result = interpolate(document, environ, read_text)
    if result.problems:
        raise ConfigurationError(result.problems)
    return result.document


def _labels(document: Document, top: KeyPath) -> dict[KeyPath, str]:
    """Return how each path below ``top`` is named: ``discord.yaml:3: exporters::discord::timeout``."""
    return {
        path[len(top) :]: f"{place.file}:{place.line}: {join_path(path)}"
        for path, place in document.positions.items()
        if len(path) > len(top) and path[: len(top)] == top
    }
