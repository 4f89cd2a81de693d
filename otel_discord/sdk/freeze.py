"""Values as they are now: plain and unchangeable, whatever the application does with its own afterwards.

Runs on the application's threads: plain values pass at the price of a look at their type, all else is bounded. Nothing
here raises an ``Exception``; a ``BaseException`` (an exit, an interrupt) that arrives meanwhile is the application's.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import islice
from sys import getsizeof
from typing import Any, Final

from otel_discord.sdk.snapshot import Snapshot

MAX_TEXT_CHARS: Final = 250_000
"""Plain ASCII of this length stays below the 256 KiB that a text may have on its way."""
MAX_BYTES: Final = 32 * 1024 * 1024
"""Above any file that a Discord message takes; bytes are kept whole or not at all."""
MAX_ITEMS: Final = 256
"""Items of one list or map, and attributes of one record."""
MAX_VALUES: Final = 2048
"""Nested values of one record."""
MAX_KEY_CHARS: Final = 256
MAX_DEPTH: Final = 6
MIN_INT: Final = -(2**63)
MAX_INT: Final = 2**63 - 1

_SEQUENCES: Final[tuple[type, ...]] = (list, tuple, set, frozenset, deque, type({}.keys()), type({}.values()))
_RECORD_BYTES: Final = 512  # a snapshot, its map of attributes and its place in the buffer
_PAIR_BYTES: Final = 100
_VALUE_BYTES: Final = 32


def freeze(value: Any, *, depth: int = MAX_DEPTH) -> Any:
    """Return a text, bool, int, float, bytes, None, or a tuple or dict of such.

    Subclasses become their plain type (an ``IntEnum`` its number); integers beyond 64 bits and other objects become
    text (``str(value)``, or ``<unprintable Name>`` when that fails). Text is cut in the middle at 250,000 characters;
    containers end after 256 items, 2048 values in all or ``depth`` levels. Never raises an ``Exception``.
    """
    return _frozen(value, depth, [MAX_VALUES])


def freeze_attributes(mapping: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a record's attributes frozen, at most 256 of them, names as text. Never raises an ``Exception``."""
    frozen: dict[str, Any] = {}
    try:
        _fill(frozen, mapping.items())
    except Exception:  # noqa: BLE001 -- changed by another thread meanwhile, or a map of the application's own making
        try:
            _fill(frozen, dict(mapping).items())
        except Exception:  # noqa: BLE001
            return frozen
    return frozen


def weight(snapshot: Snapshot) -> int:
    """Estimate how many bytes a snapshot takes up: at least 512, texts and bytes as large as they are."""
    total = _RECORD_BYTES + value_weight(snapshot.body) + getsizeof(snapshot.template) + len(snapshot.event_name)
    for key, value in snapshot.attributes.items():
        kind = type(value)
        total += _PAIR_BYTES + len(key)
        total += getsizeof(value) if kind is str or kind is bytes else value_weight(value)
    if snapshot.exception is not None:
        total += snapshot.exception.size_bytes
    return total


def value_weight(value: Any) -> int:
    """Estimate how many bytes a frozen value takes up."""
    kind = type(value)
    if kind is str or kind is bytes:
        return getsizeof(value)
    if kind is tuple:
        return _PAIR_BYTES + sum(map(value_weight, value))
    if kind is dict:
        return 2 * _PAIR_BYTES + sum(_PAIR_BYTES + len(key) + value_weight(item) for key, item in value.items())
    return _VALUE_BYTES


def cut_middle(text: str, most_chars: int) -> str:
    """Return the text in at most so many characters: its beginning and its end, and how much is missing between."""
    if len(text) <= most_chars:
        return text
    gap = f"\n… {len(text) - most_chars:,} characters left out …\n"
    room = most_chars - len(gap)
    if room <= 0:
        return text[:most_chars]
    return text[: room - room // 2] + gap + text[len(text) - room // 2 :]


def _fill(frozen: dict[str, Any], items: Iterable[tuple[Any, Any]]) -> None:
    left: list[int] | None = None
    for key, value in items:
        kind = type(value)
        if kind is str:
            if len(value) > MAX_TEXT_CHARS:
                value = cut_middle(value, MAX_TEXT_CHARS)
        elif kind is int:
            if not MIN_INT <= value <= MAX_INT:
                value = _integer_text(value)
        elif kind is not float and kind is not bool and value is not None:
            if left is None:
                left = [MAX_VALUES]
            value = _frozen(value, MAX_DEPTH, left)
        if type(key) is not str or len(key) > MAX_KEY_CHARS:
            key = _frozen_key(key)
        frozen[key] = value
        if len(frozen) >= MAX_ITEMS:
            break


def _frozen(value: Any, depth: int, left: list[int]) -> Any:
    try:
        return _freeze_any(value, depth, left)
    except Exception:  # noqa: BLE001 -- whatever the application's own code raises
        return f"<unprintable {_type_name(value)}>"


def _freeze_any(value: Any, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    kind = type(value)
    if value is None or kind is bool or kind is float:
        return value
    if isinstance(value, str):
        return cut_middle(value if kind is str else str.__str__(value), MAX_TEXT_CHARS)
    if isinstance(value, int):
        number = value if kind is int else int.__int__(value)
        return number if MIN_INT <= number <= MAX_INT else _integer_text(number)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _freeze_bytes(value)
    if isinstance(value, (dict, Mapping)):
        return _freeze_map(value, depth, left)
    if isinstance(value, _SEQUENCES):
        return _freeze_sequence(value, depth, left)
    return _text_of(value, MAX_TEXT_CHARS)


def _freeze_bytes(value: bytes | bytearray | memoryview) -> Any:
    size = value.nbytes if isinstance(value, memoryview) else len(value)
    return bytes(value) if size <= MAX_BYTES else f"<{size} bytes>"


def _freeze_map(value: Mapping[Any, Any], depth: int, left: list[int]) -> Any:
    if depth <= 0:
        return f"<{_type_name(value)} of {len(value)}>"
    frozen: dict[str, Any] = {}
    try:
        for key, item in value.items():
            if len(frozen) >= MAX_ITEMS or left[0] <= 0:
                frozen["…"] = f"{len(value) - len(frozen)} more"
                break
            frozen[_frozen_key(key)] = _frozen(item, depth - 1, left)
    except RuntimeError:  # changed by another thread meanwhile
        frozen["…"] = "changed while it was read"
    return frozen


def _freeze_sequence(value: Any, depth: int, left: list[int]) -> Any:
    if depth <= 0:
        return f"<{_type_name(value)} of {len(value)}>"
    frozen: list[Any] = []
    try:
        for item in islice(value, MAX_ITEMS):
            if left[0] <= 0:
                break
            frozen.append(_frozen(item, depth - 1, left))
        if len(value) > len(frozen):
            frozen.append(f"… {len(value) - len(frozen)} more")
    except RuntimeError:  # changed by another thread meanwhile
        frozen.append("… changed while it was read")
    return tuple(frozen)


def _frozen_key(key: Any) -> str:
    try:
        text = key if type(key) is str else str.__str__(key) if isinstance(key, str) else _text_of(key, MAX_KEY_CHARS)
        return cut_middle(text, MAX_KEY_CHARS)
    except Exception:  # noqa: BLE001
        return f"<unprintable {_type_name(key)}>"


def _text_of(value: Any, most_chars: int) -> str:
    return cut_middle(str.__str__(str(value)), most_chars)


def _integer_text(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # more digits than the interpreter is willing to write
        return f"<integer of {value.bit_length()} bits>"


def _type_name(value: Any) -> str:
    try:
        return str(type(value).__name__)
    except Exception:  # noqa: BLE001 -- a metaclass can do anything
        return "object"
