"""One value written by one verb of a format string, as Go's fmt package does it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from otel_discord.ottl.functions.ctime_write import write_time
from otel_discord.ottl.functions.go_duration import go_duration_text
from otel_discord.ottl.functions.numbers import float_to_text
from otel_discord.ottl.values import Duration, Timestamp, Value

_TYPES: Final[dict[type, str]] = {
    bool: "bool",
    int: "int64",
    float: "float64",
    str: "string",
    bytes: "[]uint8",
    list: "[]interface {}",
    dict: "map[string]interface {}",
    Timestamp: "time.Time",
    Duration: "time.Duration",
}
_BASES: Final[dict[str, tuple[str, str]]] = {
    # verb: (how Python writes it, prefix with the flag #)
    "b": ("b", "0b"),
    "o": ("o", "0"),
    "O": ("o", ""),
    "d": ("d", ""),
    "v": ("d", ""),
    "x": ("x", "0x"),
    "X": ("X", "0X"),
}
_SHORTEST_EXPONENTS: Final = range(-4, 6)
_UNICODE_MAX: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)


@dataclass(frozen=True, slots=True)
class Spec:
    """A verb with its flags (of ``+-# 0``), width and precision in characters."""

    verb: str
    flags: str
    width: int
    precision: int | None

    def padded(self, text: str, *, zeros: bool = False) -> str:
        """Return the text filled up to the width; zeros go between the sign and the digits."""
        if "-" in self.flags:
            return text.ljust(self.width)
        if zeros and "0" in self.flags:
            return text.zfill(self.width)
        return text.rjust(self.width)


def go_type(value: Value) -> str:
    """Return the type's name in Go."""
    return _TYPES.get(type(value), "<nil>")


def written(value: Value, spec: Spec) -> str | None:
    """Return the value in the verb's form; None where the verb does not fit the type."""
    if spec.verb == "T":
        return spec.padded(go_type(value))
    match value:
        case list():
            return _members(value, spec, "[{}]")
        case dict():
            pairs = [(written(key, spec), written(value[key], spec)) for key in sorted(value)]
            return _joined([None if None in pair else f"{pair[0]}:{pair[1]}" for pair in pairs], "map[{}]")
        case bytes() if spec.verb in "vd":
            return _members(list(value), spec, "[{}]")
        case Timestamp() if spec.verb in "vs":
            return spec.padded(write_time(value.ns, "%Y-%m-%d %H:%M:%S.%s %z %Z"))
        case Duration() if spec.verb in "vs":
            return spec.padded(go_duration_text(value.ns))
        case Duration():
            return _integer(value.ns, spec)
        case None:
            return spec.padded("<nil>") if spec.verb == "v" else None
    return _SCALARS[type(value)](value, spec) if type(value) in _SCALARS else None


def _members(values: list[Value], spec: Spec, frame: str) -> str | None:
    return _joined([written(member, spec) for member in values], frame)


def _joined(texts: list[str | None], frame: str) -> str | None:
    return None if None in texts else frame.format(" ".join(text for text in texts if text is not None))


def _boolean(value: bool, spec: Spec) -> str | None:
    return spec.padded("true" if value else "false") if spec.verb in "tv" else None


def _integer(value: int, spec: Spec) -> str | None:
    if spec.verb in _BASES:
        form, prefix = _BASES[spec.verb]
        digits = format(abs(value), form).rjust(spec.precision or 0, "0")
        prefix = "0o" if spec.verb == "O" else prefix if "#" in spec.flags else ""
        return spec.padded(_sign(value < 0, spec) + prefix + digits, zeros=spec.precision is None)
    if spec.verb in "cqU" and 0 <= value <= _UNICODE_MAX and value not in _SURROGATES:
        character = chr(value)
        return spec.padded({"c": character, "q": f"'{character}'", "U": f"U+{value:04X}"}[spec.verb])
    return None


def _float(value: float, spec: Spec) -> str | None:
    if spec.verb not in "vgGeEfF":
        return None
    if value != value or value in (float("inf"), float("-inf")):
        return spec.padded(float_to_text(value))
    if spec.verb in "vgG" and spec.precision is None:
        digits = _shortest(abs(value))
        digits = digits.upper() if spec.verb == "G" else digits
    else:
        form = "g" if spec.verb == "v" else spec.verb
        alternative = "#" if "#" in spec.flags else ""
        digits = format(abs(value), f"{alternative}.{6 if spec.precision is None else spec.precision}{form}")
    negative = str(value).startswith("-")
    return spec.padded(_sign(negative, spec) + digits, zeros=True)


def _shortest(value: float) -> str:
    decimal = Decimal(repr(value)).normalize()
    exponent = decimal.adjusted()
    if not value or exponent in _SHORTEST_EXPONENTS:
        return float_to_text(value)
    digits = "".join(map(str, decimal.as_tuple().digits))
    point = "." if len(digits) > 1 else ""
    return f"{digits[0]}{point}{digits[1:]}e{'-' if exponent < 0 else '+'}{abs(exponent):02}"


def _text(value: str, spec: Spec) -> str | None:
    shown = value if spec.precision is None else value[: spec.precision]
    if spec.verb in "sv":
        return spec.padded(shown)
    if spec.verb == "q":
        return spec.padded(json.dumps(shown, ensure_ascii="+" in spec.flags))
    if spec.verb in "xX":
        return _hex(value.encode(errors="replace"), spec)
    return None


def _bytes(value: bytes, spec: Spec) -> str | None:
    return _hex(value, spec) if spec.verb in "xX" else _text(value.decode(errors="replace"), spec)


def _hex(value: bytes, spec: Spec) -> str:
    digits = (value if spec.precision is None else value[: spec.precision]).hex(*(" " if " " in spec.flags else ""))
    shown = ("0x" if "#" in spec.flags else "") + digits
    return spec.padded(shown.upper() if spec.verb == "X" else shown)


def _sign(negative: bool, spec: Spec) -> str:
    if negative:
        return "-"
    return "+" if "+" in spec.flags else " " if " " in spec.flags else ""


_SCALARS: Final[dict[type, Callable[..., str | None]]] = {
    bool: _boolean,
    int: _integer,
    float: _float,
    str: _text,
    bytes: _bytes,
}
