"""A message with files as a multipart form: ``payload_json`` and ``files[0]``, ``files[1]``, …

Built here and not by the HTTP library, so that its length is known before the first byte, files are read in pieces,
and the sender knows when the last piece has gone. A form is opened anew for each attempt.
https://docs.discord.com/developers/reference#uploading-files
"""

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, Final

from otel_discord.discord_api.filenames import cleanse_filename
from otel_discord.discord_api.http import TransportError
from otel_discord.discord_api.models import FilePart

PIECE_BYTES: Final = 64 * 1024

_CONTENT_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(?:; ?charset=[\w-]+)?", re.ASCII)


class FileUnreadableError(TransportError):
    """A file of a message cannot be read; the text names the file, not its folder. Nothing was created."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, sent=False, timed_out=False)


@dataclass(frozen=True, slots=True)
class Form:
    """An opened form: what goes over the wire, piece by piece. Iterate in a thread unless it is ``in_memory``."""

    content_type: str
    size_bytes: int
    _segments: tuple[tuple[str, int, bytes | IO[bytes]], ...]

    @property
    def in_memory(self) -> bool:
        """Whether iterating reads no file."""
        return all(isinstance(source, bytes) for _, _, source in self._segments)

    def pieces(self) -> Iterator[bytes]:
        """Yield ``size_bytes`` in all, at most 64 KiB at a time.

        Raises:
            FileUnreadableError: a file failed, or is shorter than it was when the form was opened.
        """
        for name, size_bytes, source in self._segments:
            if isinstance(source, bytes):
                yield from (source[at : at + PIECE_BYTES] for at in range(0, size_bytes, PIECE_BYTES))
            else:
                yield from _read(name, size_bytes, source)


@contextmanager
def open_form(payload_json: bytes, files: Sequence[FilePart]) -> Iterator[Form]:
    """Open all files and give the form; closes them at the end.

    Raises:
        FileUnreadableError: a file cannot be opened.
    """
    boundary = secrets.token_hex(16)
    with ExitStack() as opened:
        segments: list[tuple[str, int, bytes | IO[bytes]]] = []

        def add(source: bytes) -> None:
            segments.append(("", len(source), source))

        add(_head(boundary, 'name="payload_json"', "application/json") + payload_json)
        for index, part in enumerate(files):
            filename = cleanse_filename(part.filename)
            disposition = f'name="files[{index}]"; filename="{filename}"'
            add(b"\r\n" + _head(boundary, disposition, _clean_content_type(part.content_type)))
            segments.append((filename, *_open(filename, part, opened)))
        add(f"\r\n--{boundary}--\r\n".encode())
        size_bytes = sum(size for _, size, _ in segments)
        yield Form(f"multipart/form-data; boundary={boundary}", size_bytes, tuple(segments))


def _head(boundary: str, disposition: str, content_type: str) -> bytes:
    lines = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: {content_type}\r\n\r\n"
    return lines.encode("ascii")


def _clean_content_type(content_type: str) -> str:
    return content_type if _CONTENT_TYPE.fullmatch(content_type) else "application/octet-stream"


def _open(filename: str, part: FilePart, opened: ExitStack) -> tuple[int, bytes | IO[bytes]]:
    try:
        content = part.open()
        if isinstance(content, bytes):
            return len(content), content
        opened.callback(content.close)
        if not content.seekable():
            return part.size_bytes, content
        start = content.tell()
        size_bytes = content.seek(0, 2) - start
        content.seek(start)
    except (OSError, ValueError) as error:
        raise FileUnreadableError(_why(filename, error)) from error
    return size_bytes, content


def _read(filename: str, size_bytes: int, source: IO[bytes]) -> Iterator[bytes]:
    left = size_bytes
    while left:
        try:
            piece = source.read(min(PIECE_BYTES, left))
        except (OSError, ValueError) as error:
            raise FileUnreadableError(_why(filename, error)) from error
        if not piece:
            raise FileUnreadableError(f"attachment {filename} became shorter while it was read")
        left -= len(piece)
        yield piece


def _why(filename: str, error: OSError | ValueError) -> str:
    words = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return f"attachment {filename} cannot be read: {words}"
