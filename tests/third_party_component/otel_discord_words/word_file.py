"""An exporter that appends bodies to a file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from otel_discord.component import ACCEPTED, ExporterFactory, Host, PermanentError, Receipt, Settings, Stability
from otel_discord.config import StrictModel
from otel_discord.signals import Batch, LogsBatch, Signal


class WordFileConfig(StrictModel):
    """Where to write."""

    path: str
    """A file; lines are appended."""


class WordFile:
    """One line a record."""

    def __init__(self, config: WordFileConfig) -> None:
        self._path = Path(config.path)

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Nothing stays open."""
        yield

    async def consume(self, batch: Batch) -> Receipt:
        """Append; what cannot be written is refused."""
        if not isinstance(batch, LogsBatch):
            raise PermanentError("takes logs only")
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.writelines(f"{record.body.string_value}\n" for _, _, record in batch.records())
        except OSError as error:
            raise PermanentError(f"cannot write: {error.strerror}") from error
        return ACCEPTED


def _create(_settings: Settings, config: WordFileConfig) -> WordFile:
    return WordFile(config)


FACTORY = ExporterFactory(
    type_name="word_file", config=WordFileConfig, signals={Signal.LOGS: Stability.BETA}, create=_create
)
