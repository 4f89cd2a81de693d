"""Keys into plain values: results of converters, and the cache."""

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.otlp_values import Key, list_index, not_indexable, text_key
from otel_discord.ottl.values import Value


def read_result(value: Value, keys: list[Key]) -> Value:
    """Return the value under a path of keys in what a converter returned.

    Raises:
        OttlError: a map has no such key (unlike a path, as in the Collector), an index out of bounds, no map or list.
    """
    for key in keys:
        if isinstance(value, dict):
            if text_key(key) not in value:
                raise OttlError("the map has no such key")
            value = value[text_key(key)]
        else:
            value = _member(value, key)
    return value


def read_cache(cache: dict[str, Value], keys: list[Key]) -> Value:
    """Return the value under a path of keys, None where a map has no such key."""
    value: Value = cache
    for key in keys:
        if isinstance(value, dict):
            if text_key(key) not in value:
                return None
            value = value[text_key(key)]
        else:
            value = _member(value, key)
    return value


def written(old: Value, keys: list[Key], new: Value) -> Value:
    """Return ``old`` with ``new`` under a path of keys; what is on the way is copied, since others may hold it."""
    if not keys:
        return new
    key, rest = keys[0], keys[1:]
    if old is None:
        old = {} if isinstance(key, str) else []
    if isinstance(old, dict):
        return {**old, text_key(key): written(old.get(text_key(key)), rest, new)}
    if isinstance(old, list):
        index = list_index(key, len(old))
        return [*old[:index], written(old[index], rest, new), *old[index + 1 :]]
    raise not_indexable(old)


def _member(value: Value, key: Key) -> Value:
    if isinstance(value, list):
        return value[list_index(key, len(value))]
    raise not_indexable(value)
