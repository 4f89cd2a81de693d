"""From the texts that users write to conditions and statements: parsed, and compiled for a context."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from otel_discord.ottl.compiler import Compiler
from otel_discord.ottl.condition import Condition, Statement
from otel_discord.ottl.errors import OttlSyntaxError
from otel_discord.ottl.functions import FUNCTIONS
from otel_discord.ottl.items import ContextKind
from otel_discord.ottl.parser import parse
from otel_discord.ottl.refusal import Refusal
from otel_discord.ottl.registry import Clock, Function
from otel_discord.ottl.syntax import Call, Parsed

MadeT = TypeVar("MadeT")


def condition(
    text: str, context: ContextKind, clock: Clock | None = None, functions: Mapping[str, Function] | None = None
) -> Condition:
    """Compile a condition; see :func:`otel_discord.ottl.texts.parse_condition`.

    Raises:
        OttlSyntaxError: it is none.
    """

    def make(parsed: Parsed) -> Condition:
        if parsed.where is not None:
            raise Refusal('a condition has no "where"', parsed.where.column)
        if isinstance(parsed.head, Call) and parsed.head.name[0].islower():
            raise Refusal(f"expected a condition, found the editor {parsed.head.name}", parsed.head.column)
        return Condition(text, _compiler(context, clock, functions).predicate(parsed.head))

    return _made(text, make)


def statement(
    text: str, context: ContextKind, clock: Clock | None = None, functions: Mapping[str, Function] | None = None
) -> Statement:
    """Compile a statement; see :func:`otel_discord.ottl.texts.parse_statement`.

    Raises:
        OttlSyntaxError: it is none.
    """

    def make(parsed: Parsed) -> Statement:
        if not isinstance(parsed.head, Call):
            raise Refusal("a statement begins with an editor such as set(…)", parsed.head.column)
        compiler = _compiler(context, clock, functions)
        where = None if parsed.where is None else compiler.predicate(parsed.where)
        return Statement(text, compiler.editor(parsed.head), where)

    return _made(text, make)


def _compiler(context: ContextKind, clock: Clock | None, functions: Mapping[str, Function] | None) -> Compiler:
    return Compiler(context, FUNCTIONS if functions is None else functions, clock)


def _made(text: str, make: Callable[[Parsed], MadeT]) -> MadeT:
    parsed = parse(text)
    try:
        return make(parsed)
    except Refusal as refusal:
        raise OttlSyntaxError(str(refusal), text, refusal.column) from None
