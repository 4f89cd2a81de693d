"""Conditions and statements: the texts that users write, ready to run."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from otel_discord.ottl.compiler import Compiler
from otel_discord.ottl.errors import OttlSyntaxError
from otel_discord.ottl.expression import Predicate
from otel_discord.ottl.functions import FUNCTIONS
from otel_discord.ottl.items import ContextKind, Item
from otel_discord.ottl.parser import parse
from otel_discord.ottl.refusal import Refusal
from otel_discord.ottl.registry import Clock, Function, Getter
from otel_discord.ottl.syntax import Call, Parsed

MadeT = TypeVar("MadeT")


class Condition:
    """Answers yes or no about an item."""

    __slots__ = ("holds", "text")

    def __init__(self, text: str, holds: Predicate) -> None:
        self.text = text
        self.holds = holds

    def __call__(self, item: Item) -> bool:
        """Return the answer.

        Raises:
            OttlError: a value that the condition cannot work with.
        """
        return self.holds(item)

    def __repr__(self) -> str:
        return f"Condition({self.text!r})"


class Statement:
    """Changes an item, when the condition after ``where`` holds."""

    __slots__ = ("run", "text")

    def __init__(self, text: str, edit: Getter, where: Predicate | None) -> None:
        self.text = text
        self.run = _guarded(edit, where)

    def __call__(self, item: Item) -> bool:
        """Return whether the editor ran.

        Raises:
            OttlError: a value that the statement cannot work with.
        """
        return self.run(item)

    def __repr__(self) -> str:
        return f"Statement({self.text!r})"


def _guarded(edit: Getter, where: Predicate | None) -> Predicate:
    def run(item: Any) -> bool:
        if where is not None and not where(item):
            return False
        edit(item)
        return True

    return run


def parse_condition(
    text: str,
    context: ContextKind,
    *,
    clock: Clock | None = None,
    functions: Mapping[str, Function] = FUNCTIONS,
) -> Condition:
    """Compile a condition; ``clock`` gives nanoseconds since 1970 to functions that ask for the time.

    Raises:
        OttlSyntaxError: it is none; says where and what was expected.
    """

    def make(parsed: Parsed) -> Condition:
        if parsed.where is not None:
            raise Refusal('a condition has no "where"', parsed.where.column)
        if isinstance(parsed.head, Call) and parsed.head.name[0].islower():
            raise Refusal(f"expected a condition, found the editor {parsed.head.name}", parsed.head.column)
        return Condition(text, Compiler(context, functions, clock).predicate(parsed.head))

    return _made(text, make)


def parse_statement(
    text: str,
    context: ContextKind,
    *,
    clock: Clock | None = None,
    functions: Mapping[str, Function] = FUNCTIONS,
) -> Statement:
    """Compile a statement, as :func:`parse_condition`.

    Raises:
        OttlSyntaxError: it is none; says where and what was expected.
    """

    def make(parsed: Parsed) -> Statement:
        if not isinstance(parsed.head, Call):
            raise Refusal("a statement begins with an editor such as set(…)", parsed.head.column)
        compiler = Compiler(context, functions, clock)
        where = None if parsed.where is None else compiler.predicate(parsed.where)
        return Statement(text, compiler.editor(parsed.head), where)

    return _made(text, make)


def _made(text: str, make: Callable[[Parsed], MadeT]) -> MadeT:
    parsed = parse(text)
    try:
        return make(parsed)
    except Refusal as refusal:
        raise OttlSyntaxError(str(refusal), text, refusal.column) from None
