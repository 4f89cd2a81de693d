"""Fields that take keys: attributes, the body, the cache."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from otel_discord.ottl import otlp_values, plain_index
from otel_discord.ottl.paths.field import Access, Keys, Reader, checked, owner_getter
from otel_discord.ottl.values import Value, as_text
from otel_discord.signals import attributes_to_dict, to_plain


@dataclass(frozen=True, slots=True)
class Attributes:
    """A map of attributes. One key is read without converting the others."""

    attribute: str = "attributes"

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        pairs_of: Reader = attrgetter(f"{owner}.{self.attribute}")
        return Access(
            lambda item: attributes_to_dict(pairs_of(item)),
            lambda item, value: otlp_values.replace_pairs(pairs_of(item), value),
            dict,
        )

    def open_at(self, owner: str, keys: Keys) -> Access:
        """See :class:`IndexableField`."""
        pairs_of: Reader = attrgetter(f"{owner}.{self.attribute}")

        def write(item: Any, value: Value) -> None:
            otlp_values.write_pairs(pairs_of(item), keys.of(item), value)

        if keys.constant is not None and len(keys.constant) == 1 and isinstance(keys.constant[0], str):
            return Access(_one_key(pairs_of, keys.constant[0]), write)
        return Access(lambda item: otlp_values.read_pairs(pairs_of(item), keys.of(item)), write)


def _one_key(pairs_of: Reader, key: str) -> Reader:
    def read(item: Any) -> Value:
        found = None
        for pair in pairs_of(item):
            if pair.key == key:
                found = pair
        return None if found is None else to_plain(found.value)  # type: ignore[return-value]

    return read


@dataclass(frozen=True, slots=True)
class AnyField:
    """A value of any type, with keys when it is a map or a list."""

    attribute: str

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        any_of: Reader = attrgetter(f"{owner}.{self.attribute}")
        return Access(
            lambda item: to_plain(any_of(item)),
            lambda item, value: any_of(item).CopyFrom(otlp_values.to_any(value)),
        )

    def open_at(self, owner: str, keys: Keys) -> Access:
        """See :class:`IndexableField`."""
        any_of: Reader = attrgetter(f"{owner}.{self.attribute}")
        return Access(
            lambda item: otlp_values.read_any(any_of(item), keys.of(item)),
            lambda item, value: otlp_values.write_any(any_of(item), keys.of(item), value),
        )


@dataclass(frozen=True, slots=True)
class AnyText:
    """The same value as text, maps and lists as JSON."""

    attribute: str

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        any_of: Reader = attrgetter(f"{owner}.{self.attribute}")
        return Access(
            lambda item: as_text(to_plain(any_of(item))),  # type: ignore[arg-type]
            lambda item, value: any_of(item).CopyFrom(otlp_values.to_any(checked(value, str))),
            str,
        )


@dataclass(frozen=True, slots=True)
class Cache:
    """The item's scratch map: plain values that go nowhere."""

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        item_of = owner_getter(owner)
        return Access(lambda item: item_of(item).cache, lambda item, value: _write_cache(item_of(item), value), dict)

    def open_at(self, owner: str, keys: Keys) -> Access:
        """See :class:`IndexableField`."""
        item_of = owner_getter(owner)

        def write(item: Any, value: Value) -> None:
            holder = item_of(item)
            _write_cache(holder, plain_index.written(holder.cache, keys.of(item), value))

        return Access(lambda item: plain_index.read_cache(item_of(item).cache, keys.of(item)), write)


def _write_cache(holder: Any, value: Value) -> None:
    holder.cache = checked(value, dict)
