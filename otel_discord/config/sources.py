"""What ``--config`` and ``--set`` may name, read in order: files, ``yaml:…``, ``env:NAME``; then the settings."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from otel_discord.config.merge import merge_documents
from otel_discord.config.problem import ConfigurationError, KeyPath, Position, Problem
from otel_discord.config.yaml_file import MAX_BYTES, Document, parse_yaml

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


def read_text(path: Path) -> str:
    """Return a UTF-8 file's text.

    Raises:
        OSError: it cannot be read.
        ValueError: it is too large or not UTF-8.
    """
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None


def fingerprint(files: Iterable[Path]) -> dict[Path, bytes]:
    """Return a digest of each file's content, of a directory's names; of what cannot be read an empty one."""
    digests = dict.fromkeys(files, b"")
    for file in digests:
        with suppress(OSError):
            if file.is_file():  # a pipe gives its content once
                digests[file] = hashlib.sha256(file.read_bytes()).digest()
            elif file.is_dir():
                names = "\0".join(sorted(each.name for each in file.iterdir()))
                digests[file] = hashlib.sha256(names.encode("utf-8", "surrogateescape")).digest()
    return digests


def read_sources(configs: Sequence[str], sets: Sequence[str], environ: Mapping[str, str]) -> Document:
    """Return every source merged, later ones over earlier ones, ``sets`` (``a.b.c=value``) over all.

    Raises:
        ConfigurationError: with the problems of all sources.
    """
    documents: list[Document] = []
    problems: list[Problem] = []
    for read, sources in ((_read_source, configs), (_read_setting, sets)):
        for source in sources:
            try:
                document = read(source, environ)
            except ConfigurationError as error:
                problems += error.problems
                continue
            if document.data is None or isinstance(document.data, dict):
                documents.append(document)
            else:
                place = document.locate(())
                hint = "begin with keys such as `receivers:`"
                problems.append(Problem("must be a map of keys", "", place.file, place.line, hint))
    if problems:
        raise ConfigurationError(problems)
    return merge_documents(documents)


def source_files(configs: Sequence[str]) -> list[Path]:
    """Return the files among the sources."""
    split = [_split(source) for source in configs]
    return [Path(name) for scheme, name in split if scheme == "file"]


def _split(source: str) -> tuple[str, str]:
    """Return scheme and rest; a path alone is a file."""
    scheme = _SCHEME.match(source)
    return (scheme[1], source[scheme.end() :]) if scheme else ("file", source)


def _read_source(source: str, environ: Mapping[str, str]) -> Document:
    scheme, name = _split(source)
    match scheme:
        case "file":
            return _read_file(name)
        case "yaml":
            return split_keys(parse_yaml(name, "--config yaml:…"), "::")
        case "env":
            if name not in environ:
                raise ConfigurationError(
                    [Problem(f"environment variable {name} is not set", file=f"--config {source}")]
                )
            return parse_yaml(environ[name], f"${{env:{name}}}")
        case other:
            message = f'scheme "{other}" is not supported for --config'
            raise ConfigurationError([Problem(message, hint="valid: a file's path, file:, yaml:, env:")])


def _read_file(name: str) -> Document:
    try:
        return parse_yaml(read_text(Path(name)), name)
    except FileNotFoundError:
        problem = Problem(f"configuration file {name} does not exist", hint="`otel-discord init` writes one")
    except OSError as error:
        problem = Problem(f"cannot read configuration file {name}: {error.strerror or type(error).__name__}")
    except ValueError as error:
        problem = Problem(f"cannot read configuration file {name}: {error}")
    raise ConfigurationError([problem])


def _read_setting(setting: str, _environ: Mapping[str, str]) -> Document:
    keys, equals, value = setting.partition("=")
    parts = keys.strip().split(".")
    if not equals or not all(parts):
        raise ConfigurationError([Problem(f'--set "{keys}" is not of the form a.b.c=value')])
    name = f"--set {keys}"
    data: Any = parse_yaml(value, name).data
    for part in reversed(parts):
        data = {part: data}
    return Document(data, {tuple(parts): Position(name)})


def split_keys(document: Document, separator: str) -> Document:
    """Return the document with keys such as ``a::b`` written out as maps in maps."""
    positions: dict[KeyPath, Position] = {(): document.locate(())}

    def expand(value: Any, path: KeyPath, written_out: KeyPath) -> Any:
        positions.setdefault(written_out, document.locate(path))
        if not isinstance(value, dict):
            return value
        made: dict[str, Any] = {}
        for key, item in value.items():
            inner = made
            parts = key.split(separator)
            for part in parts[:-1]:
                inner = inner.setdefault(part, {})
                if not isinstance(inner, dict):
                    raise ConfigurationError([document.problem((*path, key), "is given as a value and as a map")])
            inner[parts[-1]] = expand(item, (*path, key), (*written_out, *parts))
        return made

    return Document(expand(document.data, (), ()), positions)
