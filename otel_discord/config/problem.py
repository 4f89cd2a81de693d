"""What is wrong with a configuration, as values: where, what, and what to do about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys and list indexes from the top of the document."""


def join_path(path: Iterable[str | int]) -> str:
    """Return a path as the Collector writes it: ``exporters::discord::timeout``, ``receivers::0``."""
    return "::".join(str(part) for part in path)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a source; line and column count from 1, 0 is unknown."""

    file: str
    line: int = 0
    column: int = 0

    @property
    def folder(self) -> Path:
        """The folder that relative paths written there start from; the working directory where it is no file."""
        return Path() if self.file.startswith(("--", "$")) else Path(self.file).parent


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. No field holds a value that came from the environment or from a file reference."""

    message: str
    path: str = ""
    file: str = ""
    line: int = 0
    hint: str = ""

    def __str__(self) -> str:
        """Return one line: the key path, the message, the hint, and where it is written."""
        text = f"{self.path}: {self.message}" if self.path else self.message
        if self.hint:
            text += f"; {self.hint}"
        if self.file:
            text += f" ({self.file}:{self.line})" if self.line else f" ({self.file})"
        return text


class SeveralError(ValueError):
    """What a validator of a section found, each with its path below the section first: ``tls::cert_file: is …``."""

    def __init__(self, messages: Sequence[str]) -> None:
        super().__init__("; ".join(messages))
        self.messages = tuple(messages)


class ConfigurationError(Exception):
    """A configuration that cannot be used; ``problems`` has everything that was found, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
