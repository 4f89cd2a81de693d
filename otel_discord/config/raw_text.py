"""A scalar that remembers how it was written, so that the field which takes it decides what it is.

``thread_id: 0123`` is text in a field of text and 83 in a field of numbers (YAML's octal). A value that came through
``${env:…}`` or ``${file:…}`` also remembers that, and is never shown.
"""

from typing import Any, Self


class RawText(str):
    """The text as written; ``typed`` is what YAML makes of it, ``origin`` the reference it came through or ""."""

    __slots__ = ("origin", "typed")

    origin: str
    typed: Any

    def __new__(cls, text: str, typed: Any, origin: str = "") -> Self:
        """Make the scalar; ``typed`` may be anything that YAML can hold, maps and lists included."""
        made = super().__new__(cls, text)
        made.typed = typed
        made.origin = origin
        return made


def to_typed(value: Any) -> Any:
    """Return the value as YAML types it, through maps and lists; nothing in it is a RawText any more."""
    if isinstance(value, RawText):
        return str.__str__(value) if isinstance(value.typed, str) else to_typed(value.typed)
    if isinstance(value, dict):
        return {str.__str__(key): to_typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_typed(item) for item in value]
    return value


def unwrap(value: Any) -> Any:
    """Return the map or list that a reference brought in, else the value itself."""
    if isinstance(value, RawText) and not isinstance(value.typed, str):
        return value.typed if isinstance(value.typed, (dict, list)) or value.typed is None else value
    return value


def with_origin(value: Any, origin: str) -> Any:
    """Return the value with every text in it marked as having come through ``origin``."""
    if isinstance(value, RawText):
        return RawText(value, with_origin(value.typed, origin), value.origin or origin)
    if isinstance(value, str):
        return RawText(value, value, origin)
    if isinstance(value, dict):
        return {key: with_origin(item, origin) for key, item in value.items()}
    if isinstance(value, list):
        return [with_origin(item, origin) for item in value]
    return value
