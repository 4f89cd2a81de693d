"""Maintenance of one exporter: announces what begins and ends, lets go what was held, and does what a person asks.

The clock is the wall clock. What was announced and counted is in the exporter's state, so a restart goes on with it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, TypeVar

from otel_discord.component import PermanentError, RetryableError, ShutdownError
from otel_discord.component.instruments_discord import DiscordInstruments
from otel_discord.component.maintenance import MaintenanceRequest, MaintenanceWindow
from otel_discord.discord_api.models import Message
from otel_discord.exporters.discord.at_edges import BETWEEN_WRITES_S, LONGEST_SLEEP_S, ActsAtEdges
from otel_discord.exporters.discord.held import Count, HeldCards
from otel_discord.exporters.discord.lane import patiently
from otel_discord.exporters.discord.mutes import announcements
from otel_discord.exporters.discord.mutes.announcements import Announced
from otel_discord.exporters.discord.mutes.book import read_stored
from otel_discord.exporters.discord.mutes.gate import Gate, Muted
from otel_discord.exporters.discord.mutes.held_lanes import destination_of, held_lane, mute_of
from otel_discord.exporters.discord.mutes.mute import Action, Mute, Which
from otel_discord.exporters.discord.mutes.periods import SECOND_NS, Once, Period
from otel_discord.exporters.discord.outbox import Outbox

HOLD_BELOW: Final = 0.5
"""Share of the queue above which what is held is let go: others need its room."""
SHORT_FOR_S: Final = 3.0
"""So long does the queue lack room before that: a burst passes by itself."""
COUNTED_WITHIN_S: Final = 0.75
"""Somebody waits for what is held."""
UNCOUNTED: Final = "What is held cannot be counted: the storage is away."
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Maintenance(ActsAtEdges):
    """``outboxes`` are those of the configured destinations."""

    _key: ClassVar[str] = "mutes"
    gate: Gate
    held: HeldCards
    outboxes: Mapping[str, Outbox]
    instruments: DiscordInstruments
    _announced: dict[str, Announced] = field(default_factory=dict)
    _short_since_s: float | None = None
    """Loop time since which the queue has lacked room."""
    _early: dict[Muted, int] = field(default_factory=dict)
    """Counted before the begin was announced: routing may see an edge first."""

    # ------------------------------------------------------------------------------------------------------ running

    async def restore(self) -> None:
        """Go on where an earlier run ended."""
        stored = read_stored(await self.state.get_state(self._key) or b"{}")
        unreadable = self.gate.book.restore(stored)
        for each in stored.get("announced", ()):
            try:
                announced = Announced.from_json(each)
            except (ValueError, KeyError, TypeError, AttributeError):
                unreadable += 1
            else:
                self._announced[announced.mute_id] = announced
        self.gate.relieved.update(each.mute_id for each in self._announced.values() if each.relieved)
        if unreadable:
            self.logger.warning("%d mutes of an earlier run cannot be read and are left out", unreadable)

    async def open_up(self) -> None:
        """Hold nothing any more and let go what is held: it is time to end, and nothing stays."""
        async with self._busy:
            self.gate.is_open = True
            for lane in await self._insist(self.held.lanes):
                await self._let_go(lane, lambda _: None)

    def counted(self, muted: Iterable[tuple[Muted, int]]) -> None:
        """Count records that windows muted, in the metric and for the announcement of the end."""
        for each, records in muted:
            if each.by_silence:
                continue
            self.instruments.destination(each.destination).muted(str(each.action), records)
            announced = self._announced.get(each.mute_id)
            if announced is not None:
                self._note(announced, each, records)
            else:
                self._early[each] = self._early.get(each, 0) + records
                self._news.set()
            if each.action is Action.HOLD and self._is_short_of_room:
                self._news.set()

    def _note(self, announced: Announced, muted: Muted, records: int) -> None:
        if muted.action is Action.HOLD:
            return  # the cards count them
        counts = announced.dropped if muted.action is Action.DROP else announced.unpinged
        counts[muted.destination] = counts.get(muted.destination, 0) + records
        self._to_write = True

    @property
    def _is_short_of_room(self) -> bool:
        queue = self.held.queue
        return queue.size >= queue.capacity * HOLD_BELOW

    def _has_been_short_of_room(self) -> bool:
        now_s = asyncio.get_running_loop().time()
        if not self._is_short_of_room:
            self._short_since_s = None
        elif self._short_since_s is None:
            self._short_since_s = now_s
        return self._short_since_s is not None and now_s >= self._short_since_s + SHORT_FOR_S

    def _sleep_s(self) -> float:
        edge_s = self.gate.book.next_edge(self._now_ns()) / SECOND_NS - self.wall_clock()
        longest_s = BETWEEN_WRITES_S if self._to_write else LONGEST_SLEEP_S
        if self._short_since_s is not None:
            longest_s = SHORT_FOR_S
        return max(0.001, min(edge_s, longest_s))

    async def _step(self) -> None:
        now_ns = self._now_ns()
        book = self.gate.book
        active = {mute.id: mute for mute in book.active(now_ns)}
        self._begin_what_holds(active.values(), now_ns)
        for muted, records in self._early.items():
            if muted.mute_id in self._announced:
                self._note(self._announced[muted.mute_id], muted, records)
        self._early.clear()
        over = [self._announced[mute_id] for mute_id in self._announced if mute_id not in active]
        for announced in over:
            await self._finish(announced)
        if active and self._has_been_short_of_room():
            await self._relieve(active.values())
        for lane in await self._insist(self.held.lanes):
            if all(mute_of(lane) != mute.id for mute in book.active(self._now_ns())):  # one may have begun meanwhile
                await self._let_go(lane, lambda _: None)
        book.clean(now_ns)
        if self._to_write:
            await self._write()

    def _begin_what_holds(self, active: Iterable[Mute], now_ns: int) -> None:
        for mute in active:
            period = self.gate.book.period_at(mute, now_ns)
            known = self._announced.get(mute.id)
            if known is None and period is not None:
                self._begin(mute, period)
            elif known is not None and period is not None:
                known.end_ns = period.end_ns

    def _begin(self, mute: Mute, period: Period) -> None:
        destinations = tuple(name for name in self.outboxes if mute.concerns(name))
        self._announced[mute.id] = Announced(mute.id, mute.name, destinations, period.start_ns, period.end_ns)
        self._to_write = True
        for name in destinations:
            self.outboxes[name].say(announcements.begin(mute, period.end_ns))
        self._log(mute.id, "maintenance begins", maintenance=mute.name, action=str(mute.action))

    async def _finish(self, announced: Announced) -> None:
        lanes = set(await self._insist(self.held.lanes))
        for name in announced.destinations:
            lane = held_lane(name, announced.mute_id)

            def tell(count: Count, name: str = name) -> None:
                self._say(name, announcements.end(announced, name, count.problems, count.events))

            if lane in lanes:
                await self._let_go(lane, tell)
            else:
                tell(Count())
        del self._announced[announced.mute_id]
        self.gate.relieved.discard(announced.mute_id)
        self._to_write = True
        self._log(announced.mute_id, "maintenance ends", maintenance=announced.name)

    async def _relieve(self, mutes: Iterable[Mute]) -> None:
        """Let go what is held where the queue has no room for it; from now on it only comes without a ping."""
        lanes = await self._insist(self.held.lanes)
        for mute in mutes:
            announced = self._announced.get(mute.id)
            if announced is None or announced.relieved or mute.action is not Action.HOLD:
                continue
            own = [lane for lane in lanes if mute_of(lane) == mute.id]
            if not own:
                continue
            announced.relieved = self._to_write = True
            self.gate.relieved.add(mute.id)
            self.logger.warning("the queue has no room to hold more", extra={"maintenance": mute.name})
            for lane in own:

                def tell(count: Count, lane: str = lane, announced: Announced = announced) -> None:
                    self._say(destination_of(lane), announcements.relief(announced, count.problems, count.events))

                await self._let_go(lane, tell)

    async def _let_go(self, lane: str, tell: Callable[[Count], None]) -> None:
        announced = self._announced.get(mute_of(lane))
        note = announcements.held_note(announced.name if announced is not None else mute_of(lane))
        await self._insist(lambda: self.held.let_go(lane, note, tell))
        outbox = self.outboxes.get(destination_of(lane))
        if outbox is not None:
            outbox.notify()

    def _say(self, destination: str, message: Message) -> None:
        outbox = self.outboxes.get(destination)
        if outbox is not None:
            outbox.say(message)

    def _notes(self) -> Mapping[str, Any]:
        return self.gate.book.to_json() | {"announced": [each.to_json() for each in self._announced.values()]}

    async def _insist(self, step: Callable[[], Awaitable[T]]) -> T:
        return await patiently(step, self.logger, "what is held")

    # ----------------------------------------------------------------------------------------- what a person asks for

    async def start(self, request: MaintenanceRequest) -> MaintenanceWindow:
        """Begin maintenance now: of a configured window, or of one that is described.

        Raises:
            PermanentError: it cannot be: a matcher is none, a destination is not there, there are too many.
        """
        now_ns = self._now_ns()
        configured = next((mute for mute in self.gate.book.configured if mute.id == request.name), None)
        try:
            mute = _asked(request, configured, now_ns)
            unknown = sorted(set(request.destinations) - set(self.outboxes))  # others of the window may be elsewhere
            if unknown:
                raise ValueError(f"there is no destination {unknown[0]!r}; there are: {', '.join(self.outboxes)}")
            self.gate.book.add(mute, now_ns)
        except ValueError as error:
            raise PermanentError(str(error)) from None
        self._begin_what_holds([mute], now_ns)
        remark = await self._kept()
        return self._window(mute, now_ns, await self._counts(), remark)

    async def stop(self, name: str) -> MaintenanceWindow:
        """End maintenance now; a configured window comes again with its next period.

        Raises:
            PermanentError: none of that name is active.
        """
        now_ns = self._now_ns()
        counts = await self._counts()
        mute = self.gate.book.get(name)
        if mute is None:
            known = ", ".join(each.name for each in self.gate.book.all()) or "none"
            raise PermanentError(f"there is no maintenance {name!r}; there is: {known}")
        window = self._window(mute, now_ns, counts)
        if not self.gate.book.end(name, now_ns):
            raise PermanentError(f"maintenance {name!r} is not active")
        return replace(window, remark=await self._kept() or window.remark)

    async def windows(self) -> Sequence[MaintenanceWindow]:
        """Return what is configured and what was started."""
        now_ns = self._now_ns()
        counts = await self._counts()
        return [self._window(mute, now_ns, counts) for mute in self.gate.book.all()]

    async def _counts(self) -> Mapping[str, Count] | None:
        """Return what is held, by lane; None where the storage does not say it soon."""
        try:
            async with asyncio.timeout(COUNTED_WITHIN_S):
                return {lane: await self.held.count(lane) for lane in await self.held.lanes()}
        except ShutdownError:
            raise
        except (RetryableError, TimeoutError):
            return None

    def _window(self, mute: Mute, now_ns: int, held: Mapping[str, Count] | None, remark: str = "") -> MaintenanceWindow:
        book = self.gate.book
        period = book.period_at(mute, now_ns)
        counts = [count for lane, count in (held or {}).items() if mute_of(lane) == mute.id]
        announced = self._announced.get(mute.id)
        return MaintenanceWindow(
            name=mute.name,
            active=period is not None,
            action=str(mute.action),
            records=str(mute.which) or "all",
            destinations=tuple(sorted(mute.destinations)),
            configured=not book.is_added(mute.id),
            since_ns=period.start_ns if period is not None else 0,
            until_ns=period.end_ns if period is not None else 0,
            next_ns=mute.when.next_edge(now_ns) if period is None else 0,
            held_problems=sum(count.problems for count in counts),
            held_records=sum(count.events for count in counts),
            dropped_records=sum(announced.dropped.values()) if announced is not None else 0,
            unpinged_records=sum(announced.unpinged.values()) if announced is not None else 0,
            comment=mute.comment,
            author=mute.author,
            remark=remark or (UNCOUNTED if held is None else ""),
        )


def _asked(request: MaintenanceRequest, configured: Mute | None, now_ns: int) -> Mute:
    """Return the mute that a person asks for; what is not said is taken of the configured window of that name."""
    which = Which.of(request.matchers, request.conditions)
    action = Action(request.action) if request.action else None
    if configured is not None:
        which = which if request.matchers or request.conditions else configured.which
        action = action or configured.action
    return Mute(
        id=request.name,
        name=request.name,
        which=which,
        when=Once(Period(now_ns, now_ns + int(request.for_s * SECOND_NS))),
        action=action or Action.HOLD,
        destinations=frozenset(request.destinations)
        or (configured.destinations if configured is not None else frozenset()),
        critical=request.critical or (configured is not None and configured.critical),
        comment=request.comment or (configured.comment if configured is not None else ""),
        author=request.author,
    )
