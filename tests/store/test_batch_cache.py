"""A few batches in memory, never more than allowed."""

from otel_discord.component.storage import StoredBatch
from otel_discord.store.batch_cache import BatchCache
from otel_discord.testing.otlp import logs_batch


def stored(batch_id: int) -> StoredBatch:
    return StoredBatch(batch_id, logs_batch(), 9)


def held(cache: BatchCache) -> list[int]:
    return [batch_id for batch_id in range(1, 10) if cache.get(batch_id) is not None]


def test_the_oldest_make_room() -> None:
    cache = BatchCache(100)
    for batch_id in (1, 2, 3):
        cache.add(stored(batch_id), 40)
    assert held(cache) == [2, 3]
    cache.drop(2)
    cache.drop(2)
    cache.add(stored(4), 60)
    assert held(cache) == [3, 4]
    cache.add(stored(5), 100)
    assert held(cache) == [5]


def test_what_is_too_large_drives_nobody_out() -> None:
    cache = BatchCache(100)
    cache.add(stored(1), 90)
    cache.add(stored(2), 101)
    assert held(cache) == [1]


def test_what_comes_again_is_counted_once() -> None:
    """A batch that this process has put is told by who put it, and found by a look."""
    cache = BatchCache(100)
    for _ in range(10):
        cache.add(stored(1), 40)
        cache.add(stored(2), 40)
    assert held(cache) == [1, 2]
    assert cache.free_bytes == 20
    cache.drop(1)
    cache.drop(2)
    assert cache.free_bytes == 100
