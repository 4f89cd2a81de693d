"""Bytes of waiting attachments, beside the queue: so that the oldest can be let go while every card stays.

Up to ``max_bytes`` each, attachments are held in memory; a larger one is spilled to a private temporary file, opened
anew for each attempt; where that fails it is held for one attempt only.
"""

import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO


@dataclass(slots=True)
class _Held:
    content: bytes | Path
    size_bytes: int
    lanes: tuple[str, ...]
    """Whose cards it goes along with."""
    released: int = 0


@dataclass(slots=True)
class Shelf:
    """What waits, oldest first. Keys count up from ``first_key``: each process begins elsewhere, so that a stored card
    of an earlier one does not find a stranger's file."""

    max_bytes: int
    used_bytes: int = 0
    """In memory."""
    _held: OrderedDict[int, _Held] = field(default_factory=OrderedDict)
    first_key: int = 1
    _spill_directory: Path | None = None
    _next_key: int = field(init=False)

    def __post_init__(self) -> None:
        self._next_key = self.first_key

    def put(self, data: bytes, lanes: Sequence[str]) -> tuple[int, bool]:
        """Hold bytes for a card in each of ``lanes``; return their key and whether they can be sent once only."""
        content: bytes | Path = data
        single_attempt = False
        if len(data) > self.max_bytes:
            try:
                content = self._spill(data)
            except OSError:
                single_attempt = True
        key = self._next_key
        self._next_key += 1
        self._held[key] = _Held(content, len(data), tuple(lanes))
        if isinstance(content, bytes):
            self.used_bytes += len(data)
        return key, single_attempt

    def open(self, key: int) -> bytes | IO[bytes]:
        """Return the content anew; the caller closes a file.

        Raises:
            OSError: it was let go, or its file is gone.
        """
        held = self._held.get(key)
        if held is None:
            raise FileNotFoundError("the attachment was let go")
        return held.content if isinstance(held.content, bytes) else held.content.open("rb")

    @property
    def is_holding(self) -> bool:
        """Whether anything is there."""
        return bool(self._held)

    def holds(self, key: int) -> bool:
        """Return whether the content is still there."""
        return key in self._held

    def release(self, key: int) -> None:
        """One card is done with it."""
        held = self._held.get(key)
        if held is not None:
            held.released += 1
            if held.released >= len(held.lanes):
                self._drop(key)

    def shed(self, down_to_bytes: int) -> list[str]:
        """Let the oldest go until at most ``down_to_bytes`` are in memory; return the lanes that each was for."""
        lanes: list[str] = []
        while self.used_bytes > down_to_bytes:
            lanes += self.shed_oldest()
        return lanes

    def shed_oldest(self) -> list[str]:
        """Let the oldest one go, in memory or not; return the lanes that it was for."""
        oldest = next(iter(self._held), None)
        return [] if oldest is None else list(self._drop(oldest))

    def close(self) -> None:
        """Forget everything and remove the spilled files."""
        self._held.clear()
        self.used_bytes = 0
        if self._spill_directory is not None:
            shutil.rmtree(self._spill_directory, ignore_errors=True)
            self._spill_directory = None

    def _spill(self, data: bytes) -> Path:
        if self._spill_directory is None:
            self._spill_directory = Path(tempfile.mkdtemp(prefix="otel-discord-"))  # 0700
        path = self._spill_directory / str(self._next_key)
        path.write_bytes(data)
        return path

    def _drop(self, key: int) -> tuple[str, ...]:
        held = self._held.pop(key)
        if isinstance(held.content, bytes):
            self.used_bytes -= held.size_bytes
        else:
            held.content.unlink(missing_ok=True)
        return held.lanes
