"""Puts values in the place of ``${…}``: once, from the inside out; what a variable holds is never expanded again.

A file that holds a map or a list is a piece of configuration and may have references of its own; a file that holds
text (a password, a certificate) is taken as it is, without its last line break.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from otel_discord.config.problem import ConfigurationError, KeyPath, Problem, join_path
from otel_discord.config.raw_text import RawText, with_origin
from otel_discord.config.references import Parts, Reference, parse_references
from otel_discord.config.yaml_file import MAX_VALUES, Document, parse_value, parse_yaml

ReadFile: TypeAlias = Callable[[Path], str]
"""Returns a file's text; raises OSError or ValueError."""

MAX_FILE_NESTING: Final = 10
_ENV_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(slots=True)
class Interpolated:
    """The document with every reference replaced; ``failed`` are the paths whose reference could not be."""

    document: Document
    problems: list[Problem] = field(default_factory=list)
    failed: set[KeyPath] = field(default_factory=set)


def interpolate(document: Document, environ: Mapping[str, str], read_file: ReadFile) -> Interpolated:
    """Return the document with its references replaced. A variable that is not set, without a default, is a problem.

    A value that is one whole reference becomes what YAML makes of it (a map, a list, a number) and remembers its text;
    inside longer text the text is put in. Relative paths are relative to the file that has the reference.
    """
    result = Interpolated(Document(None, dict(document.positions)))
    walk = _Walk(document, environ, read_file, result)
    data = walk.value(document.data, (), 0)
    result.document = Document(data, result.document.positions)
    return result


class UnresolvedError(Exception):
    """A reference without a value; the message is for a person, the hint says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class _Walk:
    """One pass over a document."""

    def __init__(
        self, document: Document, environ: Mapping[str, str], read_file: ReadFile, result: Interpolated
    ) -> None:
        self._document = document
        self._environ = environ
        self._read_file = read_file
        self._result = result
        self._values = 0

    def value(self, value: Any, path: KeyPath, files: int) -> Any:
        """Return a value with its references replaced; ``files`` is how many files deep it is."""
        self._values += 1
        if self._values > MAX_VALUES:
            raise ConfigurationError([Problem(f"holds more than {MAX_VALUES:,} values")])
        if isinstance(value, dict):
            return {key: self.value(item, (*path, key), files) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, (*path, index), files) for index, item in enumerate(value)]
        if isinstance(value, str) and "$" in value:
            return self._text(value, path, files)
        return value

    def _text(self, text: str, path: KeyPath, files: int) -> Any:
        try:
            parts = parse_references(text)
            if len(parts) == 1 and isinstance(parts[0], Reference):
                return self._whole(parts[0], path, files)
            spliced, origin = self._spliced(parts, path)
        except UnresolvedError as error:
            return self._fail(path, str(error), error.hint)
        except ConfigurationError as error:
            self._result.problems += error.problems
            self._result.failed.add(path)
            return None
        except ValueError as error:
            return self._fail(path, str(error))
        return RawText(spliced, spliced, origin) if origin else spliced

    def _fail(self, path: KeyPath, message: str, hint: str = "") -> None:
        place = self._result.document.locate(path)
        self._result.problems.append(Problem(message, join_path(path), place.file, place.line, hint))
        self._result.failed.add(path)

    def _whole(self, reference: Reference, path: KeyPath, files: int) -> Any:
        text, origin = self._look_up(reference, path)
        typed = parse_value(text)
        is_yaml_file = reference.scheme == "file" and reference.written.endswith((".yaml}", ".yml}"))
        if is_yaml_file or (reference.scheme in {"file", "yaml"} and isinstance(typed, (dict, list))):
            return self._fragment(reference, text, path, files)
        return RawText(text, with_origin(typed, origin) if origin else typed, origin)

    def _fragment(self, reference: Reference, text: str, path: KeyPath, files: int) -> Any:
        if files >= MAX_FILE_NESTING:
            raise UnresolvedError(f"files refer to files more than {MAX_FILE_NESTING} levels deep")
        name = str(self._file_path(self._spliced(reference.name, path)[0], path)) if reference.scheme == "file" else ""
        piece = parse_yaml(text, name)
        positions = self._result.document.positions
        if name:
            positions.update({(*path, *inner): place for inner, place in piece.positions.items()})
        data = self.value(piece.data, path, files + 1)
        return with_origin(data, reference.written) if name else data

    def _spliced(self, parts: Parts, path: KeyPath) -> tuple[str, str]:
        """Return the text, and the references that stand for it ("" when nothing in it came from outside)."""
        texts: list[str] = []
        origins: list[str] = []
        for part in parts:
            text, origin = (part, "") if isinstance(part, str) else self._look_up(part, path)
            texts.append(text)
            origins += [origin] if origin else []
        spliced = "".join(texts)
        return spliced, " ".join(origins)

    def _look_up(self, reference: Reference, path: KeyPath) -> tuple[str, str]:
        """Return a reference's text and the origin to show in its stead ("" for a default written in the file)."""
        name, hidden = self._spliced(reference.name, path)
        shown = reference.written if hidden else name
        match reference.scheme:
            case "env":
                return self._variable(reference, name, shown, path)
            case "file":
                return self._file(name, shown, path), reference.written
            case "yaml":
                return name, ""
            case scheme:
                raise UnresolvedError(f'scheme "{scheme}" is not supported', "valid: env, file, yaml")

    def _variable(self, reference: Reference, name: str, shown: str, path: KeyPath) -> tuple[str, str]:
        if not _ENV_NAME.fullmatch(name):
            raise UnresolvedError(
                f'environment variable "{shown}" has invalid name: must match regex {_ENV_NAME.pattern}',
                "write `$$` for a dollar sign that is text",
            )
        if name in self._environ:
            return self._environ[name], reference.written if shown != name else f"${{env:{name}}}"
        if reference.default is None:
            raise UnresolvedError(
                f"environment variable {shown} is not set",
                f"set it, or write ${{env:{shown}:-default}} if it may be missing",
            )
        return self._spliced(reference.default, path)

    def _file_path(self, name: str, path: KeyPath) -> Path:
        return self._result.document.locate(path).folder / name

    def _file(self, name: str, shown: str, path: KeyPath) -> str:
        if not name:
            raise UnresolvedError("a file reference needs a path", "write ${file:PATH}")
        try:
            text = self._read_file(self._file_path(name, path))
        except OSError as error:
            raise UnresolvedError(f"cannot read file {shown}: {error.strerror or type(error).__name__}") from None
        except ValueError as error:
            raise UnresolvedError(f"cannot read file {shown}: {error}") from None
        return text.removesuffix("\n").removesuffix("\r")
