"""What the log was told of mutes: where several engines of one exporter have the same one it is said once. Pure."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

_MOST: Final = 10_000
"""Mutes that are remembered."""


@dataclass(slots=True)
class MutesSaid:
    """Of one exporter in one process."""

    _last: OrderedDict[tuple[str, str], str] = field(default_factory=OrderedDict)

    def is_news(self, kind: str, mute_id: str, what: str) -> bool:
        """Return whether something else was said last of a mute, and note it: it is said now."""
        key = kind, mute_id
        if self._last.get(key) == what:
            return False
        self._last[key] = what
        self._last.move_to_end(key)
        while len(self._last) > _MOST:
            self._last.popitem(last=False)
        return True
