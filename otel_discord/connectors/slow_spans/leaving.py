"""Records on their way out: offered until somebody takes them, bounded, the oldest given up first."""

import asyncio
import logging
from collections import deque
from typing import Final

from otel_discord.component import ComponentError, Consumer, RetryableError
from otel_discord.connectors.slow_spans.own_numbers import OwnNumbers
from otel_discord.connectors.slow_spans.records import SlowRecord, batch_of

_MOST_RECORDS: Final = 2000
_MOST_AT_ONCE: Final = 200
_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 10.0


class Leaving:
    """What is to be passed on."""

    def __init__(self, outlet: Consumer, numbers: OwnNumbers, logger: logging.Logger) -> None:
        self._outlet = outlet
        self._numbers = numbers
        self._logger = logger
        self._records: deque[SlowRecord] = deque()
        self._pause_s = _FIRST_PAUSE_S
        self._given_up = 0

    def __len__(self) -> int:
        return len(self._records)

    @property
    def pause_s(self) -> float:
        """How long to wait after a refusal."""
        return self._pause_s

    def add(self, records: list[SlowRecord]) -> None:
        """Put records at the end."""
        self._records.extend(records)
        while len(self._records) > _MOST_RECORDS:
            self._records.popleft()
            self._given_up += 1
            self._numbers.lost(1)

    async def offer(self) -> bool:
        """Offer all that there is; return whether all is settled."""
        while self._records:
            first = [self._records.popleft() for _ in range(min(_MOST_AT_ONCE, len(self._records)))]
            try:
                await self._outlet.consume(batch_of(first))
            except RetryableError as error:
                self._logger.info("%d slow spans are not taken yet: %s", len(first), error)
                self._records.extendleft(reversed(first))
                self._pause_s = min(error.retry_after_s or 2 * self._pause_s, _LONGEST_PAUSE_S)
                return False
            except ComponentError as error:
                self._logger.error("%d slow spans are lost: %s", len(first), error)  # noqa: TRY400  it says why
                self._numbers.lost(len(first))
            except asyncio.CancelledError:
                self._records.extendleft(reversed(first))
                raise
            else:
                self._numbers.told(len(first))
            self._pause_s = _FIRST_PAUSE_S
        return True

    def tell_lost(self) -> None:
        """Say at the end what was not taken."""
        self._numbers.lost(len(self._records))
        lost = self._given_up + len(self._records)
        if lost:
            self._logger.error("%d slow spans are lost: nobody took them in time", lost)
