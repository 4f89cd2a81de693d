"""What a component may ask of the house: extensions, and to be heard."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol, TypeVar

T = TypeVar("T")


class Status(StrEnum):
    """Component status, the Collector's words. FATAL ends the service; PERMANENT does not go back to OK."""

    STARTING = "StatusStarting"
    OK = "StatusOK"
    RECOVERABLE = "StatusRecoverableError"
    PERMANENT = "StatusPermanentError"
    FATAL = "StatusFatalError"
    STOPPING = "StatusStopping"
    STOPPED = "StatusStopped"


class Host(Protocol):
    """The service, as a component sees it."""

    @property
    def drain_deadline_s(self) -> float | None:
        """Loop time (``loop.time()``) by which a component that is closing should be done; None while running."""
        ...

    @property
    def hands_over(self) -> bool:
        """Whether a component that is closing is followed at once by its successor (a reload): what waits in memory is
        left where the successor finds it (:meth:`kept`), neither drained nor given up."""
        ...

    def kept(self, key: str, make: Callable[[], T]) -> T:
        """Return the object that is kept under ``key`` as long as the service runs, made at the first call.

        For what must outlive one instance of a component: its queue in memory, its attachments.
        """
        ...

    def extension(self, component_id: str, protocol: type[T]) -> T:
        """Return a configured, opened extension that offers ``protocol`` (a runtime-checkable one).

        Raises:
            StartError: there is none of that id under ``service.extensions``, or it does not offer it.
        """
        ...

    def report_status(self, status: Status, component: str = "", error: str = "") -> None:
        """Tell the house how the component fares; health_check shows it. ``error`` never holds a secret."""
        ...
