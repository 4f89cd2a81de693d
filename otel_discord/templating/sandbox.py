"""The Jinja environment that templates run in: values only, no way to Python's internals, bounded work and output.

Jinja's own sandbox keeps templates away from internals; on top of it, only listed filters, functions and methods
exist, and each rendering has a budget of steps that loops, calls and long texts draw from, so that no template can hang
or fill the memory. Text that a template prints is escaped for the place where it stands (:class:`Slot`), unless it is
:class:`~otel_discord.templating.text.Markdown` on purpose.
"""

import functools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any, Final

from jinja2 import StrictUndefined, Undefined, pass_environment
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from otel_discord.templating.reachable import DICT_METHODS, STR_METHODS
from otel_discord.templating.readable import MAX_TEXT_CHARS, readable
from otel_discord.templating.text import Markdown, escape_markdown
from otel_discord.templating.weight import ITEMS_OF_A_STEP, weight

MAX_STEPS: Final = 20_000
"""Loop rounds, calls and blocks of 256 characters that one rendering may cost."""
MAX_RANGE: Final = 1_000
MAX_LIST_ITEMS: Final = 2_000
_MAX_NUMBER_BITS: Final = 128
_MAX_LITERAL_DEPTH: Final = 6
_MAX_ARGUMENT_CHARS: Final = 256
"""What a method looks for: with longer ones the time of some grows with the product of both lengths."""
_STEPS_OF_READING: Final = 16
"""Of making a map or a list into a text."""
CHARS_OF_A_STEP: Final = 256

_LOOP_NAMES: Final = frozenset(
    (
        "index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem",
    )
)  # fmt: skip


class _Budget(threading.local):
    steps_left: int = MAX_STEPS

    def spend(self, steps: int) -> None:
        self.steps_left -= steps
        if self.steps_left < 0:
            raise SecurityError(f"the template takes more than {MAX_STEPS:,} steps: fewer or shorter loops are needed")


_budget: Final = _Budget()


def spend(steps: int) -> None:
    """Draw steps from the budget of this rendering.

    Raises:
        SecurityError: none are left.
    """
    _budget.spend(steps)


def refill_budget() -> None:
    """Grant the next rendering on this thread its steps."""
    _budget.steps_left = MAX_STEPS


class TemplateSandbox(ImmutableSandboxedEnvironment):
    """Jinja without its library: what a template may use is listed in this module and in ``filters``."""

    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, optimized=False
        )  # optimized: constants would be calculated while compiling, in quadratic time
        self.globals = {"range": _range, "namespace": Namespace}
        self.filters = {"limited": _limited, "joined": _joined, "literal": _literal, "weighed": weighed}
        known: Mapping[str, Any] = self.tests
        self.tests = {name: _weighing(known[name]) for name in _TESTS}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002 - Jinja's name
        """Allow reading methods of texts and maps, and the loop's position; nothing else."""
        if isinstance(obj, str):
            return attr in STR_METHODS
        if isinstance(obj, dict):
            return attr in DICT_METHODS
        if isinstance(obj, LoopContext):
            return attr in _LOOP_NAMES
        return isinstance(obj, Namespace) and not attr.startswith("_")

    def wrap_str_format(self, value: Any) -> None:
        """Leave ``str.format`` refused: widths in a format fill the memory."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a map's entry before a method of the same name, then what the sandbox allows."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call(self, context: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call what is allowed; each call is a step, methods of long texts are more."""
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, str):
            _budget.spend(1 + len(owner) // 256)
            if any(isinstance(each, str) and len(each) > _MAX_ARGUMENT_CHARS for each in (*args, *kwargs.values())):
                raise SecurityError(f"a text given to a method is limited to {_MAX_ARGUMENT_CHARS} characters")
        else:
            _budget.spend(1)
        return super().call(context, obj, *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Calculate with bounded numbers, join bounded texts and lists, refuse text formatting."""
        if isinstance(left, (int, float)) and isinstance(right, (int, float)):
            if operator == "**" and (abs(left) > 1_000_000 or abs(right) > 20):
                raise SecurityError("numbers for ** are limited to 1,000,000 ** 20")
            result = super().call_binop(context, operator, left, right)
            if isinstance(result, int) and result.bit_length() > _MAX_NUMBER_BITS:
                raise SecurityError(f"whole numbers are limited to {_MAX_NUMBER_BITS} bits")
            return result
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return joined_text((left, right))
        if operator == "+" and isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
            return _checked_list([*left, *right])
        if operator == "*" and isinstance(left, str) and isinstance(right, int) and not isinstance(left, Markdown):
            return _repeated(left, right)
        if isinstance(left, Undefined) or isinstance(right, Undefined):
            return super().call_binop(context, operator, left, right)
        raise SecurityError(f"{operator} does not go with {type(left).__name__} and {type(right).__name__} here")


_TESTS: Final = (
    "boolean", "defined", "divisibleby", "eq", "even", "false", "ge", "gt", "in", "integer", "float", "iterable",
    "le", "lower", "lt", "mapping", "ne", "none", "number", "odd", "sequence", "string", "true", "undefined",
    "upper", "==", "!=", ">", ">=", "<", "<=",
)  # fmt: skip


def joined_text(parts: Iterable[object], separator: str = "") -> str:
    """Join texts; as soon as one is Markdown the result is Markdown and the other parts are escaped."""
    texts = [part if isinstance(part, str) else shown(part) for part in parts]
    _budget.spend(len(texts) // ITEMS_OF_A_STEP)
    if sum(map(len, texts)) + len(separator) * len(texts) > 2 * MAX_TEXT_CHARS:
        raise _too_long()
    for text in texts:
        if isinstance(text, Markdown):
            return checked_text(Markdown(escape_markdown(separator).join([escape_markdown(each) for each in texts])))
    return checked_text(separator.join(texts))


def checked_text(text: str) -> str:
    """Return the text; its length is drawn from the budget and bounded.

    Raises:
        SecurityError: it is longer than 65,536 code points, or the budget is spent.
    """
    if len(text) >= CHARS_OF_A_STEP:
        _budget.spend(len(text) // CHARS_OF_A_STEP)
        if len(text) > MAX_TEXT_CHARS:
            raise _too_long()
    return text


def _too_long() -> SecurityError:
    return SecurityError(f"a text in the template grows beyond {MAX_TEXT_CHARS:,} characters")


def weighed(value: Any) -> Any:
    """Return the value; what is long draws from the budget by what walking through all of it would take.

    Raises:
        SecurityError: the budget is spent.
    """
    steps = steps_of(value)
    if steps:
        _budget.spend(steps)
    return value


def steps_of(value: object) -> int:
    """Return what walking through all of a value takes; 0 for what is short."""
    if isinstance(value, str):
        return len(value) // CHARS_OF_A_STEP
    if isinstance(value, (list, tuple, dict)):
        return weight(value, _budget.steps_left * ITEMS_OF_A_STEP) // ITEMS_OF_A_STEP
    if value is None or isinstance(value, (int, float)):
        return 0
    if isinstance(value, Undefined) or not isinstance(value, Sized):
        return 0  # a value that is not there has no length, but may have a default
    return len(value) // ITEMS_OF_A_STEP


def _weighing(test: Callable[..., Any]) -> Callable[..., Any]:
    """Let what a test compares draw from the budget."""

    @functools.wraps(test)
    def weighing(*values: Any) -> Any:
        for value in values:
            weighed(value)
        return test(*values)

    return weighing


def shown(value: object) -> str:
    """Return any value as a text for people."""
    if isinstance(value, Undefined):
        return str(value)  # StrictUndefined raises with the name
    if value is None or isinstance(value, (int, float)):
        return "" if value is None else readable(value)
    if callable(value):
        raise SecurityError("a function is printed: call it, such as attr('order.id')")
    _budget.spend(_STEPS_OF_READING)
    return readable(value)


def _repeated(text: str, times: int) -> str:
    if len(text) * max(0, times) > MAX_TEXT_CHARS:
        raise SecurityError(f"a repeated text is limited to {MAX_TEXT_CHARS:,} characters")
    return checked_text(text * times)


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if abs(bounds[-1] if len(bounds) == 1 else bounds[1]) > 10**9 or len(numbers) > MAX_RANGE:
        raise SecurityError(f"range is limited to {MAX_RANGE:,} numbers")
    return numbers


@pass_environment
def _limited(environment: TemplateSandbox, items: Any, steps_each: int) -> Iterator[Any]:  # noqa: ARG001 - Jinja's
    """Every `for` walks through this; each round takes the steps of what stands in it."""
    steps = max(1, int(steps_each))  # a template may name this filter, too
    for item in items:
        _budget.spend(steps)
        yield item


def counted(items: Iterable[Any]) -> Iterator[Any]:
    """Yield the items of a generator; each is a step."""
    for item in items:
        _budget.spend(1)
        yield item


def _joined(parts: list[object]) -> str:
    """``a ~ b``."""
    return joined_text(parts)


def _literal(value: Any) -> Any:
    """Check a list or map written in a template: nesting is bounded, so that walking it is."""
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, (list, tuple, dict)):
            weighed(value)
            if _nesting(value, _MAX_LITERAL_DEPTH + 1) > _MAX_LITERAL_DEPTH:
                raise SecurityError(f"lists and maps may be nested {_MAX_LITERAL_DEPTH} levels deep")
            break
    return value


def _checked_list(value: list[Any]) -> list[Any]:
    _budget.spend(1 + len(value) // 16)
    if len(value) > MAX_LIST_ITEMS:
        raise SecurityError(f"a list in the template grows beyond {MAX_LIST_ITEMS:,} items")
    return value


def _nesting(value: Sequence[object] | Mapping[object, object], left: int) -> int:
    if left == 0:
        return 0
    items: Iterable[object] = value.values() if isinstance(value, Mapping) else value
    deepest = 0
    for item in items:
        if isinstance(item, (list, tuple, dict)):
            deepest = max(deepest, _nesting(item, left - 1))
            if deepest >= left - 1:
                break
    return 1 + deepest


class Slot:
    """The places of a message, by what a printed text must not be able to do there."""

    MARKDOWN: Final = "in_markdown"
    """Titles, descriptions, fields, content: Discord formats them."""
    PLAIN: Final = "in_plain"
    """Footers, author names, file names: shown as they are."""
    RAW: Final = "in_file"
    """Files and colours: nothing is changed."""
    URL: Final = "in_url"
    """Addresses: values are percent-encoded."""
