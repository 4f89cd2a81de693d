"""A user's directory of template files, read with bounds: what is not a plain file of it is not followed."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from otel_discord.templating.errors import TemplateError, TemplateErrors
from otel_discord.templating.file_name import FileName
from otel_discord.templating.place import Problems
from otel_discord.templating.template_source import MAX_FILE_BYTES

MAX_FILES: Final = 200
_MAX_ENTRIES_SEEN: Final = 10_000
_SUFFIXES: Final = (".yaml", ".yml")


def read_directory(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return the text of each ``*.yaml`` and ``*.yml`` of a directory by its file name (a ``FileName``), sorted.

    Hidden files and further directories are passed over. A link is followed where it stays in the directory.

    Raises:
        TemplateErrors: the directory cannot be read, has more than 200 such files, or one of them is larger than
            256 KiB, is no UTF-8, is no regular file, or is a link that leads elsewhere.
    """
    directory = Path(path)
    problems = Problems()
    try:
        names = sorted(_template_files(directory))
    except OSError as error:
        raise TemplateErrors([TemplateError(os.fspath(path), 0, f"cannot be read: {error.strerror}")]) from error
    if len(names) > MAX_FILES:
        reason = f"holds more than {MAX_FILES} template files"
        raise TemplateErrors([TemplateError(os.fspath(path), 0, reason)])
    root = Path(os.path.realpath(directory))
    found = [FileName.of(name, os.fspath(path)) for name in names]
    texts = {name: problems.attempt(None, _read, directory / name, root, name.shown) for name in found}
    if problems.found:
        raise TemplateErrors(problems.found)
    return {name: text for name, text in texts.items() if text is not None}


def _template_files(directory: Path) -> Iterator[str]:
    found = 0
    with os.scandir(directory) as entries:
        for seen, entry in enumerate(entries):
            if entry.name.startswith(".") or not entry.name.endswith(_SUFFIXES) or entry.is_dir(follow_symlinks=False):
                found += seen >= _MAX_ENTRIES_SEEN
            else:
                found += 1
                yield entry.name
            if found > MAX_FILES:
                return


def _read(file: Path, root: Path, shown: str) -> str:
    if not Path(os.path.realpath(file)).is_relative_to(root):
        raise TemplateError(shown, 0, "is a link that leads out of the directory of templates")
    try:
        # not to wait for the other end of a pipe
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise TemplateError(shown, 0, "is not a regular file")
            data = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise TemplateError(shown, 0, f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_FILE_BYTES:
        raise TemplateError(shown, 0, f"a template file is limited to {MAX_FILE_BYTES // 1024} KiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TemplateError(shown, line, "is not UTF-8") from error
