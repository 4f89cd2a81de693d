"""Which replicas live, as one of them sees it: by values that change. No clock of another machine is looked at."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

BEAT_S: Final = 5.0
SILENT_S: Final = 16.0
"""Who says nothing for so long is not waited for."""
DEAD_S: Final = 60.0
"""After that time its value is removed."""


@dataclass(slots=True)
class Members:
    """Of one replica."""

    replica: str
    _beats_s: dict[str, float] = field(default_factory=dict)
    _number: int = 0

    def next_beat(self) -> bytes:
        """Return a value that is another one each time."""
        self._number += 1
        return b"%d" % self._number

    def heard(self, name: str, value: bytes | None) -> None:
        """A replica's value has changed; None where it has left."""
        if value is None:
            self._beats_s.pop(name, None)
        else:
            self._beats_s[name] = asyncio.get_running_loop().time()

    def living(self) -> list[str]:
        """Return the others that live."""
        return self._others(lambda silent_s: silent_s < SILENT_S)

    def dead(self) -> list[str]:
        """Return those that have said nothing for long."""
        return self._others(lambda silent_s: silent_s >= DEAD_S)

    def _others(self, chosen: Callable[[float], bool]) -> list[str]:
        now_s = asyncio.get_running_loop().time()
        return [name for name, at_s in self._beats_s.items() if name != self.replica and chosen(now_s - at_s)]
