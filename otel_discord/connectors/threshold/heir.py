"""Takes over what another replica left of its alerts: what it did not hand on is handed on, what fires goes on here.

In this order: handed on, put into this replica's book, stored there, and only then removed from where it was. A kill in
between leaves it to be taken over once more, which changes nothing; at most a batch, the same to the byte, or an end
comes twice.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from otel_discord.component import Consumer, Host, WorkQueue
from otel_discord.connectors.threshold.book import Book
from otel_discord.connectors.threshold.keeper import AlertKeeper
from otel_discord.connectors.threshold.rules import Rule
from otel_discord.connectors.threshold.taking_over import take_over
from otel_discord.exporterhelper.handover import Handover

_AT_ONCE: Final = 500


@dataclass(slots=True, kw_only=True)
class Legacy:
    """Of one replica. The storage can fail in each step: then it stays where it is."""

    keeper: AlertKeeper
    handover: Handover

    async def goes_on_in(self, keeper: AlertKeeper, rules: Mapping[str, Rule], now_ns: int) -> bool:
        """Hand on what was not, take over what fires, and store that; return whether it is done.

        Nothing may be in hand of the keeper's own alerts, and no evaluation go on.
        """
        if not await self.handover.hand_on():
            return False
        changed = take_over(self.keeper.book, keeper.book, rules, now_ns)
        count = 0
        while keys := list(islice(changed, _AT_ONCE)):
            count += len(keys)
            if not await keeper.write(keys, b""):
                list(changed)  # alive in memory all the same
                return False
        if count:
            self.handover.logger.info("%d alerts of a replica that has gone go on here", count)
        return True


async def open_legacy(
    queue: WorkQueue, *, component: str, outlet: Consumer | None, host: Host, logger: logging.Logger
) -> Legacy:
    """Read what a replica left.

    Raises:
        RetryableError: the storage cannot be read now.
    """
    keeper = AlertKeeper(queue=queue, book=Book(), logger=logger)
    batch = await keeper.restore()
    handover = Handover(
        component=component, outlet=outlet, host=host, logger=logger, taken=keeper.handed_on, batch=batch
    )
    return Legacy(keeper=keeper, handover=handover)
