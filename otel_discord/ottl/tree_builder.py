"""From what the grammar recognises to nodes; called at each reduction, so nothing here recurses."""

from typing import Any, Final

from otel_discord.ottl import syntax
from otel_discord.ottl.string_literal import BadEscapeError, unquote
from otel_discord.ottl.values import INT_MAX

MAX_DEPTH: Final = 100
"""How deep expressions may nest."""


class RefusedError(ValueError):
    """What the grammar allows and the language does not, at an offset from 0."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def _depth(column: int, *children: Any) -> int:
    depth = 1 + max((child.depth for child in children), default=0)
    if depth > MAX_DEPTH:
        raise RefusedError(f"nested deeper than {MAX_DEPTH} levels", column - 1)
    return depth


def _column(token: Any) -> int:
    return int(token.start_pos) + 1


class TreeBuilder:
    """One method for each rule of the grammar."""

    def string(self, found: list[Any]) -> syntax.Literal:
        """``"text"``."""
        return syntax.Literal(_text(found[0]), _column(found[0]))

    def integer(self, found: list[Any]) -> syntax.Literal:
        """``1``."""
        digits = str(found[0])
        value = int(digits) if len(digits) <= _MAX_DIGITS else INT_MAX + 2
        if value > INT_MAX + 1:  # one more, for the smallest negative
            raise RefusedError("the integer does not fit into 64 bits", found[0].start_pos)
        return syntax.Literal(value, _column(found[0]))

    def floating(self, found: list[Any]) -> syntax.Literal:
        """``1.5``."""
        return syntax.Literal(float(found[0]), _column(found[0]))

    def raw_bytes(self, found: list[Any]) -> syntax.Literal:
        """``0x0aff``."""
        digits = str(found[0])[2:]
        if not digits or len(digits) % 2:
            raise RefusedError("bytes are two hex digits each, as in 0x0aff", found[0].start_pos)
        return syntax.Literal(bytes.fromhex(digits), _column(found[0]))

    def true(self, found: list[Any]) -> syntax.Literal:
        """``true``."""
        return syntax.Literal(True, _column(found[0]))

    def false(self, found: list[Any]) -> syntax.Literal:
        """``false``."""
        return syntax.Literal(False, _column(found[0]))

    def nil(self, found: list[Any]) -> syntax.Literal:
        """``nil``."""
        return syntax.Literal(None, _column(found[0]))

    def name(self, found: list[Any]) -> syntax.Name:
        """``SPAN_KIND_SERVER``."""
        return syntax.Name(str(found[0]), _column(found[0]))

    def list_of(self, found: list[Any]) -> syntax.ListOf:
        """``[a, b]``."""
        column, members = _column(found[0]), tuple(found[1:])
        return syntax.ListOf(members, column, _depth(column, *members))

    def map_of(self, found: list[Any]) -> syntax.MapOf:
        """``{"a": 1}``."""
        column, pairs = _column(found[0]), tuple(found[1:])
        return syntax.MapOf(pairs, column, _depth(column, *(value for _, value in pairs)))

    def pair(self, found: list[Any]) -> tuple[str, syntax.Node]:
        """``"a": 1``."""
        return _text(found[0]), found[1]

    def grouped(self, found: list[Any]) -> syntax.Node:
        """``(a)``."""
        node: syntax.Node = found[0]
        return node

    def key(self, found: list[Any]) -> syntax.Node:
        """``["a"]``."""
        node: syntax.Node = found[1]
        return node

    def field(self, found: list[Any]) -> syntax.Segment:
        """``attributes["a"]``."""
        column, keys = _column(found[0]), tuple(found[1:])
        return syntax.Segment(str(found[0]), keys, column, _depth(column, *keys))

    def path(self, found: list[Any]) -> syntax.Path:
        """``log.attributes["a"]``."""
        return syntax.Path(tuple(found), found[0].column, _depth(found[0].column, *found))

    def positional(self, found: list[Any]) -> syntax.Argument:
        """An argument."""
        return syntax.Argument("", found[0], found[0].column, found[0].depth)

    def named(self, found: list[Any]) -> syntax.Argument:
        """``delimiter=","``."""
        return syntax.Argument(str(found[0]), found[1], _column(found[0]), found[1].depth)

    def call(self, found: list[Any]) -> syntax.Call:
        """``Split(body, ",")[0]``."""
        column = _column(found[0])
        arguments = tuple(child for child in found[1:] if isinstance(child, syntax.Argument))
        keys = tuple(found[1 + len(arguments) :])
        return syntax.Call(str(found[0]), arguments, keys, column, _depth(column, *found[1:]))

    def chain(self, found: list[Any]) -> syntax.Chain:
        """``a + b - c``, ``a * b / c``."""
        operators, operands = [str(operator) for operator in found[1::2]], found[2::2]
        column = found[0].column
        return syntax.Chain(found[0], tuple(zip(operators, operands, strict=True)), column, _depth(column, *found[::2]))

    def signed(self, found: list[Any]) -> syntax.Node:
        """``-a``, ``+a``."""
        sign, operand = found
        if sign == "+":
            return operand  # type: ignore[no-any-return]
        column = _column(sign)
        if isinstance(operand, syntax.Literal) and type(operand.value) in (int, float):
            return syntax.Literal(-operand.value, column)  # type: ignore[operator]
        return syntax.Negative(operand, column, _depth(column, operand))

    def compared(self, found: list[Any]) -> syntax.Comparison:
        """``a < b``."""
        left, operator, right = found
        return syntax.Comparison(str(operator), left, right, _column(operator), _depth(left.column, left, right))

    def negated(self, found: list[Any]) -> syntax.Negated:
        """``not a``."""
        column = _column(found[0])
        return syntax.Negated(found[1], column, _depth(column, found[1]))

    def all_of(self, found: list[Any]) -> syntax.Combined:
        """``a and b``."""
        return syntax.Combined("and", tuple(found), found[0].column, _depth(found[0].column, *found))

    def any_of(self, found: list[Any]) -> syntax.Combined:
        """``a or b``."""
        return syntax.Combined("or", tuple(found), found[0].column, _depth(found[0].column, *found))

    def guarded(self, found: list[Any]) -> tuple[syntax.Node, syntax.Node]:
        """``set(…) where a``."""
        return found[0], found[1]


_MAX_DIGITS: Final = 30


def _text(token: Any) -> str:
    try:
        return unquote(str(token))
    except BadEscapeError as error:
        raise RefusedError(str(error), int(token.start_pos) + error.offset) from None
