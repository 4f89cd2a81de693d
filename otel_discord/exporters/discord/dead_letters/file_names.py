"""How the files of dead letters are called, and which of them are too many. Pure.

``discord-2026-01-31-0000000017.jsonl`` holds the letters of exporter ``discord`` from id 17 on;
``discord-2026-01-31-0000000017.gone`` beside it says which of these were sent again since.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

_STEM_CHARS: Final = 100
_NAME: Final = re.compile(r"-\d{4}-\d{2}-\d{2}-(\d{10,19})\.jsonl")
MIB: Final = 1024 * 1024
_SMALLEST_BYTES: Final = 64 * 1024
_LARGEST_BYTES: Final = 8 * MIB
_FILES: Final = 16
DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept and how long; the current file may be somewhat beyond either."""

    max_bytes: int
    retention_s: float
    """0: without end."""

    @property
    def file_bytes(self) -> int:
        """Size at which a new file is begun, so that the oldest part can go."""
        return min(max(self.max_bytes // _FILES, _SMALLEST_BYTES), _LARGEST_BYTES)


@dataclass(frozen=True, slots=True, order=True)
class LetterFile:
    """One file with letters from ``first_id`` on."""

    first_id: int
    path: Path

    @property
    def gone_path(self) -> Path:
        """Where it says which of its letters are no more."""
        return self.path.with_suffix(".gone")


def stem_of(exporter: str) -> str:
    """Return the beginning of the names of an exporter's files: its id, without what a file name cannot hold."""
    stem = quote(exporter, safe="").replace(".", "%2E")
    if len(stem) <= _STEM_CHARS:
        return stem
    return f"{stem[:_STEM_CHARS]}%{hashlib.sha256(exporter.encode()).hexdigest()[:12]}"


def file_name(stem: str, first_id: int, now_s: float) -> str:
    """Return the name of a file that begins now."""
    return f"{stem}-{datetime.fromtimestamp(now_s, UTC):%Y-%m-%d}-{first_id:010d}.jsonl"


def letter_file(stem: str, path: Path) -> LetterFile | None:
    """Return what a path is, None where it is none of this exporter's files."""
    if not path.name.startswith(f"{stem}-"):
        return None
    match = _NAME.fullmatch(path.name[len(stem) :])
    return LetterFile(int(match[1]), path) if match else None


def too_many(sizes: Sequence[tuple[LetterFile, int]], max_bytes: int) -> list[LetterFile]:
    """Return the oldest files that have to go so that the rest keeps the bound; never the newest one."""
    used = sum(size for _, size in sizes)
    surplus: list[LetterFile] = []
    for file, size in sorted(sizes)[:-1]:
        if used <= max_bytes:
            break
        surplus.append(file)
        used -= size
    return surplus
