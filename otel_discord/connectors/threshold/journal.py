"""What has happened since the alerts were last stored whole: turns of lives, and the batch that tells them.

Being one value it is stored as a whole or not at all. Applying it again changes nothing. Where it becomes long, what
it says of alerts is put aside as a *segment*, a value of its own that counts once the journal names it; so that many
turns at once do not mean that all are written again with each. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from otel_discord.connectors.threshold.book import Book, Key, entry_from_json, entry_to_json


@dataclass(slots=True)
class Journal:
    """``number`` is that of the last batch, counted from 1; ``batch`` its bytes, b"" where none has to be told."""

    number: int = 0
    batch: bytes = b""
    _changes: dict[Key, Mapping[str, Any] | None] = field(default_factory=dict)
    segments: int = 0
    """How many belong to it, numbered from 0; they come before its own changes."""
    _in_segments: int = 0
    _since_marked: set[Key] | None = None

    def note(self, key: Key, book: Book) -> None:
        """Take in how an alert is now, or that it is gone."""
        if self._since_marked is not None:
            self._since_marked.add(key)
        entry = book.by_rule.get(key.rule, {}).get(key.labels)
        self._changes[key] = None if entry is None else entry_to_json(entry)

    def tell(self, batch: bytes) -> None:
        """Take in the next batch to be told."""
        self.number += 1
        self.batch = batch

    def mark(self) -> None:
        """Note that alerts begin to be stored whole: what is taken in until now will be in that."""
        self._since_marked = set()

    def since_marked(self) -> "Journal | None":
        """Return what is left once the alerts are stored whole as they were at the mark, or later.

        None where some of what came since is in a segment, so that nothing can be left out.
        """
        if self._since_marked is None:
            return None
        changes = {key: self._changes[key] for key in self._since_marked if key in self._changes}
        return Journal(self.number, self.batch, changes) if len(changes) == len(self._since_marked) else None

    @property
    def own_length(self) -> int:
        """How many alerts it speaks of itself."""
        return len(self._changes)

    @property
    def length(self) -> int:
        """The same with its segments."""
        return self._in_segments + len(self._changes)

    def put_aside(self) -> None:
        """Count what :meth:`segment` gave as stored under the next number."""
        self.segments += 1
        self._in_segments += len(self._changes)
        self._changes = {}

    def segment(self) -> bytes:
        """Return the changes for the storage."""
        return orjson.dumps([[key.to_json(), data] for key, data in self._changes.items()])

    def apply_to(self, book: Book) -> None:
        """Bring a book to where it was when this was stored."""
        for key, data in self._changes.items():
            if data is None:
                book.remove(key)
            else:
                book.add(key, entry_from_json(data))

    def to_bytes(self) -> bytes:
        """Return it for the storage, without its segments."""
        head = {
            "number": self.number,
            "segments": [self.segments, self._in_segments],
            "changes": [[key.to_json(), data] for key, data in self._changes.items()],
        }
        return orjson.dumps(head) + b"\n" + self.batch

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Journal":
        """Return what :meth:`to_bytes` gave.

        Raises:
            ValueError: it is something else.
        """
        text, _, batch = stored.partition(b"\n")
        try:
            head = orjson.loads(text)
            segments, in_segments = head.get("segments", (0, 0))
            return cls(int(head["number"]), batch, _changes(head["changes"]), int(segments), int(in_segments))
        except (KeyError, TypeError, LookupError) as error:
            raise ValueError(f"not a journal: {error!r}") from error


def apply_segment(stored: bytes, book: Book) -> None:
    """Bring a book to where it was when a segment was stored.

    Raises:
        ValueError: it is none.
    """
    try:
        Journal(_changes=_changes(orjson.loads(stored))).apply_to(book)
    except (KeyError, TypeError, LookupError) as error:
        raise ValueError(f"not a segment: {error!r}") from error


def _changes(rows: Any) -> dict[Key, Mapping[str, Any] | None]:
    changes = {Key.from_json(key): data for key, data in rows}
    for data in changes.values():
        if data is not None:
            entry_from_json(data)
    return changes
