"""Silences of one exporter: adds and ends them as a person says, counts what they keep back, and tells at their end.

The clock is the wall clock. Silences and counts are in the exporter's state: a reload goes on with them, and so does a
restart where there is storage.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final

from otel_discord.component import PermanentError
from otel_discord.component.instruments_discord import DiscordInstruments
from otel_discord.component.silences import Silence, SilenceRequest
from otel_discord.exporters.discord.at_edges import BETWEEN_WRITES_S, LONGEST_SLEEP_S, ActsAtEdges
from otel_discord.exporters.discord.mutes import silenced
from otel_discord.exporters.discord.mutes.book import MuteBook, read_stored
from otel_discord.exporters.discord.mutes.gate import Muted
from otel_discord.exporters.discord.mutes.mute import Mute
from otel_discord.exporters.discord.mutes.periods import SECOND_NS, Once, Period
from otel_discord.exporters.discord.mutes.silence import silence
from otel_discord.exporters.discord.mutes.silenced import Silenced
from otel_discord.exporters.discord.outbox import Outbox

ACTION: Final = "silence"
"""What the metric of muted records calls it."""
ENDS_WITH_US: Final = "It ended with the service: silences outlive a restart where `sending_queue::storage` is set."


@dataclass(slots=True, kw_only=True)
class Silences(ActsAtEdges):
    """``outboxes`` are those of the configured destinations; ``routing`` is held while records are routed; what they
    met is counted before anyone else has it, so who ends a silence with it knows every count."""

    _key: ClassVar[str] = "silences"
    book: MuteBook
    routing: asyncio.Lock
    outboxes: Mapping[str, Outbox]
    instruments: DiscordInstruments
    _silenced: dict[str, Silenced] = field(default_factory=dict)

    # ------------------------------------------------------------------------------------------------------ running

    async def restore(self) -> None:
        """Go on where an earlier run ended."""
        stored = read_stored(await self.state.get_state(self._key) or b"{}")
        unreadable = self.book.restore(stored)
        for each in self.book.all():
            self._silenced[each.id] = Silenced()
            with suppress(ValueError, KeyError, TypeError, AttributeError):
                self._silenced[each.id] = Silenced.from_json(stored["silenced"][each.id])
        if unreadable:
            self.logger.warning("%d silences of an earlier run cannot be read and are left out", unreadable)

    def tell_what_ends(self) -> None:
        """Say what was silenced: nothing keeps it, and the exporter ends. Until then nothing is shown all the same."""
        for each in self.book.all():
            self._tell(each, ENDS_WITH_US)

    def counted(self, muted: Iterable[tuple[Muted, int]]) -> None:
        """Count records that silences kept back; others are left out."""
        for each, records in muted:
            if not each.by_silence:
                continue
            if each.destination:
                self.instruments.destination(each.destination).muted(ACTION, records)
            if each.mute_id in self._silenced:
                self._silenced[each.mute_id].count(each.destination, records)
                self._to_write = True

    def _sleep_s(self) -> float:
        edge_s = self.book.next_edge(self._now_ns()) / SECOND_NS - self.wall_clock()
        return max(0.001, min(edge_s, BETWEEN_WRITES_S if self.book.all() else LONGEST_SLEEP_S))

    async def _step(self) -> None:
        now_ns = self._now_ns()
        if any(_period(each).end_ns <= now_ns for each in self.book.all()):
            async with self.routing:
                for each in self.book.clean(now_ns):
                    self._finish(each)
        if self._to_write:
            await self._write()

    def _finish(self, ended: Mute) -> None:
        self._tell(ended)
        self._silenced.pop(ended.id, None)
        self._to_write = True
        self._log(ended.id, "a silence ends", silence=ended.id, records=str(ended.which))

    def _tell(self, ended: Mute, why: str = "") -> None:
        for destination, records in self._silenced[ended.id].by_destination.items():
            outbox = self.outboxes.get(destination)
            if outbox is not None:
                outbox.say(silenced.end(ended, records, why))

    def _notes(self) -> Mapping[str, Any]:
        return self.book.to_json() | {"silenced": {name: each.to_json() for name, each in self._silenced.items()}}

    # ----------------------------------------------------------------------------------------- what a person asks for

    async def add(self, request: SilenceRequest) -> Silence:
        """Add a silence.

        Raises:
            PermanentError: it cannot be: a matcher is none, its end is over, there are too many.
        """
        now_ns = self._now_ns()
        period = Period(request.starts_ns or now_ns, request.ends_ns)
        try:
            added = silence(request.id, request.matchers, period, comment=request.comment, author=request.author)
            if period.end_ns <= max(now_ns, period.start_ns):
                raise ValueError("a silence ends after its start, and in the future")
            if self.book.get(request.id) is not None:
                raise ValueError(f"there is a silence {request.id!r} already")
            self.book.add(added, now_ns)
        except ValueError as error:
            raise PermanentError(str(error)) from None
        self._silenced[added.id] = Silenced()
        self._log(added.id, "a silence is added", silence=added.id, records=str(added.which))
        return replace(self._seen(added, now_ns), remark=await self._kept())

    async def expire(self, silence_id: str) -> Silence:
        """End a silence now.

        Raises:
            PermanentError: there is none of that id.
        """
        now_ns = self._now_ns()
        async with self.routing:
            there = {each.id: each for each in self._not_over(now_ns)}
            if silence_id not in there:
                raise PermanentError(f"there is no silence {silence_id!r}; there is: {', '.join(there) or 'none'}")
            ended = there[silence_id]
            seen = self._seen(ended, now_ns)
            self.book.end(silence_id, now_ns)
            self._finish(ended)
        return replace(seen, remark=await self._kept())

    async def list(self) -> Sequence[Silence]:
        """Return the silences that hold or will, those that end first at first."""
        now_ns = self._now_ns()
        return sorted((self._seen(each, now_ns) for each in self._not_over(now_ns)), key=lambda each: each.ends_ns)

    def _not_over(self, now_ns: int) -> Iterable[Mute]:
        return [each for each in self.book.all() if _period(each).end_ns > now_ns]

    def _seen(self, mute: Mute, now_ns: int) -> Silence:
        period = _period(mute)
        return Silence(
            id=mute.id,
            active=period.covers(now_ns),
            matchers=tuple(each.text for each in mute.which.matchers),
            starts_ns=period.start_ns,
            ends_ns=period.end_ns,
            silenced_records=self._silenced[mute.id].records,
            comment=mute.comment,
            author=mute.author,
        )


def _period(mute: Mute) -> Period:
    if not isinstance(mute.when, Once):
        raise TypeError("a silence has one period")
    return mute.when.period
