"""What an expression of a template can never have, whatever the values are: refused when the file is read.

The sandbox refuses the same, and what depends on the values, again when a message is rendered.
"""

from collections.abc import Container
from types import FunctionType, GeneratorType
from typing import Final

from jinja2 import nodes

from otel_discord.config.nearest import nearest

STR_METHODS: Final = frozenset(
    (
        "capitalize", "count", "endswith", "find", "isdigit", "lower", "lstrip", "removeprefix", "removesuffix",
        "rstrip", "split", "splitlines", "startswith", "strip", "title", "upper",
    )
)  # fmt: skip
DICT_METHODS: Final = frozenset(("get", "items", "keys", "values"))
_METHODS: Final = STR_METHODS | DICT_METHODS
_LABELS: Final = frozenset(("__name__", "__doc__", "__module__"))
"""Names of Python's that maps of values may have as well, as labels of Prometheus do; the sandbox sees what it is."""
_INTERNALS: Final = (
    frozenset(
        name
        for kind in (type, object, str, dict, FunctionType, GeneratorType)
        for name in (*dir(kind), *dir(type(kind)))
        if name.startswith("_")
    )
    | {"__import__", "__loader__", "__spec__", "__file__", "__path__"}
) - _LABELS


FUNCTIONS: Final = frozenset(("attr", "namespace", "range", "resource_attr"))
"""Names that are called; other values are no functions."""


def refusal_of(node: nodes.Node, filters: Container[str] = ()) -> str:
    """Return why a part of an expression is refused, empty where it is not; ``filters`` names those known."""
    match node:
        case nodes.Name(name=name) if name in _INTERNALS:
            return f"{name} is not available in templates"
        case nodes.Getattr(attr=attr) if attr.startswith("_"):
            return f"what begins with an underscore is not available in templates: .{attr}"
        case nodes.Getitem(arg=nodes.Const(value=str() as key)) if key in _INTERNALS:
            return f"Python's internals are not available in templates: ['{key}']"
        case nodes.Call(node=called):
            return _refusal_of_call(called, filters)
        case _:
            return ""


def _refusal_of_call(called: nodes.Expr, filters: Container[str]) -> str:
    match called:
        case nodes.Name(name=name):
            if name in FUNCTIONS or name in _INTERNALS:
                return ""  # the latter are refused by themselves
            if name in filters:
                return f"{name} is a filter: write `value | {name}`"
            return f"there is no function '{name}' in templates; functions are {', '.join(sorted(FUNCTIONS))}"
        case nodes.Getattr(attr=name) | nodes.Getitem(arg=nodes.Const(value=str() as name)):
            if name in _METHODS or name.startswith("_"):
                return ""  # or said with its own words
            close = nearest(name, _METHODS)
            hint = f", did you mean '{close}'?" if close else f"; there are {', '.join(sorted(_METHODS))}"
            return f"there is no method '{name}' in templates{hint}"
        case _:
            return "only functions and methods are called, by their names"
