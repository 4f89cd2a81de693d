"""JSON values read by type, with the path of what is wrong. Pure.

Null is the same as absent, and a number or a bool where a text belongs becomes its text; anything else is refused.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

_NAMES: Final = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}


class PayloadError(ValueError):
    """The body is not what a webhook receiver gets; the text names the place and what belongs there."""


def kind(value: object) -> str:
    """Return what a JSON value is, for a person."""
    return _NAMES.get(type(value), "null")


def text(of: Mapping[str, Any], key: str, path: str = "") -> str:
    """Return a text, "" where it is absent.

    Raises:
        PayloadError: it is an object or a list.
    """
    value = of.get(key)
    return "" if value is None else scalar_text(value, f"{path}{key}")


def scalar_text(value: object, path: str) -> str:
    """Return the text of a text, number or boolean.

    Raises:
        PayloadError: it is something else.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise PayloadError(f"{path}: must be a text, is {kind(value)}")


def items(of: Mapping[str, Any], key: str, path: str = "") -> Sequence[Any]:
    """Return a list, empty where it is absent.

    Raises:
        PayloadError: it is something else.
    """
    value = of.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise PayloadError(f"{path}{key}: must be a list, is {kind(value)}")
    return value


def section(of: Mapping[str, Any], key: str, path: str = "") -> Mapping[str, Any]:
    """Return an object, empty where it is absent.

    Raises:
        PayloadError: it is something else.
    """
    value = of.get(key)
    if value is None:
        return {}
    return checked_object(value, f"{path}{key}")


def checked_object(value: object, path: str) -> Mapping[str, Any]:
    """Return the value.

    Raises:
        PayloadError: it is no object.
    """
    if not isinstance(value, dict):
        raise PayloadError(f"{path}: must be an object, is {kind(value)}")
    return value


def texts(of: Mapping[str, Any], key: str, path: str = "") -> dict[str, str]:
    """Return an object of texts; entries without a name or with null are left out.

    Raises:
        PayloadError: it is no object, or an entry is one, or a list.
    """
    found = section(of, key, path)
    return {
        name: scalar_text(value, f"{path}{key}.{name[:100]}")
        for name, value in found.items()
        if name and value is not None
    }
