"""Keeps what measures want to keep (the totals of counters) where the connector keeps its state.

Written at the end, and now and then in between: a crash loses what came since. How often follows from how long it
takes, so that it costs a small share of the time.
"""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson

from otel_discord.component import RetryableError, ShutdownError, WorkQueue
from otel_discord.connectors.threshold.measures import Measure
from otel_discord.connectors.threshold.rules import Rule
from otel_discord.connectors.threshold.turns import Turns

BETWEEN_WRITES_S: Final = 30.0
_SHARE: Final = 50
"""Writing takes at most one in so many parts of the time."""
_MOST_BYTES: Final = 32 * 1024 * 1024
_INDEX: Final = "measures"


@dataclass(slots=True, kw_only=True)
class MeasureKeeper:
    """Of one connector."""

    queue: WorkQueue
    rules: Sequence[Rule]
    logger: logging.Logger
    next_s: float = 0.0
    """Loop time of the next writing."""
    _too_large: set[str] = field(default_factory=set)

    async def restore(self) -> None:
        """Take in what is stored.

        Raises:
            RetryableError: the storage cannot be read now.
        """
        for rule in self.rules:
            for name, measure in rule.measures:
                stored = await self.queue.get_state(_key(name))
                if stored:
                    try:
                        measure.restore(stored)
                    except ValueError as error:
                        self.logger.warning("stored measures of rule %s cannot be read: %s", rule.name, error)
        await self._remove_others()

    async def write(self) -> None:
        """Store every measure. What the storage refuses is stored next time."""
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        for rule in self.rules:
            for name, measure in rule.measures:
                value = await _bytes_of(measure)
                if len(value) > _MOST_BYTES:
                    self._tell_too_large(rule.name, len(value))
                    continue
                try:
                    await self.queue.set_state(_key(name), value)
                except (RetryableError, ShutdownError) as error:
                    self.logger.debug("measures are not stored now: %s", error)
                    self.next_s = loop.time() + BETWEEN_WRITES_S
                    return
                await asyncio.sleep(0)
        took_s = loop.time() - begun_s
        self.next_s = loop.time() + max(BETWEEN_WRITES_S, took_s * _SHARE)

    async def _remove_others(self) -> None:
        """Forget measures of rules that are gone or mean something else now."""
        wanted = [_key(name) for rule in self.rules for name, _ in rule.measures]
        try:
            known = orjson.loads(await self.queue.get_state(_INDEX) or b"[]")
            for key in known:
                if key not in wanted:
                    await self.queue.set_state(key, None)
            if known != wanted:
                await self.queue.set_state(_INDEX, orjson.dumps(wanted))
        except (ValueError, RetryableError, ShutdownError) as error:
            self.logger.debug("measures of earlier rules are not removed now: %s", error)

    def _tell_too_large(self, rule: str, size_bytes: int) -> None:
        if rule not in self._too_large:
            self._too_large.add(rule)
            self.logger.warning(
                "the measures of rule %s have %d MiB and are not stored: after a restart its counters begin anew",
                rule,
                size_bytes // 2**20,
            )


async def _bytes_of(measure: Measure) -> bytes:
    turns, pieces = Turns(), bytearray()
    for piece in measure.slices():
        pieces += piece
        await turns.pause()
    return bytes(pieces)


def _key(name: str) -> str:
    return f"measure/{hashlib.blake2b(name.encode(), digest_size=12).hexdigest()}"
