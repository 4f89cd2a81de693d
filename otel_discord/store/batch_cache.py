"""Batches that were stored a moment ago and will be wanted in a moment, so that they need not be read again. Pure."""

from otel_discord.component.storage import StoredBatch


class BatchCache:
    """Up to so many bytes of batches, counted as they are when serialised; the oldest make room for new ones."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._held: dict[int, tuple[StoredBatch, int]] = {}

    @property
    def free_bytes(self) -> int:
        """How much comes in without anything having to go."""
        return self._max_bytes - self._bytes

    def add(self, stored: StoredBatch, size_bytes: int) -> None:
        """Hold a batch; one that is larger than all the room is not held."""
        if size_bytes > self._max_bytes:
            return
        self.drop(stored.id)  # it may be held already
        self._held[stored.id] = (stored, size_bytes)
        self._bytes += size_bytes
        while self._bytes > self._max_bytes:
            self.drop(next(iter(self._held)))

    def get(self, batch_id: int) -> StoredBatch | None:
        """Return a batch if it is held."""
        held = self._held.get(batch_id)
        return None if held is None else held[0]

    def drop(self, batch_id: int) -> None:
        """Hold a batch no longer; an unknown id is ignored."""
        held = self._held.pop(batch_id, None)
        if held is not None:
            self._bytes -= held[1]
