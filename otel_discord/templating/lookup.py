"""``attr('order.id', 'none')``: a function that values give to templates, for keys with dots in them."""

from collections.abc import Callable, Mapping
from typing import Final

LOOKUP_NAMES: Final = ("attr", "resource_attr")
"""The names under which values give lookups in a record's and in its resource's attributes."""


class Lookup:
    """Looks up one attribute by its whole key; give it to templates as a value.

    Args:
        attributes: values as they may be shown (masked already), by key.
        clean: takes out of a value that is asked for what may not be shown; None: it is given as it is.
    """

    __slots__ = ("_attributes", "_clean")

    def __init__(self, attributes: Mapping[str, object], clean: Callable[[object], object] | None = None) -> None:
        self._attributes = attributes
        self._clean = clean

    def __call__(self, key: object, default: object = "") -> object:
        """Return the value of a key; ``default`` where there is none, or only an empty text."""
        found = self._attributes.get(key) if isinstance(key, str) else None
        if found is not None and self._clean is not None:
            found = self._clean(found)
        return default if found is None or found == "" else found

    def __repr__(self) -> str:
        return "Lookup(…)"
