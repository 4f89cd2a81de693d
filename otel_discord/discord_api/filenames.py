"""Names of files as Discord keeps them, so that ``attachment://`` links and the name in the form agree."""

import re
from typing import Final

_FILENAME_CHARS: Final = 120
_UNUSUAL: Final = re.compile(r"[^A-Za-z0-9._-]+")


def cleanse_filename(name: str) -> str:
    """Return ``name`` with letters, digits, ``.``, ``_`` and ``-`` only, as Discord would store it; never empty.

    Folders are dropped, and so are leading dots and underscores. A name of which nothing is left keeps its ending, by
    which Discord shows a file: ``отчёт.csv`` is ``file.csv``.
    """
    base = re.split(r"[/\\]", name)[-1]
    clean = _trimmed(base)
    stem, _, ending = base.rpartition(".")
    if stem.strip(".") and not _trimmed(stem) and _trimmed(ending):
        clean = f"file.{_trimmed(ending)}"
    if len(clean) > _FILENAME_CHARS:
        stem, dot, extension = clean.rpartition(".")
        keep = extension if dot and len(extension) <= 10 else ""
        clean = f"{(stem or clean)[: _FILENAME_CHARS - 11]}.{keep}" if keep else clean[:_FILENAME_CHARS]
    return clean or "file"


def _trimmed(text: str) -> str:
    return _UNUSUAL.sub("_", text).lstrip("._-").rstrip("._")
