"""What a component may ask of the house: extensions, and to be heard."""

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

    def extension(self, component_id: str, protocol: type[T]) -> T:
        """Return a configured, opened extension that offers ``protocol`` (a runtime-checkable one).

        Raises:
            StartError: there is none of that id under ``service.extensions``, or it does not offer it.
        """
        ...

    def report_status(self, status: Status, component: str = "", error: str = "") -> None:
        """Tell the house how the component fares; health_check shows it. ``error`` never holds a secret."""
        ...
