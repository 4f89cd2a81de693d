"""Files that sections read while they were checked, so that a change of them is a change of the configuration. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from pydantic import BaseModel


@runtime_checkable
class ReadsFiles(Protocol):
    """A section whose values come from files that it names."""

    def files_read(self) -> Sequence[Path]:
        """Return them, with the directory where any file of one counts."""
        ...


def files_read_by(value: object) -> Iterator[Path]:
    """Yield the files and directories that sections read while they were checked: a section says so (`files_read`)."""
    if isinstance(value, BaseModel):
        if isinstance(value, ReadsFiles):
            yield from value.files_read()
        for name in type(value).model_fields:
            yield from files_read_by(getattr(value, name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from files_read_by(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from files_read_by(inner)
