"""The parsed text as a tree of small nodes. ``column`` counts from 1; ``depth`` is 1 for a leaf."""

from dataclasses import dataclass
from typing import TypeAlias

from otel_discord.ottl.values import Value


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: Value
    column: int
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Name:
    """An upper-case word alone: an enum's symbol, or a converter's name as an argument."""

    name: str
    column: int
    depth: int = 1


@dataclass(frozen=True, slots=True)
class ListOf:
    """``[a, b]``."""

    members: tuple["Node", ...]
    column: int
    depth: int


@dataclass(frozen=True, slots=True)
class MapOf:
    """``{"a": 1}``."""

    pairs: tuple[tuple[str, "Node"], ...]
    column: int
    depth: int


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a path with its keys."""

    name: str
    keys: tuple["Node", ...]
    column: int
    depth: int


@dataclass(frozen=True, slots=True)
class Path:
    """``log.attributes["a"][0]``."""

    segments: tuple[Segment, ...]
    column: int
    depth: int


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument; ``name`` is "" when it is given by position."""

    name: str
    value: "Node"
    column: int
    depth: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function's call, with keys that index what it returns."""

    name: str
    arguments: tuple[Argument, ...]
    keys: tuple["Node", ...]
    column: int
    depth: int


@dataclass(frozen=True, slots=True)
class Chain:
    """``a + b - c``, or ``a * b / c``: from left to right, without nesting."""

    first: "Node"
    rest: tuple[tuple[str, "Node"], ...]
    column: int
    depth: int


@dataclass(frozen=True, slots=True)
class Negative:
    """``-a``."""

    operand: "Node"
    column: int
    depth: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """``a < b``; the column is the operator's."""

    operator: str
    left: "Node"
    right: "Node"
    column: int
    depth: int


@dataclass(frozen=True, slots=True)
class Combined:
    """``a or b``, ``a and b``."""

    operator: str
    members: tuple["Node", ...]
    column: int
    depth: int


@dataclass(frozen=True, slots=True)
class Negated:
    """``not a``."""

    operand: "Node"
    column: int
    depth: int


Node: TypeAlias = Literal | Name | ListOf | MapOf | Path | Call | Chain | Negative | Comparison | Combined | Negated


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole text: what comes before ``where``, and what after."""

    text: str
    head: Node
    where: Node | None
