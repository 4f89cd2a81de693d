"""Values of a component's own state on their way into its storage; that this fails is told once, not each time."""

import logging
from dataclasses import dataclass, field

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.component.storage import WorkQueue


@dataclass(slots=True, kw_only=True)
class KeptState:
    """Of one component. ``failing`` says in a log line what follows when it fails, ``again`` that it does not any
    more."""

    queue: WorkQueue
    logger: logging.Logger
    failing: str
    again: str
    _is_told: bool = field(default=False, init=False)

    async def store(self, key: str, value: bytes | None) -> bool:
        """Store a value, or with None remove it; return whether that is done."""
        try:
            await self.queue.set_state(key, value)
        except (RetryableError, ShutdownError) as error:
            if not self._is_told:
                self.logger.warning("%s: %s", self.failing, error)
            self._is_told = True
            return False
        if self._is_told:
            self.logger.info("%s", self.again)
        self._is_told = False
        return True
