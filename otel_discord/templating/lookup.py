"""``attr('order.id', 'none')``: a function that values give to templates, for keys with dots in them."""

from collections.abc import Mapping
from typing import Final

LOOKUP_NAMES: Final = ("attr", "resource_attr")
"""The names under which values give lookups in a record's and in its resource's attributes."""


class Lookup:
    """Looks up one attribute by its whole key; give it to templates as a value.

    Args:
        attributes: values as they may be shown (masked already), by key.
    """

    __slots__ = ("_attributes",)

    def __init__(self, attributes: Mapping[str, object]) -> None:
        self._attributes = attributes

    def __call__(self, key: object, default: object = "") -> object:
        """Return the value of a key; ``default`` where there is none, or only an empty text."""
        found = self._attributes.get(key) if isinstance(key, str) else None
        return default if found is None or found == "" else found

    def __repr__(self) -> str:
        return "Lookup(…)"
