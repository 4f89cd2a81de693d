"""``Format``: a format string with verbs, as Go's Sprintf has them: flags, width, precision, ``%v %d %s %q %x %f`` ….

A missing, superfluous or unfitting argument is named in the text (``%!d(string=hi)``), not an error. Widths are
bounded; argument indexes (``%[1]d``) are not supported.
"""

import re
from typing import Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions.declare import converter
from otel_discord.ottl.functions.go_verbs import Spec, go_type, written
from otel_discord.ottl.registry import Function, Kind, Parameter
from otel_discord.ottl.values import Value

WIDTH_MAX: Final = 1_000
FORMATTED_CHARS_MAX: Final = 4 * 2**20
_DIRECTIVE: Final = re.compile(
    r"%(?P<flags>[-+# 0]*)(?P<width>\*|[0-9]*)(?P<point>\.(?P<precision>\*|[0-9]*))?(?P<verb>.?)", re.DOTALL
)


class _ArgumentsLeft:
    """The arguments that no verb has taken yet."""

    def __init__(self, values: list[Value]) -> None:
        self.values = values
        self.taken = 0

    def has_more(self) -> bool:
        return self.taken < len(self.values)

    def take(self) -> Value:
        self.taken += 1
        return self.values[self.taken - 1]

    def number(self, text: str) -> int:
        """A width or precision: digits, or ``*`` for the next argument."""
        if text == "*":
            value = self.take() if self.has_more() else None
            if isinstance(value, bool) or not isinstance(value, int):
                raise OttlError("a * for a width or a precision takes an int")
            number = value
        else:
            number = int(text[: len(str(WIDTH_MAX)) + 1] or 0)
        if abs(number) > WIDTH_MAX:
            raise OttlError(f"a width or a precision above {WIDTH_MAX:,}")
        return number


def format_text(layout: str, values: list[Value]) -> str:
    """Return the text.

    Raises:
        OttlError: a width or precision over 1,000, or more than 4 Mi characters of text.
    """
    left = _ArgumentsLeft(values)
    pieces: list[str] = []
    size = position = 0
    for directive in _DIRECTIVE.finditer(layout):
        pieces += (layout[position : directive.start()], _directive(directive, left))
        size += len(pieces[-1]) + len(pieces[-2])
        if size > FORMATTED_CHARS_MAX:
            raise OttlError(f"the formatted text is longer than {FORMATTED_CHARS_MAX:,} characters")
        position = directive.end()
    pieces.append(layout[position:])
    if left.has_more():
        extra = ", ".join(_with_type(value) for value in values[left.taken :])
        pieces.append(f"%!(EXTRA {extra})")
    return "".join(pieces)


def _directive(directive: re.Match[str], left: _ArgumentsLeft) -> str:
    verb = directive["verb"]
    if verb == "%":
        return "%"
    width = left.number(directive["width"])
    precision = max(left.number(directive["precision"]), 0) if directive["point"] else None
    flags = directive["flags"] + ("-" if width < 0 else "")
    if not verb:
        return "%!(NOVERB)"
    if not left.has_more():
        return f"%!{verb}(MISSING)"
    value = left.take()
    text = written(value, Spec(verb, flags, abs(width), precision))
    return f"%!{verb}({_with_type(value)})" if text is None else text


def _with_type(value: Value) -> str:
    if value is None:
        return "<nil>"
    return f"{go_type(value)}={written(value, Spec('v', '', 0, None))}"


FUNCTIONS: Final[tuple[Function, ...]] = (
    converter("Format", format_text, Parameter("format", Kind.STRING), Parameter("vals", Kind.LIST)),
)
