"""Actions on attributes, compiled once: each takes the attributes by key and says whether it changed them.

Source of the rules: contrib's attributes processor, its documentation and behaviour.
"""

import hashlib
import math
import re
import struct
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from otel_discord.ottl.regex import Regex, compile_regex
from otel_discord.ottl.values import INT_MAX, INT_MIN
from otel_discord.processors.attributes.action_config import ActionConfig, ActionName, ConvertedType
from otel_discord.processors.attributes.value_text import plain_text
from otel_discord.signals import to_plain
from otel_discord.signals.from_plain import from_plain

Attributes: TypeAlias = dict[str, AnyValue]
Action: TypeAlias = Callable[[Attributes], bool]
"""Changes the map (never a value in it) and returns whether it did."""

_DECIMAL_INT: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_WORDS: Final = re.compile(r"[+-]?(?:inf|infinity|nan)", re.ASCII | re.IGNORECASE)


def compile_actions(configs: Iterable[ActionConfig]) -> Sequence[Action]:
    """Return the actions in order."""
    return [_compile(config) for config in configs]


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of attributes."""

    put: Mapping[str, AnyValue]
    """New values, of keys that were there and of others."""
    removed: Collection[str]

    def apply(self, attributes: Any) -> None:
        """Change a repeated field of attributes; of a key that is there twice, both."""
        missing = dict(self.put)
        for place in reversed(range(len(attributes))):
            pair = attributes[place]
            if pair.key in self.removed:
                del attributes[place]
            elif pair.key in self.put:
                pair.value.CopyFrom(self.put[pair.key])
                missing.pop(pair.key, None)
        for key, value in missing.items():
            attributes.add(key=key, value=value)


def edited(attributes: Iterable[KeyValue], actions: Iterable[Action]) -> Edit | None:
    """Return what all actions together do, or None where they change nothing. Of duplicates the last one counts."""
    before = {pair.key: pair.value for pair in attributes}
    after = dict(before)
    changed = False
    for action in actions:
        changed = action(after) or changed
    if not changed:
        return None
    put = {key: value for key, value in after.items() if before.get(key) is not value}
    return Edit(put, before.keys() - after.keys())


def _compile(config: ActionConfig) -> Action:
    key = config.key
    regex = compile_regex(config.pattern) if config.pattern else None
    match config.action:
        case ActionName.INSERT | ActionName.UPDATE | ActionName.UPSERT as name:
            return _setter(key, _source(config), name)
        case ActionName.DELETE:
            return lambda attributes: _delete(attributes, key, regex)
        case ActionName.HASH:
            return lambda attributes: _hash(attributes, key, regex)
        case ActionName.EXTRACT if regex is not None:
            return lambda attributes: _extract(attributes, key, regex)
        case ActionName.CONVERT if config.converted_type is not None:
            wanted = config.converted_type
            return lambda attributes: key in attributes and _put(attributes, key, converted(attributes[key], wanted))
        case name:
            raise ValueError(f"action {name} is not complete")


def _source(config: ActionConfig) -> Callable[[Attributes], AnyValue | None]:
    default = None if config.default_value is None else from_plain(config.default_value)
    if config.value is not None:
        value = from_plain(config.value)
        return lambda _: value
    if config.from_attribute:
        source = config.from_attribute
        return lambda attributes: attributes.get(source, default)
    return lambda _: default


def _setter(key: str, source: Callable[[Attributes], AnyValue | None], name: ActionName) -> Action:
    if_there, if_missing = name is not ActionName.INSERT, name is not ActionName.UPDATE

    def set_it(attributes: Attributes) -> bool:
        if not (if_there if key in attributes else if_missing):
            return False
        value = source(attributes)
        return value is not None and _put(attributes, key, value)

    return set_it


def _put(attributes: Attributes, key: str, value: AnyValue) -> bool:
    if key in attributes and attributes[key] == value:
        return False
    attributes[key] = value
    return True


def _chosen(attributes: Attributes, key: str, regex: Regex | None) -> list[str]:
    keys = [key] if key and key in attributes else []
    if regex is not None:
        keys += [each for each in attributes if each != key and regex.found_in(each)]
    return keys


def _delete(attributes: Attributes, key: str, regex: Regex | None) -> bool:
    keys = _chosen(attributes, key, regex)
    for each in keys:
        del attributes[each]
    return bool(keys)


def _hash(attributes: Attributes, key: str, regex: Regex | None) -> bool:
    changed = False
    for each in _chosen(attributes, key, regex):
        changed = _put(attributes, each, AnyValue(string_value=hashed(attributes[each]))) or changed
    return changed


def hashed(value: AnyValue) -> str:
    """Return the SHA-256 in hex; "" for an empty text and for what is no text, number or truth value."""
    match to_plain(value):
        case str() as text:
            data = text.encode()
        case bool() as truth:
            data = bytes([truth])
        case int() as number:
            data = struct.pack("<q", number)
        case float() as number:
            data = struct.pack("<d", number)
        case _:
            data = b""
    return hashlib.sha256(data).hexdigest() if data else ""


def _extract(attributes: Attributes, key: str, regex: Regex) -> bool:
    value = attributes.get(key)
    if value is None or value.WhichOneof("value") != "string_value":
        return False
    found = regex.search(value.string_value)
    if found is None:
        return False
    changed = False
    for name, text in found.groupdict().items():
        changed = _put(attributes, name, AnyValue(string_value=text or "")) or changed
    return changed


def converted(value: AnyValue, wanted: ConvertedType) -> AnyValue:
    """Return the value as another type, or the same value where that cannot be."""
    plain = to_plain(value)
    if wanted is ConvertedType.STRING:
        return AnyValue(string_value=plain_text(plain))
    number = _to_int(plain) if wanted is ConvertedType.INT else _to_double(plain)
    if number is None:
        return value
    return AnyValue(int_value=number) if isinstance(number, int) else AnyValue(double_value=number)


def _to_int(plain: object) -> int | None:
    match plain:
        case bool() | int():
            number = int(plain)
        case float() if math.isfinite(plain):
            number = int(plain)
        case str() if _DECIMAL_INT.fullmatch(plain) and len(plain) < _LONGEST_INT:
            number = int(plain)
        case _:
            return None
    return number if INT_MIN <= number <= INT_MAX else None


def _to_double(plain: object) -> float | None:
    match plain:
        case bool() | int() | float():
            return float(plain)
        case str() if _DECIMAL.fullmatch(plain) or _WORDS.fullmatch(plain):
            number = float(plain)
            return number if math.isfinite(number) or _WORDS.fullmatch(plain) else None
        case _:
            return None


_LONGEST_INT: Final = 1000
"""Digits; beyond it a text is no 64-bit number whatever its zeros, and is not looked at."""
