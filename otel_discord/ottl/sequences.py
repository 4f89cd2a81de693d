"""Several conditions or statements in a row, and what an error in one of them means for the rest."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Literal, TypeAlias

from otel_discord.ottl.condition import Condition, Statement
from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.items import Item

OnError: TypeAlias = Callable[[str, OttlError], None]
"""Is told the text and the error."""


class ErrorMode(StrEnum):
    """What an error at run time does: end everything, be reported, or nothing."""

    PROPAGATE = "propagate"
    IGNORE = "ignore"
    SILENT = "silent"


class ConditionSequence:
    """Conditions joined by or, or by and.

    One that fails is passed over unless errors propagate; when all members of an ``and`` fail, nothing matches
    (the Collector's rule, so that errors alone never select a record).
    """

    def __init__(
        self,
        conditions: Sequence[Condition],
        mode: ErrorMode,
        on_error: OnError,
        logic: Literal["or", "and"] = "or",
    ) -> None:
        self.conditions = tuple(conditions)
        self.mode = mode
        self.logic = logic
        self._on_error = on_error
        self._all = logic == "and"

    def matches(self, item: Item) -> bool:
        """Return whether the item matches; nothing matches an empty sequence.

        Raises:
            OttlError: in mode propagate.
        """
        matched = False
        for condition in self.conditions:
            try:
                matched = condition.holds(item)
            except OttlError as error:
                if self.mode is ErrorMode.PROPAGATE:
                    raise
                if self.mode is ErrorMode.IGNORE:
                    self._on_error(condition.text, error)
                continue
            if matched is not self._all:
                return matched
        return matched and self._all


class StatementSequence:
    """Statements, one after another."""

    def __init__(self, statements: Sequence[Statement], mode: ErrorMode, on_error: OnError) -> None:
        self.statements = tuple(statements)
        self.mode = mode
        self._on_error = on_error

    def run(self, item: Item) -> bool:
        """Run them; return whether an editor of one of them ran.

        Raises:
            OttlError: in mode propagate; the statements after the failing one do not run.
        """
        ran = False
        for statement in self.statements:
            try:
                ran = statement.run(item) or ran
            except OttlError as error:
                if self.mode is ErrorMode.PROPAGATE:
                    raise
                if self.mode is ErrorMode.IGNORE:
                    self._on_error(statement.text, error)
        return ran
