"""How a function of the language is declared. To add one:

1. In ``functions/`` write ``build(arguments: Arguments) -> Getter``: it runs once, when the text is parsed, takes what
   it needs out of ``arguments`` (getters, literals, targets) and returns the closure that runs for each item.
2. Declare it: ``Function("ToUpperCase", (Parameter("target", Kind.STRING),), build)``. ``UpperCamel`` names are
   converters (they give a value), ``lower_snake`` names are editors (what they return is ignored).
3. List it in the module's ``FUNCTIONS`` tuple, and the module in ``functions/__init__.py``.

The number, the names and the kinds of the arguments are checked before ``build`` is called, with the column; ``build``
may raise ``ValueError`` for what it finds wrong itself. At run time a function raises ``OttlError``, nothing else;
getters of a typed kind (``Kind.STRING``, …) have checked the type already and raise it themselves.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias

from otel_discord.ottl.items import ContextKind
from otel_discord.ottl.regex import Match, Regex
from otel_discord.ottl.values import Value

Getter: TypeAlias = Callable[[Any], Any]
"""From an item to a value. Typed loosely, since what comes out depends on the kind that a parameter declares."""

Clock: TypeAlias = Callable[[], int]
"""Nanoseconds since 1970."""


class Kind(Enum):
    """What a parameter takes, and in brackets how ``build`` gets it."""

    VALUE = "a value"  # arguments.getter → anything
    STRING = "a string"  # arguments.getter → str
    STRING_LIKE = "a string, number, bool, bytes, map or list"  # arguments.getter → str as text, or None for nil
    INT = "an int"  # arguments.getter → int
    FLOAT = "a number"  # arguments.getter → float
    BOOL = "a bool"  # arguments.getter → bool
    BYTES = "bytes"  # arguments.getter → bytes
    MAP = "a map"  # arguments.getter → dict, not to be changed
    LIST = "a list"  # arguments.getter → list, not to be changed
    STRING_LIST = "a list of strings"  # arguments.getter → list[str]
    TIME = "a time"  # arguments.getter → Timestamp
    DURATION = "a duration"  # arguments.getter → Duration
    STRING_LITERAL = "a string in quotes"  # arguments.text → str
    INT_LITERAL = "an int literal"  # arguments.literal → int
    FLOAT_LITERAL = "a number literal"  # arguments.literal → float
    BOOL_LITERAL = "true or false"  # arguments.literal → bool
    ENUM = "a name such as SEVERITY_NUMBER_WARN"  # arguments.literal → int
    STRING_LIST_LITERAL = "a list of strings in quotes"  # arguments.literal → list[str]
    REGEX = "a regular expression in quotes"  # arguments.regex → Regex
    REPLACEMENT = "a replacement string"  # arguments.replacement → Callable[[item], Callable[[Match], str]]
    TARGET = "a field that can be written"  # arguments.target → Target
    FUNCTION = "the name of a function"  # arguments.function → Callable[[Value], Value]


REQUIRED: Final = object()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. ``default`` is what the accessor gives when the argument is left out (constants: see there)."""

    name: str
    kind: Kind
    default: Any = REQUIRED

    @property
    def required(self) -> bool:
        """Whether the argument must be given."""
        return self.default is REQUIRED


@dataclass(frozen=True, slots=True)
class Target:
    """A field that can be read and written. What ``get`` returns is not to be changed: ``set`` takes a new value, and
    a map or list is written as a whole (``set`` only when something changed). ``text`` is the path, for messages."""

    get: Getter
    set: Callable[[Any, Value], None]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Arguments:
    """A call's arguments by parameter name, checked against the declared kinds."""

    values: Mapping[str, Any]
    clock: Clock | None = None
    written: frozenset[str] = frozenset()

    def given(self, name: str) -> bool:
        """Whether the argument was written in the text."""
        return name in self.written

    def getter(self, name: str) -> Getter:
        """Return what reads the argument for an item; a left-out argument reads as its default."""
        found: Getter = self.values[name]
        return found

    def literal(self, name: str) -> Any:
        """Return a literal's value (or the default)."""
        return self.values[name]

    def text(self, name: str) -> str:
        """Return a string literal."""
        return str(self.values[name])

    def regex(self, name: str) -> Regex:
        """Return the compiled pattern."""
        found: Regex = self.values[name]
        return found

    def replacement(self, name: str) -> Callable[[Any], Callable[[Match], str]]:
        """Return what gives, for an item, the expansion of a match; a literal template is compiled once."""
        found: Callable[[Any], Callable[[Match], str]] = self.values[name]
        return found

    def target(self, name: str) -> Target:
        """Return the field to be written."""
        found: Target = self.values[name]
        return found

    def function(self, name: str) -> Callable[[Value], Value] | None:
        """Return the converter that was named (``SHA256``), as a function of one value; None when left out."""
        found: Callable[[Value], Value] | None = self.values[name]
        return found

    def now(self) -> Clock:
        """Return the clock.

        Raises:
            ValueError: the text is used where there is none.
        """
        if self.clock is None:
            raise ValueError("the time of day is not known here")
        return self.clock


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language; ``contexts`` None: usable everywhere. ``pure``: may be computed while parsing
    when all arguments are constants (False for what reads the clock or the item itself)."""

    name: str
    parameters: tuple[Parameter, ...]
    build: Callable[[Arguments], Getter]
    contexts: frozenset[ContextKind] | None = None
    pure: bool = True

    @property
    def is_editor(self) -> bool:
        """Whether it changes something: lower-case names do."""
        return self.name[0].islower()


def constant(value: Value) -> Getter:
    """Return a getter that gives the same value for every item."""
    return lambda _item: value
