"""Values of a component's own state on their way into its storage; that this fails is told once, not each time."""

import logging
from dataclasses import dataclass, field
from typing import Protocol

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.component.state_table import StateTable


class SmallState(Protocol):
    """Values by key: a :class:`~otel_discord.component.storage.WorkQueue` has some, and a table is some."""

    async def get_state(self, key: str) -> bytes | None:
        """Return a value, None where there is none."""
        ...

    async def set_state(self, key: str, value: bytes | None) -> None:
        """Store a value, or with None remove it."""
        ...


@dataclass(frozen=True, slots=True)
class TableState:
    """The state of which a table is made."""

    table: StateTable

    async def get_state(self, key: str) -> bytes | None:
        """Return a value, None where there is none."""
        return await self.table.get(key)

    async def set_state(self, key: str, value: bytes | None) -> None:
        """Store a value, or with None remove it."""
        await self.table.put({key: value})


@dataclass(slots=True, kw_only=True)
class KeptState:
    """Of one component. ``failing`` says in a log line what follows when it fails, ``again`` that it does not any
    more."""

    queue: SmallState
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
