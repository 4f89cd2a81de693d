"""How urgent a request is that waits for its permit: it can only grow.

Whoever composes a message when its turn comes holds one, and raises it when something critical arrives meanwhile: the
request that waits already is upgraded, none goes around it::

    urgency = Urgency()
    async with limits.permit(route, priority=0, urgency=urgency) as permit: ...   # elsewhere: urgency.raise_to(1)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Urgency:
    """Of one request, or of one message over all its attempts; belongs to the event loop of its permits."""

    __slots__ = ("_listeners", "_priority")

    def __init__(self) -> None:
        self._priority: int | None = None
        self._listeners: list[Callable[[int], None]] = []

    @property
    def priority(self) -> int | None:
        """What it was raised to, None where it never was."""
        return self._priority

    def raise_to(self, priority: int) -> None:
        """Make those who wait at least so urgent, at once, and those who will ask with this urgency too."""
        if self._priority is not None and priority <= self._priority:
            return
        self._priority = priority
        for listener in tuple(self._listeners):
            listener(priority)

    def at_least(self, priority: int) -> int:
        """Return the higher of this and a priority."""
        return priority if self._priority is None else max(priority, self._priority)

    @contextmanager
    def heard(self, listener: Callable[[int], None]) -> Iterator[None]:
        """Call ``listener`` whenever it is raised, as long as the block runs."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)
