"""Files that go along with a record, as its attribute asks for them. Pure, but for looking at a path.

The attribute ``discord.attachments`` is a list of maps with ``filename``, ``content_type``, ``description`` and
``data`` (bytes) or ``path``. A path is read only from an allowed directory, links resolved, and only if it is a
regular file, which is opened anew for each attempt.
"""

import mimetypes
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

from otel_discord.discord_api import limits
from otel_discord.discord_api.models import FilePart
from otel_discord.exporters.discord.cards import AttachmentRef
from otel_discord.exporters.discord.facts_values import clean
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.signals import Plain

ATTRIBUTE: Final = "discord.attachments"
_MOST_ENTRIES: Final = 4 * limits.FILES_PER_MESSAGE
_TOO_MANY: Final = f"and those after it are left out: a message takes {limits.FILES_PER_MESSAGE} files"


@dataclass(frozen=True, slots=True)
class Requested:
    """One attachment as a record asks for it: data, or a path, or neither with the reason why."""

    filename: str
    content_type: str
    description: str
    data: bytes | None = None
    path: str = ""
    refused: str = ""


def requested_attachments(value: Plain, allowed_directories: Sequence[Path], max_file_bytes: int) -> list[Requested]:
    """Read the attribute's value; what cannot be used comes back with ``refused`` set. Nothing of it raises."""
    entries = value if isinstance(value, list) else [value]
    asked: list[Requested] = []
    usable = 0
    for entry in entries[:_MOST_ENTRIES]:
        made = _requested(entry, allowed_directories, max_file_bytes)
        usable += not made.refused
        if usable > limits.FILES_PER_MESSAGE:
            asked.append(replace(made, data=None, path="", refused=_TOO_MANY))
            break
        asked.append(made)
    return asked


def _requested(entry: Plain, allowed: Sequence[Path], max_file_bytes: int) -> Requested:
    if not isinstance(entry, dict):
        return Requested("attachment.bin", "", "", refused="is not a map with data or path")
    data, path = entry.get("data"), entry.get("path")
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    name = _text(entry.get("filename")) or (Path(path).name if isinstance(path, str) else "") or "attachment.bin"
    made = Requested(
        filename=name[: limits.FILE_NAME_CHARS],
        content_type=_content_type(_text(entry.get("content_type")), name),
        description=clean(_text(entry.get("description")), limits.FILE_DESCRIPTION_CHARS),
    )
    if isinstance(data, bytes):
        if len(data) > max_file_bytes:
            return replace(made, refused=f"is larger than {max_file_bytes} bytes")
        return replace(made, data=data)
    if isinstance(path, str) and path:
        resolved = allowed_path(path, allowed)
        if resolved is None:
            return replace(made, refused="its path is in no directory of attachments::allowed_directories")
        return replace(made, path=str(resolved))
    return replace(made, refused="has neither data nor path")


def allowed_path(path: str, allowed_directories: Sequence[Path]) -> Path | None:
    """Return the resolved path if it lies in an allowed directory after following links; else None."""
    if "\0" in path or not Path(path).is_absolute():
        return None
    try:
        resolved = Path(os.path.realpath(path))
        inside = any(resolved.is_relative_to(os.path.realpath(directory)) for directory in allowed_directories)
    except (OSError, ValueError):
        return None
    return resolved if inside else None


def file_part(ref: AttachmentRef, shelf: Shelf, max_file_bytes: int) -> FilePart | str:
    """Return the part of a message for a stored attachment, or the reason why it cannot go along."""
    if ref.shelf_key:
        if not shelf.holds(ref.shelf_key):
            return "let go under pressure"
        return FilePart(
            filename=ref.filename,
            open=lambda: shelf.open(ref.shelf_key),
            size_bytes=ref.size_bytes,
            content_type=ref.content_type,
            description=ref.description,
            reopenable=not ref.single_attempt,
        )
    try:
        info = Path(ref.path).stat()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if not stat.S_ISREG(info.st_mode):
        return "is not a regular file"
    if info.st_size > max_file_bytes:
        return f"is larger than {max_file_bytes} bytes"
    return FilePart(
        filename=ref.filename,
        open=lambda: _open_regular(ref.path),
        size_bytes=info.st_size,
        content_type=ref.content_type,
        description=ref.description,
    )


def _open_regular(path: str) -> IO[bytes]:
    """Open without following a link put there since, and without waiting for a pipe's other end."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("is not a regular file")
    return os.fdopen(descriptor, "rb")


def _content_type(written: str, name: str) -> str:
    if written and written.isascii() and written.isprintable() and "/" in written:
        return written
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _text(value: Plain) -> str:
    return value.strip() if isinstance(value, str) else ""
