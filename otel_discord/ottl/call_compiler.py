"""From a call's arguments to what a function's ``build`` takes."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from otel_discord.config.nearest import did_you_mean
from otel_discord.ottl.argument_kinds import LITERALS, converted, typed_getter
from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.expression import Expression
from otel_discord.ottl.items import ContextKind
from otel_discord.ottl.paths.field import Access
from otel_discord.ottl.refusal import Refusal
from otel_discord.ottl.regex import compile_regex
from otel_discord.ottl.registry import Arguments, Clock, Function, Getter, Kind, Parameter, Target, constant
from otel_discord.ottl.syntax import Argument, Call, Name, Node, Path
from otel_discord.ottl.values import Value


class Surroundings(Protocol):
    """What the arguments need of the compiler."""

    context: ContextKind
    functions: Mapping[str, Function]
    clock: Clock | None

    def value(self, node: Node) -> Expression:
        """Compile a value."""
        ...

    def path(self, node: Path) -> Access:
        """Compile a path."""
        ...

    def enum(self, name: str, column: int) -> int:
        """Resolve a name."""
        ...


def bind(call: Call, around: Surroundings) -> tuple[Getter, bool]:
    """Return what runs the call, and whether it gives the same for every item.

    Raises:
        Refusal: unknown function, wrong arguments, or the function's own refusal.
    """
    function = _function(call.name, call.column, around)
    written = _by_name(function, call)
    values: dict[str, Any] = {}
    same_for_all = function.pure and not function.is_editor
    for parameter in function.parameters:
        argument = written.get(parameter.name)
        if argument is None:
            values[parameter.name] = _default(parameter)
            continue
        try:
            values[parameter.name], is_constant = _argument(parameter.kind, argument, around)
        except (OttlError, ValueError) as error:
            if isinstance(error, Refusal):
                raise
            raise Refusal(f"{call.name}, {parameter.name}: {error}", argument.value.column) from None
        same_for_all = same_for_all and is_constant
    return _built(function, Arguments(values, around.clock, frozenset(written)), call.column), same_for_all


def _function(name: str, column: int, around: Surroundings) -> Function:
    function = around.functions.get(name)
    if function is None:
        editors = name[0].islower()
        known = [other.name for other in around.functions.values() if other.is_editor == editors]
        advice = did_you_mean(name, known)
        raise Refusal(f'unknown function "{name}"' + (f"; {advice}" if advice else ""), column)
    if function.contexts is not None and around.context not in function.contexts:
        where = ", ".join(sorted(function.contexts))
        raise Refusal(f"{name} works in the context {where}, not in {around.context.value}", column)
    return function


def _built(function: Function, arguments: Arguments, column: int) -> Getter:
    try:
        return function.build(arguments)
    except (OttlError, ValueError) as error:
        raise Refusal(f"{function.name}: {error}", column) from None


_CAPITAL: Final = re.compile(r"[A-Z]")
"""The Collector's documentation writes some names of arguments as resolveConflicts; both spellings are good there."""


def _by_name(function: Function, call: Call) -> dict[str, Argument]:
    parameters = function.parameters
    names = [parameter.name for parameter in parameters]
    found: dict[str, Argument] = {}
    for index, argument in enumerate(call.arguments):
        name = _CAPITAL.sub(lambda capital: "_" + capital[0].lower(), argument.name)
        if not name:
            if len(found) != index or any(earlier.name for earlier in call.arguments[:index]):
                raise Refusal("arguments by position come before those by name", argument.column)
            if index >= len(parameters):
                raise Refusal(f"{call.name} takes {_counted(parameters)}: {_signature(function)}", argument.column)
            name = names[index]
        elif name not in names:
            advice = did_you_mean(name, names) or f"expected {_signature(function)}"
            raise Refusal(f'{call.name} has no argument "{name}"; {advice}', argument.column)
        elif name in found:
            raise Refusal(f'{call.name}: the argument "{name}" is given twice', argument.column)
        found[name] = argument
    missing = [parameter.name for parameter in parameters if parameter.required and parameter.name not in found]
    if missing:
        raise Refusal(f'{call.name} needs the argument "{missing[0]}": {_signature(function)}', call.column)
    return found


def _counted(parameters: tuple[Parameter, ...]) -> str:
    required = sum(parameter.required for parameter in parameters)
    count = str(required) if required == len(parameters) else f"{required} to {len(parameters)}"
    return f"{count} argument{'' if count == '1' else 's'}"


def _signature(function: Function) -> str:
    shown = (parameter.name if parameter.required else f"[{parameter.name}]" for parameter in function.parameters)
    return f"{function.name}({', '.join(shown)})"


def _default(parameter: Parameter) -> Any:
    kind, default = parameter.kind, parameter.default
    if kind in LITERALS or kind in (Kind.TARGET, Kind.FUNCTION):
        return compile_regex(default) if kind is Kind.REGEX and default is not None else default
    return constant(default if default is None else converted(kind, default))


def _argument(kind: Kind, argument: Argument, around: Surroundings) -> tuple[Any, bool]:
    node = argument.value
    if kind is Kind.TARGET:
        return _target(node, around), False
    if kind is Kind.FUNCTION:
        return _converter(node, around), True
    if kind is Kind.ENUM and not isinstance(node, Name):
        raise Refusal(f"expected {kind.value}", node.column)
    expression = around.value(node)
    if kind in LITERALS:
        if not expression.is_constant:
            raise Refusal(f"expected {kind.value}", node.column)
        value = converted(kind, expression.value)
        return (compile_regex(value) if kind is Kind.REGEX else value), True
    if expression.is_constant:
        return constant(converted(kind, expression.value)), True
    return typed_getter(kind, expression.get, expression.kind), False


def _target(node: Node, around: Surroundings) -> Target:
    if not isinstance(node, Path):
        raise Refusal(f"expected {Kind.TARGET.value}", node.column)
    access = around.path(node)
    text = ".".join(segment.name for segment in node.segments)
    if access.write is None:
        raise Refusal(f'"{text}" can only be read', node.column)
    return Target(access.read, access.write, text)


def _converter(node: Node, around: Surroundings) -> Callable[[Value], Value]:
    if not isinstance(node, Name):
        raise Refusal(f"expected {Kind.FUNCTION.value}, such as SHA256", node.column)
    function = _function(node.name, node.column, around)
    parameters = function.parameters
    if not parameters or any(other.required for other in parameters[1:]) or parameters[0].kind in _NOT_A_VALUE:
        raise Refusal(f"{node.name} cannot be used here: it is no function of one value", node.column)
    first, *others = parameters
    values: dict[str, Any] = {parameter.name: _default(parameter) for parameter in others}
    # The value takes the item's place: the built closure is a function of it.
    values[first.name] = typed_getter(first.kind, _itself, None)
    return _built(function, Arguments(values, around.clock, frozenset((first.name,))), node.column)


_NOT_A_VALUE = LITERALS | {Kind.TARGET, Kind.FUNCTION}


def _itself(value: Any) -> Any:
    return value
