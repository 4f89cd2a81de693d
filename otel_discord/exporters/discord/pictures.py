"""The charts of alert cards: drawn before a message is composed, found by the card while it is.

What a card shows is its group of alerts as stored, so these bytes are the name under which its picture is kept for a
moment: a second try sends the same one.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from otel_discord.discord_api.models import Embed, FilePart
from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.charts import Charts, NoCharts, plan_chart

FILE_NAME: Final = "chart.png"
CONTENT_TYPE: Final = "image/png"
BEGIN_WITHIN_S: Final = 0.8
"""Of the pictures of a message those are drawn that can be begun within this; one more takes two seconds at most."""
_REMEMBERED: Final = 64
"""Pictures of at most 40 KiB."""


@dataclass(slots=True)
class Pictures:
    """Of one exporter."""

    charts: Charts = field(default_factory=NoCharts)
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger(__name__))
    _drawn: OrderedDict[bytes, FilePart] = field(default_factory=OrderedDict)

    async def prepare(self, cards: Iterable[Card]) -> bool:
        """Draw what these cards show, as long as alerts wait for it; return whether any was drawn."""
        if isinstance(self.charts, NoCharts):
            return False
        some = False
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for card in cards:
            key = card.alert_group
            if not key or key in self._drawn:
                continue
            if loop.time() - began_s > BEGIN_WITHIN_S:
                break
            group = AlertGroup.from_bytes(key)
            part = await self._draw(group) if group is not None else None
            if part is not None:
                self._drawn[key], some = part, True
                while len(self._drawn) > _REMEMBERED:
                    self._drawn.popitem(last=False)
        return some

    def of(self, card: Card) -> FilePart | None:
        """Return the picture that was drawn of a card."""
        return self._drawn.get(card.alert_group) if card.alert_group else None

    async def _draw(self, group: AlertGroup) -> FilePart | None:
        try:
            plan = plan_chart(group.lead, gaps_are_marked=True)
        except Exception:
            self.logger.exception("the chart of an alert could not be planned; please report this")
            return None
        png = await self.charts.draw(plan) if plan is not None else None
        if plan is None or png is None:
            return None
        return FilePart(
            filename=FILE_NAME,
            open=lambda: png,
            size_bytes=len(png),
            content_type=CONTENT_TYPE,
            description=plan.description,
        )


def chart_of(embed: Embed) -> str:
    """Return the name of the file that an embed shows as its picture; "" where it shows none."""
    name = embed.image_url.removeprefix("attachment://")
    return name if name != embed.image_url else ""
