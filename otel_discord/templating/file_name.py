"""The name of a template file, which what is wrong with it names together with the directory."""

import os


class FileName(str):
    """A file's name within its directory; equal to that name as a plain text."""

    __slots__ = ("shown",)

    shown: str
    """Its path, beginning with the directory as the user has written it."""

    @classmethod
    def of(cls, file: str, directory: str) -> "FileName":
        """Return the name of a file of a directory."""
        name = cls(file)
        name.shown = os.path.join(directory, file)  # noqa: PTH118 - `./templates` stays as it is written
        return name


def shown_name(filename: str) -> str:
    """Return how a user reads the name of a file: with its directory where that is known."""
    return filename.shown if isinstance(filename, FileName) else filename
