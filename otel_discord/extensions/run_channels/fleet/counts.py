"""What a replica that does not lead has to tell of runs: counts, and webhooks that take nothing."""

from dataclasses import dataclass, field
from typing import Final

from otel_discord.component.destination_source import Tally
from otel_discord.component.state_table import StateTable
from otel_discord.extensions.run_channels.fleet.rows import COUNT, GONE, encode_count
from otel_discord.extensions.run_channels.tallies import added

EVERY_S: Final = 2.0


@dataclass(slots=True)
class Counts:
    """Of one replica. What was stored while the answer was lost is stored again under the same key."""

    replica: str
    _pending: dict[str, Tally] = field(default_factory=dict)
    _gone: set[str] = field(default_factory=set)
    _unstored: dict[str, bytes | None] = field(default_factory=dict)
    _number: int = 0

    def count(self, run_id: str, tally: Tally) -> None:
        """Add to what passed for a run."""
        self._pending[run_id] = added(self._pending.get(run_id, Tally()), tally)

    def call(self, run_id: str) -> None:
        """A run's webhook takes nothing any more."""
        self._gone.add(run_id)

    def taken(self) -> dict[str, Tally]:
        """Return what was not told yet, and forget it: it is told another way."""
        pending, self._pending = self._pending, {}
        return pending

    async def store(self, table: StateTable) -> None:
        """Store what is new.

        Raises:
            RetryableError: it cannot be stored now, and is kept.
        """
        if not self._unstored:
            self._number += 1
            for run_id, tally in self.taken().items():
                self._unstored[f"{COUNT}{run_id}/{self.replica}/{self._number}"] = encode_count(tally)
            for run_id in self._gone:
                self._unstored[f"{GONE}{run_id}/{self.replica}"] = b"%d" % self._number
            self._gone.clear()
        if self._unstored:
            await table.put(self._unstored)
            self._unstored = {}
