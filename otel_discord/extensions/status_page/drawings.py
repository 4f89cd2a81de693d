"""Messages drawn as Discord shows them; one that stays as it is is not drawn again at each look."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from otel_discord.discord_api.html_view import render_messages

FRESH_S: Final = 10.0
"""Times such as "2 minutes ago" within a message are no older."""
MAX_KEPT: Final = 200


class Drawings:
    """Remembers what was drawn, and when: as of then, so that nothing that has happened seems to come."""

    def __init__(self) -> None:
        self._drawn: OrderedDict[str, tuple[float, str]] = OrderedDict()

    def draw(self, message: Mapping[str, Any], now_s: float) -> str:
        """Return a message as HTML, drawn within the last ten seconds; ``now_s`` is wall time."""
        body = json.dumps(message, default=str)
        drawn = self._drawn.get(body)
        if drawn is None or not 0 <= now_s - drawn[0] < FRESH_S:
            drawn = (now_s, render_messages([json.loads(body)], now=now_s))
        self._drawn[body] = drawn
        self._drawn.move_to_end(body)
        while len(self._drawn) > MAX_KEPT:
            self._drawn.popitem(last=False)
        return drawn[1]
