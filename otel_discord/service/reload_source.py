"""Where a reload reads the configuration anew: the same sources as at the start, and the files that they name."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from otel_discord.service.blueprint import Blueprint, blueprint_of
from otel_discord.service.config_file import Configuration

MAX_DIGESTED_BYTES: Final = 4 * 1024 * 1024
"""Of a larger file the beginning and the size count."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checked configuration and what it amounts to."""

    configuration: Configuration
    blueprint: Blueprint


def loaded(configuration: Configuration) -> Loaded:
    """Return a configuration with its blueprint; reads the files that components name."""
    return Loaded(configuration, blueprint_of(configuration, digest_of))


def load_anew(load: Callable[[], Configuration]) -> Loaded:
    """Read everything anew; blocks, so that it is for a thread.

    Raises:
        ConfigurationError: it cannot be used.
    """
    return loaded(load())


def digest_of(path: Path) -> str:
    """Return what changes with a file's content; of one that cannot be read, why."""
    try:
        if not path.is_file():  # never wait for a pipe
            return "no file"
        with path.open("rb") as file:
            content = file.read(MAX_DIGESTED_BYTES)
            return f"{path.stat().st_size} {hashlib.sha256(content).hexdigest()}"
    except OSError as error:
        return f"unreadable: {error.errno}"
