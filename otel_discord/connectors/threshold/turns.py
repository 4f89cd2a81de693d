"""Lets others have a turn while something long goes on."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

_LONGEST_S: Final = 0.004


@dataclass(slots=True)
class Turns:
    """Of one long piece of work: whoever does it calls :meth:`pause` as often as it can."""

    begun_s: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    _since_s: float = 0.0

    async def pause(self) -> None:
        """Let others have a turn if the work has been going on for some milliseconds."""
        loop = asyncio.get_running_loop()
        if loop.time() - max(self._since_s, self.begun_s) >= _LONGEST_S:
            await asyncio.sleep(0)
            self._since_s = loop.time()
