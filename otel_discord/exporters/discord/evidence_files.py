"""The whole of a text that a card had to cut, as a file of its message. Pure functions.

A file holds the text itself and encodes it when it is opened, so that waiting messages do not carry their texts twice.
"""

from dataclasses import dataclass
from typing import Final

from otel_discord.discord_api.limits import FILE_MAX_BYTES
from otel_discord.discord_api.models import FilePart
from otel_discord.exporters.discord.facts_values import clean
from otel_discord.templating.graphemes import ceil_boundary, floor_boundary
from otel_discord.templating.wording import size

MAX_FILE_BYTES: Final = FILE_MAX_BYTES - 512 * 1024
"""Of one evidence file in UTF-8: 9.5 MiB, some room below what Discord takes."""
_NOTE_BYTES: Final = 128
_SNAP_CHARS: Final = 400


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file, and how a card names it: ``message.txt``, or ``message.txt, 9.5 of 12.1 MiB`` where it is cut."""

    part: FilePart
    label: str


def text_file(filename: str, text: str, description: str = "", *, max_bytes: int = MAX_FILE_BYTES) -> EvidenceFile:
    """Return a text as a file that can be opened again for each attempt.

    What is longer than ``max_bytes`` in UTF-8 keeps both ends, and says at the cut how much is missing there.
    """
    whole_bytes = _utf8_bytes(text)
    kept = text if whole_bytes <= max_bytes else _both_ends(text, whole_bytes, max_bytes)
    size_bytes = whole_bytes if kept is text else _utf8_bytes(kept)
    part = FilePart(
        filename=filename,
        open=lambda: kept.encode("utf-8", "replace"),
        size_bytes=size_bytes,
        content_type="text/plain; charset=utf-8",
        description=clean(description, 1000),
    )
    return EvidenceFile(part, filename if kept is text else f"{filename}, {_share(size_bytes, whole_bytes)}")


def _utf8_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _both_ends(text: str, whole_bytes: int, max_bytes: int) -> str:
    """Return head and tail, on whole lines where one ends near, around a line that says what is missing."""
    room = max(0, max_bytes - _NOTE_BYTES)
    data = text.encode("utf-8", "replace")
    tail_bytes = room * 2 // 5
    head_end = len(data[: room - tail_bytes].decode("utf-8", "ignore"))
    tail_start = len(text) - len(data[len(data) - tail_bytes :].decode("utf-8", "ignore"))
    del data
    line_end = text.rfind("\n", max(0, head_end - _SNAP_CHARS), head_end)
    line_start = text.find("\n", tail_start, tail_start + _SNAP_CHARS) + 1
    head = text[: line_end if line_end >= 0 else floor_boundary(text, head_end)]
    tail = text[line_start or ceil_boundary(text, tail_start) :]
    missing_bytes = whole_bytes - _utf8_bytes(head) - _utf8_bytes(tail)
    missing_chars = len(text) - len(head) - len(tail)
    return f"{head}\n… {missing_chars:,} characters ({size(missing_bytes)}) are missing here …\n{tail}"


def _share(kept_bytes: int, whole_bytes: int) -> str:
    """Return ``9.5 of 12.1 MiB``."""
    kept, whole = size(kept_bytes), size(whole_bytes)
    if kept == whole:
        return f"without {size(whole_bytes - kept_bytes)} of its middle"
    amount, unit = kept.rsplit(" ", 1)
    return f"{amount} of {whole}" if whole.endswith(f" {unit}") else f"{kept} of {whole}"
