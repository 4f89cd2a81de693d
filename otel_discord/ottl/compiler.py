"""From tree to closures, for one context."""

from collections.abc import Mapping
from typing import Any

from otel_discord.config.nearest import did_you_mean
from otel_discord.ottl import plain_index
from otel_discord.ottl.arithmetic import calculate, negative
from otel_discord.ottl.boolean import all_of, any_of, boolean, comparison, negated
from otel_discord.ottl.call_compiler import bind
from otel_discord.ottl.enums import ENUMS
from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.expression import Expression, Predicate, constant_expression
from otel_discord.ottl.items import ContextKind
from otel_discord.ottl.path_compiler import keys_of, open_path
from otel_discord.ottl.paths.field import Access, Keys
from otel_discord.ottl.refusal import Refusal
from otel_discord.ottl.registry import Clock, Function, Getter
from otel_discord.ottl.syntax import (
    Call,
    Chain,
    Combined,
    Comparison,
    ListOf,
    Literal,
    MapOf,
    Name,
    Negated,
    Negative,
    Node,
    Path,
)
from otel_discord.ottl.values import INT_MAX, Value


class Compiler:
    """Compiles nodes; every method raises Refusal, with the column, for what has no meaning."""

    def __init__(self, context: ContextKind, functions: Mapping[str, Function], clock: Clock | None) -> None:
        self.context = context
        self.functions = functions
        self.clock = clock

    def predicate(self, node: Node) -> Predicate:
        """Return what answers a condition."""
        match node:
            case Literal(bool() as value):
                return lambda _item: value
            case Combined("and", members):
                return all_of([self.predicate(member) for member in members])
            case Combined(_, members):
                return any_of([self.predicate(member) for member in members])
            case Negated(operand):
                return negated(self.predicate(operand))
            case Comparison(sign, left, right):
                return comparison(sign, self.value(left), self.value(right))
            case Call(name):
                return boolean(self.value(node), name)
            case _:
                example = "compare the field with a value, as in severity_number >= SEVERITY_NUMBER_WARN"
                raise Refusal(f"expected a condition, found a value; {example}", node.column)

    def value(self, node: Node) -> Expression:
        """Return what reads a value."""
        match node:
            case Literal(value):
                return _literal(value, node.column)
            case Name(name):
                return constant_expression(self.enum(name, node.column))
            case Path():
                access = self.path(node)
                return Expression(access.read, access.kind)
            case Call():
                return self.call(node)
            case Chain(first, rest):
                return self._chain(self.value(first), [(sign, self.value(operand)) for sign, operand in rest], node)
            case Negative(operand):
                inner = self.value(operand)
                get = inner.get
                return _folded(Expression(lambda item: negative(get(item))), [inner], node.column)
            case ListOf(members):
                return self._list([self.value(member) for member in members])
            case MapOf(pairs):
                return self._map([(key, self.value(member)) for key, member in pairs])
            case _:
                raise Refusal("a comparison cannot stand here, only a value", node.column)

    def enum(self, name: str, column: int) -> int:
        """Return the number behind a name."""
        number = ENUMS.get(name)
        if number is not None:
            return number
        if name in self.functions:
            raise Refusal(f"{name} is a function: expected {name}(…)", column)
        advice = did_you_mean(name, [*ENUMS, *self.functions])
        raise Refusal(f'unknown name "{name}"' + (f"; {advice}" if advice else ""), column)

    def path(self, node: Path) -> Access:
        """Return what reads and writes a path."""
        return open_path(node, self.context, self._keys(node.segments[-1].keys))

    def call(self, node: Call) -> Expression:
        """Return what calls a converter, and indexes its result."""
        if node.name[0].islower():
            raise Refusal(f"{node.name} is an editor and gives no value; converters begin with a capital", node.column)
        called, pure = bind(node, self)
        keys = self._keys(node.keys)
        if keys is None:
            return _folded(Expression(called), [], node.column) if pure else Expression(called)
        indexed = _indexed(called, keys)
        return _folded(indexed, [], node.column) if pure and keys.constant is not None else indexed

    def editor(self, node: Call) -> Getter:
        """Return what runs an editor."""
        if node.name[0].isupper():
            raise Refusal(f"{node.name} is a converter; a statement begins with an editor such as set(…)", node.column)
        if node.keys:
            raise Refusal("an editor's result takes no keys", node.keys[0].column)
        return bind(node, self)[0]

    def _keys(self, keys: tuple[Node, ...]) -> Keys | None:
        return keys_of([(self.value(key), key.column) for key in keys]) if keys else None

    @staticmethod
    def _chain(first: Expression, rest: list[tuple[str, Expression]], node: Node) -> Expression:
        get, steps = first.get, [(sign, operand.get) for sign, operand in rest]

        def read(item: Any) -> Value:
            value = get(item)
            for sign, operand in steps:
                value = calculate(sign, value, operand(item))
            return value  # type: ignore[no-any-return]

        return _folded(Expression(read), [first, *(operand for _, operand in rest)], node.column)

    @staticmethod
    def _list(members: list[Expression]) -> Expression:
        if all(member.is_constant for member in members):
            return constant_expression([member.value for member in members])
        getters = [member.get for member in members]
        return Expression(lambda item: [getter(item) for getter in getters], list)

    @staticmethod
    def _map(pairs: list[tuple[str, Expression]]) -> Expression:
        if all(member.is_constant for _, member in pairs):
            return constant_expression({key: member.value for key, member in pairs})
        getters = [(key, member.get) for key, member in pairs]
        return Expression(lambda item: {key: getter(item) for key, getter in getters}, dict)


def _literal(value: Value, column: int) -> Expression:
    if type(value) is int and value > INT_MAX:  # the grammar lets the smallest negative's digits through
        raise Refusal("the integer does not fit into 64 bits", column)
    return constant_expression(value)


def _indexed(getter: Getter, keys: Keys) -> Expression:
    return Expression(lambda item: plain_index.read_result(getter(item), keys.of(item)))


def _folded(expression: Expression, parts: list[Expression], column: int) -> Expression:
    """Compute once what is the same for every item; what always fails is refused at once."""
    if not all(part.is_constant for part in parts):
        return expression
    try:
        return constant_expression(expression.get(None))
    except OttlError as error:
        raise Refusal(str(error), column) from None
