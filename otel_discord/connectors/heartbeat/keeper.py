"""Keeps who has sent and what is silent where the connector keeps its state, in the order of ``handover``."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from otel_discord.connectors.heartbeat.config import WatchConfig
from otel_discord.connectors.heartbeat.groups import Groups
from otel_discord.connectors.heartbeat.stored import Stored, from_bytes, to_bytes
from otel_discord.exporterhelper.kept_state import KeptState, SmallState

_STATE: Final = "state"
_HANDED_ON: Final = "handed_on"


@dataclass(slots=True, kw_only=True)
class Keeper:
    """Of one connector."""

    queue: SmallState
    watches: Mapping[str, Groups]
    configs: Mapping[str, WatchConfig]
    logger: logging.Logger
    _number: int = 0
    _state: KeptState = field(init=False)

    def __post_init__(self) -> None:
        self._state = KeptState(
            queue=self.queue,
            logger=self.logger,
            failing="alerts cannot be stored now; they are sent all the same, and a crash may repeat them",
            again="alerts are stored again",
        )

    async def restore(self, now_s: float, now_ns: int) -> Stored:
        """Return where an earlier run ended; its batch is b"" where it was handed on.

        Raises:
            RetryableError: the storage cannot be read now.
        """
        value = await self.queue.get_state(_STATE)
        if not value:
            return Stored()
        try:
            stored = from_bytes(value, now_s, now_ns)
            handed_on = int(await self.queue.get_state(_HANDED_ON) or b"0")
        except ValueError as error:
            self.logger.warning("what is stored of silent groups cannot be read, so all begins anew: %s", error)
            return Stored()
        self._number = stored.number
        if handed_on >= stored.number:
            stored.batch = b""
        return stored

    async def adopt(self, other: SmallState) -> None:
        """Take over what another place has kept, where here is nothing yet.

        Raises:
            RetryableError: it cannot be read or stored now.
        """
        if await self.queue.get_state(_STATE) is None:
            for key in (_HANDED_ON, _STATE):
                if value := await other.get_state(key):
                    await self.queue.set_state(key, value)

    async def write(self, batch: bytes = b"") -> None:
        """Store everything, with what is to be told of it. Nothing else may wait to be told."""
        self._number += bool(batch)
        watches = {name: (self.configs[name].severity, groups.all()) for name, groups in self.watches.items()}
        await self._state.store(_STATE, to_bytes(self._number, batch, watches))

    async def handed_on(self) -> None:
        """Store that the batch has been accepted by whoever comes next."""
        await self._state.store(_HANDED_ON, str(self._number).encode())
