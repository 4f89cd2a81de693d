"""The house as the engine sees it inside an application: no extensions, no reload, nobody who watches statuses."""

from collections.abc import Callable
from typing import TypeVar, cast

from otel_discord.component import StartError, Status

T = TypeVar("T")


class ApplicationHost:
    """A :class:`~otel_discord.component.host.Host` for one engine."""

    def __init__(self) -> None:
        self.drain_deadline_s: float | None = None
        """Loop time by which what waits should be sent; None while running."""
        self._kept: dict[str, object] = {}

    @property
    def hands_over(self) -> bool:
        """Nothing follows an application."""
        return False

    def kept(self, key: str, make: Callable[[], T]) -> T:
        """Return the object that is kept under ``key``, made at the first call."""
        if key not in self._kept:
            self._kept[key] = make()
        return cast("T", self._kept[key])

    def extension(self, component_id: str, protocol: type[T]) -> T:
        """Raise StartError: there are none."""
        raise StartError(
            f'extension "{component_id}" ({protocol.__name__}) is needed, and inside an application there are none'
        )

    def report_status(self, status: Status, component: str = "", error: str = "") -> None:
        """Nobody asks; what a person should know is in the log."""
