"""How urgent a request is that waits for its permit: it can only grow.

Whoever composes a message when its turn comes holds one, and raises it when something critical arrives meanwhile: the
request that waits already is upgraded, none goes around it::

    urgency = Urgency()
    async with limits.permit(route, priority=0, urgency=urgency) as permit: ...   # elsewhere: urgency.raise_to(1)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Urgency:
    """Of one request, or of one message over all its attempts; belongs to the event loop of its permits.

    Args:
        priority: to begin with; None leaves it to what each permit is asked with.
    """

    __slots__ = ("_listeners", "_priority")

    def __init__(self, priority: int | None = None) -> None:
        self._priority = priority
        self._listeners: list[Callable[[int], None]] = []

    @property
    def priority(self) -> int | None:
        """What it was raised to or began with; None where neither happened."""
        return self._priority

    def raise_to(self, priority: int) -> None:
        """Make those who wait at least so urgent, at once, and those who will ask with this urgency too."""
        if self._priority is not None and priority <= self._priority:
            return
        self._priority = priority
        for listener in tuple(self._listeners):
            listener(priority)

    @contextmanager
    def heard(self, listener: Callable[[int], None]) -> Iterator[None]:
        """Call ``listener`` whenever it is raised, as long as the block runs."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)


def first_priority(priority: int | None, urgency: Urgency | None) -> int:
    """Return what a request begins to wait with: the higher of the two where both are given, 0 where neither is."""
    raised_to = None if urgency is None else urgency.priority
    if priority is None or raised_to is None:
        return (raised_to if priority is None else priority) or 0
    return max(priority, raised_to)
