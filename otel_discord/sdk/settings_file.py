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
        return _section(read_document(name, "write webhook_url or destinations, as under exporters::discord"), environ)
    except ConfigurationError as error:
        return Given(problems=[str(problem) for problem in error.problems])


def read_document(name: str, hint: str) -> Document:
    """Return a YAML file that holds a map of keys.

    Raises:
        ConfigurationError: there is none, or it cannot be read; where it is empty ``hint`` says what to write.
    """
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
        raise _error(f"the file {name} holds no keys; {hint}")
    return document


def _error(message: str) -> ConfigurationError:
    return ConfigurationError([Problem(message)])


def _section(document: Document, environ: Mapping[str, str]) -> Given:
    path: KeyPath = ()
    if "exporters" in document.data:
        path = ("exporters",)
        trimmed = {"exporters": only_of_type(document.data["exporters"], _TYPE)}
        document = resolved(Document(trimmed, document.positions), environ)
        path = (*path, component_in(document, path, _TYPE))
    elif _TYPE in document.data:
        raise ConfigurationError(
            [document.problem((_TYPE,), "is not a key here", "write its keys at the top, or put it under exporters")]
        )
    else:
        # connectors are those of the exporters for metrics and spans
        trimmed = {key: value for key, value in document.data.items() if key != "connectors"}
        document = resolved(Document(trimmed, document.positions), environ)
    return section_at(document, path)


def section_at(document: Document, path: KeyPath) -> Given:
    """Return the keys below a path, each named by its place in the file.

    Raises:
        ConfigurationError: there is something else than a map of keys.
    """
    section: Any = document.data
    for part in path:
        section = unwrap(unwrap(section)[part])
    if section is None:
        section = {}
    if not isinstance(section, dict):
        raise ConfigurationError([document.problem(path, "must be a map of keys")])
    given = Given({key: value for key, value in section.items() if value is not None}, labels_below(document, path))
    for key in given.values:  # what a reference brought in has no place of its own
        given.labels.setdefault((key,), f"{document.locate(path).file}: {join_path((*path, key))}")
    return given


def only_of_type(components: Any, type_name: str) -> Any:
    """Leave out the other components, whose references may have no value here."""
    if not isinstance(components, dict):
        return components
    return {key: body for key, body in components.items() if _is_of_type(key, type_name)}


def _is_of_type(key: str, type_name: str) -> bool:
    return key.partition("/")[0].strip() == type_name


def component_in(document: Document, path: KeyPath, type_name: str) -> str:
    """Return the id of the component of a type: the one without a name, or the only one.

    Raises:
        ConfigurationError: there is none, or there are several.
    """
    kind = str(path[-1])
    components = unwrap(document.data[kind])
    found: list[str] = []
    if isinstance(components, dict):
        found = [key for key in components if _is_of_type(key, type_name)]
    if type_name in found:
        return type_name
    if len(found) == 1:
        return found[0]
    if found:
        message = f"has several {type_name} {kind} ({', '.join(found)}) and none that is named `{type_name}` alone"
        raise ConfigurationError([document.problem(path, message, "leave one")])
    message, hint = f"has no {type_name} {kind.removesuffix('s')}", f"write {kind}: {{{type_name}: {{…}}}}"
    raise ConfigurationError([document.problem(path, message, hint)])


def resolved(document: Document, environ: Mapping[str, str]) -> Document:
    """Return the document with its references replaced.

    Raises:
        ConfigurationError: with every reference that has no value.
    """
    result = interpolate(document, environ, read_text)
    if result.problems:
        raise ConfigurationError(result.problems)
    return result.document


def labels_below(document: Document, top: KeyPath) -> dict[KeyPath, str]:
    """Return how each path below ``top`` is named: ``discord.yaml:3: exporters::discord::timeout``."""
    return {
        path[len(top) :]: f"{place.file}:{place.line}: {join_path(path)}"
        for path, place in document.positions.items()
        if len(path) > len(top) and path[: len(top)] == top
    }
