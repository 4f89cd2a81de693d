"""Conditions and statements, ready to run."""

from typing import TYPE_CHECKING, Any

from otel_discord.ottl.items import Item

if TYPE_CHECKING:  # what compiles is needed only where somebody has written something
    from otel_discord.ottl.expression import Predicate
    from otel_discord.ottl.registry import Getter


class Condition:
    """Answers yes or no about an item."""

    __slots__ = ("holds", "text")

    def __init__(self, text: str, holds: "Predicate") -> None:
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

    def __init__(self, text: str, edit: "Getter", where: "Predicate | None") -> None:
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


def _guarded(edit: "Getter", where: "Predicate | None") -> "Predicate":
    def run(item: Any) -> bool:
        if where is not None and not where(item):
            return False
        edit(item)
        return True

    return run
