"""How the destinations fare, as one status of the exporter (health_check shows it)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from otel_discord.component import Status


@dataclass(slots=True)
class Health:
    """Ill as long as one destination is. Recoverable in every case: a new webhook URL mends even a deleted one."""

    report: Callable[[Status, str], None]
    _ill: dict[str, str] = field(default_factory=dict)

    def well(self, destination: str) -> None:
        """A message has arrived there."""
        if self._ill.pop(destination, None) is not None:
            self._tell()

    def ill(self, destination: str, why: str) -> None:
        """Messages do not arrive there; ``why`` holds no secret."""
        if self._ill.get(destination) != why:
            self._ill[destination] = why
            self._tell()

    def _tell(self) -> None:
        words = "; ".join(f"{name}: {why}" for name, why in sorted(self._ill.items()))
        self.report(Status.RECOVERABLE if self._ill else Status.OK, words)
