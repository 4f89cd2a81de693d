"""Strings and conditions of template files, compiled once by the one environment.

``compile_text`` and ``compile_condition`` rewrite Jinja's syntax tree before it becomes code: every printed value goes
through the escaping of its slot, every loop through the budget, every ``~`` and every literal list through a check.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from jinja2 import Template, TemplateSyntaxError, Undefined, meta, nodes
from jinja2 import TemplateError as JinjaError
from jinja2.parser import Parser
from jinja2.runtime import Context

from otel_discord.config.nearest import nearest
from otel_discord.templating.errors import TemplateError
from otel_discord.templating.filters import FILTERS
from otel_discord.templating.hardening import cost, harden
from otel_discord.templating.readable import MAX_TEXT_CHARS
from otel_discord.templating.sandbox import Slot, TemplateSandbox, spend
from otel_discord.templating.slots import SLOT_FILTERS

Values: TypeAlias = Mapping[str, Any]
MAX_SOURCE_CHARS: Final = 16_384
_RESULT: Final = "result"
_TOO_DEEP: Final = "the expression is nested too deeply"
_SIGNS: Final = {"end of print statement": "}}", "end of statement block": "%}", "end of comment": "#}"}
_NO_FILTER: Final = "No filter named '"
_RUN_TIME_ERRORS: Final = (
    JinjaError, ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, NameError, RuntimeError,
    SyntaxError, TypeError, ValueError,
)  # fmt: skip


def _new_environment() -> TemplateSandbox:
    environment = TemplateSandbox()
    environment.filters |= FILTERS | SLOT_FILTERS
    return environment


ENVIRONMENT: Final = _new_environment()


class Scope(dict[str, Any]):
    """Values with the functions of templates; texts that set no names share one context of it."""

    __slots__ = ("context",)

    context: Context | None


def with_globals(values: Values) -> Scope:
    """Return the values together with the functions of templates; give this to what is compiled here."""
    scope = Scope(ENVIRONMENT.globals)
    scope.update(values)
    scope.context = None
    return scope


def _own_context(values: Scope) -> Context:
    return Context(ENVIRONMENT, values, None, {})


def _shared_context(values: Scope) -> Context:
    if values.context is None:
        values.context = _own_context(values)
    return values.context


class CompiledText:
    """A string of a template file, ready to be rendered many times."""

    __slots__ = ("_constant", "_line", "_sets_names", "_source", "_template", "cost")

    def __init__(self, text: str, template: Template | None, source: str, line: int, cost: int = 1) -> None:
        self.cost = cost
        self._constant = text
        self._sets_names = "{%" in text
        self._template = template
        self._source = source
        self._line = line

    def error(self, reason: str) -> TemplateError:
        """Return an error that names the file and line of this text."""
        return TemplateError(self._source, self._line, reason)

    def __call__(self, values: Scope) -> str:
        """Return the text for these values (of :func:`with_globals`).

        Raises:
            TemplateError: the template fails with these values, or takes too much.
        """
        template = self._template
        if template is None:
            return self._constant
        try:
            pieces = []
            left = MAX_TEXT_CHARS
            context = _own_context(values) if self._sets_names else _shared_context(values)
            for piece in template.root_render_func(context):
                pieces.append(piece)
                left -= len(piece)
                if left < 0:
                    raise TemplateError(self._source, self._line, f"prints more than {MAX_TEXT_CHARS:,} characters")
            return "".join(pieces)
        except TemplateError:
            raise
        except _RUN_TIME_ERRORS as error:
            raise TemplateError(self._source, self._line, _friendly(error, values)) from error


class CompiledCondition:
    """An expression of a template file (``when:``, ``each:``), ready to be evaluated many times."""

    __slots__ = ("_line", "_name", "_source", "_template")

    def __init__(self, name: str, template: Template, source: str, line: int) -> None:
        self._name = name
        self._template = template
        self._source = source
        self._line = line

    def error(self, reason: str) -> TemplateError:
        """Return an error that names the file and line of this expression."""
        return TemplateError(self._source, self._line, reason)

    def __call__(self, values: Scope) -> Any:
        """Return the value of the expression.

        Raises:
            TemplateError: it fails with these values, or takes too much.
        """
        if self._name in values:  # the condition is one name, as most are
            return values[self._name]
        context = _shared_context(values)
        try:
            list(self._template.root_render_func(context))
            value = context.vars.pop(_RESULT)  # which no text is to see
            return str(value) if isinstance(value, Undefined) else value  # StrictUndefined raises with the name
        except _RUN_TIME_ERRORS as error:
            raise TemplateError(self._source, self._line, _friendly(error, values)) from error

    def items(self, values: Scope, steps_each: int) -> Iterator[Any]:
        """Yield the items of a list; each draws steps from the budget.

        Raises:
            TemplateError: as for calling; or it is no list.
        """
        found = self(values) or ()
        if isinstance(found, str) or not isinstance(found, Iterable):
            raise self.error(f"expected a list to go through, not {type(found).__name__}")
        left = iter(found)
        while True:
            try:
                spend(steps_each)
                item = next(left)
            except StopIteration:
                return
            except _RUN_TIME_ERRORS as error:
                raise TemplateError(self._source, self._line, _friendly(error, values)) from error
            yield item


def compile_text(
    text: str,
    slot: str = Slot.MARKDOWN,
    *,
    source: str = "template",
    line: int = 1,
    names: Collection[str] | None = None,
) -> CompiledText:
    """Compile a string with ``{{ }}`` and ``{% %}`` whose values are escaped for the slot.

    Args:
        text: at most 16,384 code points.
        slot: one of :class:`Slot`.
        source: file name for errors.
        line: where the string begins in the file, from 1.
        names: the names that exist; another one is refused here instead of at run time. None: not checked.

    Raises:
        TemplateError: the syntax is wrong, or something is used that templates may not use.
    """
    if "{" not in text:
        return CompiledText(text, None, source, line)
    tree = _parsed(text, source, line, lambda: ENVIRONMENT.parse(text))
    return CompiledText(text, _compiled(tree, slot, source, line, names), source, line, cost(tree))


def compile_condition(
    text: str, *, source: str = "template", line: int = 1, names: Collection[str] | None = None
) -> CompiledCondition:
    """Compile an expression without braces, such as ``severity_number >= 17``.

    Raises:
        TemplateError: as for :func:`compile_text`.
    """

    def parse() -> nodes.Template:
        parser = Parser(ENVIRONMENT, text, state="variable")
        expression = parser.parse_expression()
        if not parser.stream.eos:
            raise TemplateSyntaxError("one expression is expected, without braces", parser.stream.current.lineno)
        assignment = nodes.Assign(nodes.Name(_RESULT, "store", lineno=1), expression, lineno=1)
        tree = nodes.Template([assignment], lineno=1)
        tree.set_environment(ENVIRONMENT)
        return tree

    template = _compiled(_parsed(text, source, line, parse), "", source, line, names)
    return CompiledCondition(text.strip(), template, source, line)


def _parsed(text: str, source: str, line: int, parse: Callable[[], nodes.Template]) -> nodes.Template:
    if len(text) > MAX_SOURCE_CHARS:
        raise TemplateError(source, line, f"a string of a template is limited to {MAX_SOURCE_CHARS:,} characters")
    try:
        return parse()
    except TemplateSyntaxError as error:
        raise TemplateError(source, line + error.lineno - 1, _in_signs(error.message or "wrong syntax")) from error
    except RecursionError as error:
        raise TemplateError(source, line, _TOO_DEEP) from error
    except ValueError as error:  # Python reads no number of more than 4,300 digits
        raise TemplateError(source, line, "a number in the template is too long") from error


def _compiled(tree: nodes.Template, slot: str, source: str, line: int, names: Collection[str] | None) -> Template:
    try:
        hardened = harden(tree, ENVIRONMENT, slot, source, line)
        if names is not None:
            _refuse_unknown(hardened, names, source, line)
        code = ENVIRONMENT.compile(hardened, filename=source)
    except TemplateSyntaxError as error:
        raise TemplateError(source, line + error.lineno - 1, _with_hint(error.message or "wrong syntax")) from error
    except TemplateError:
        raise
    except RecursionError as error:
        raise TemplateError(source, line, _TOO_DEEP) from error
    except SyntaxError as error:  # of the code that Jinja makes: too many nested blocks
        raise TemplateError(source, line, f"the template is nested too deeply: {error.msg}") from error
    except _RUN_TIME_ERRORS as error:
        raise TemplateError(source, line, str(error) or type(error).__name__) from error
    return Template.from_code(ENVIRONMENT, code, ENVIRONMENT.globals)


def _refuse_unknown(tree: nodes.Template, names: Collection[str], source: str, line: int) -> None:
    unknown = meta.find_undeclared_variables(tree) - {*names, *ENVIRONMENT.globals}
    for node in tree.find_all(nodes.Name):
        if node.name in unknown:
            raise TemplateError(source, line + node.lineno - 1, _unknown_name(node.name, names))


def _unknown_name(name: str, names: Iterable[str]) -> str:
    known = sorted(known for known in names if not known.startswith("_"))
    close = nearest(name, known)
    return f"unknown name '{name}'" + (f", did you mean '{close}'?" if close else f"; known are {', '.join(known)}")


def _in_signs(message: str) -> str:
    """Name by their signs the ends that Jinja misses by its own words."""
    for word, sign in _SIGNS.items():
        message = message.replace(f"'{word}'", f"'{sign}'")
    return message


def _with_hint(message: str) -> str:
    """Name the filter that was probably meant."""
    if not message.startswith(_NO_FILTER):
        return message
    name = message.split("'")[1]
    close = nearest(name, FILTERS)
    return f"there is no filter '{name}'" + (f", did you mean '{close}'?" if close else "")


def _friendly(error: BaseException, values: Values) -> str:
    text = _with_hint(str(error))
    if text.endswith(" is undefined") and text.count("'") == 2:
        return _unknown_name(text.split("'")[1], values)
    return text or type(error).__name__
