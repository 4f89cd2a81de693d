"""A row of the fault matrix: what goes wrong, what must follow, and how a run of it ended."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.stage import Stage


class Code(StrEnum):
    """What must hold."""

    NL = "NL"
    """No loss."""
    D0 = "D0"
    """No duplicate."""
    D1 = "D1"
    """At most one extra copy for each event that leaves open whether Discord has the message."""
    CE = "CE"
    """A clear error: a status, an exit code, a log line or a metric says what is wrong."""
    LIVE = "LIVE"
    """A fresh record arrives within 30 s after the fault ends."""


class Theme(StrEnum):
    """What the rows of one file have in common."""

    PROCESS = "Process"
    STORE = "Disk and store"
    DISCORD = "Discord and network"
    TIME = "Time"
    INPUT = "OTLP input"


class UnplayableError(Exception):
    """This machine cannot play the row; says why."""


class Verdict(StrEnum):
    """What a run of a row found."""

    GREEN = "green"
    EXPLAINED = "explained"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Row:
    """One fault with its expected outcome, in our words."""

    number: int
    theme: Theme
    fault: str
    injected: str
    expected: str
    codes: tuple[Code, ...]
    play: Callable[["Stage"], Awaitable[None]]
    stage: dict[str, Any] = field(default_factory=dict)
    """How the stage is set: ``destinations``, ``profile``."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a run of a row ended."""

    number: int
    verdict: Verdict
    figures: str = ""
    why: str = ""
    took_s: float = 0.0


ROWS: dict[int, Row] = {}
"""By number; filled by importing the modules of ``tests.faults.rows``."""


def row(
    number: int,
    theme: Theme,
    fault: str,
    *,
    injected: str,
    expected: str,
    codes: str,
    **stage: Any,
) -> Callable[[Callable[["Stage"], Awaitable[None]]], Callable[["Stage"], Awaitable[None]]]:
    """Register a coroutine function as the play of a row; ``codes`` are separated by spaces."""

    def register(play: Callable[["Stage"], Awaitable[None]]) -> Callable[["Stage"], Awaitable[None]]:
        assert number not in ROWS, f"row {number} is there twice"
        wanted = tuple(Code(code) for code in codes.split())
        ROWS[number] = Row(number, theme, fault, injected, expected, wanted, play, stage)
        return play

    return register


def numbers(theme: Theme) -> list[Any]:
    """Return the numbers of a theme's rows, ascending."""
    return sorted(number for number, each in ROWS.items() if each.theme is theme)
