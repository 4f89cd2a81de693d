"""Silences and maintenance of a whole fleet: applied in every shard, shown once.

Each shard keeps its book with its work, so that a mute outlives who works on the shard. A shard that cannot be reached
is asked on in the background for some minutes; until then the answer says for whom it does not hold yet.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias, TypeVar

from otel_discord.component import PermanentError, RetryableError
from otel_discord.component.maintenance import MaintenanceRequest, MaintenanceWindow
from otel_discord.component.silences import Silence, SilenceRequest
from otel_discord.exporters.discord.fleet import questions as q
from otel_discord.exporters.discord.fleet.asked_fleet_inquiry import Inquiry, Told
from otel_discord.exporters.discord.fleet.questions import Method

ACT_S: Final = 8.0
"""A shard that goes from one replica to another is there again in less. Where a replica has died it takes a lease:
somebody waits for the answer, so such a shard is asked on behind his back."""
LOOK_S: Final = 1.5
"""For lists: who asks shows them beside other things."""
OWED_S: Final = 600.0
"""So long is a shard asked that was not reached."""
OWED_EVERY_S: Final = 20.0
T = TypeVar("T")
Later: TypeAlias = Callable[[Any, float], Any]
"""What is to be asked so many seconds later; None: nothing any more."""


def _same(argument: Any, _: float) -> Any:
    return argument


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetMutes:
    """``tasks`` run as long as the fleet is joined."""

    inquiry: Inquiry
    tasks: asyncio.TaskGroup
    _owed: dict[str, list[asyncio.Task[None]]] = field(default_factory=dict)

    # ---------------------------------------------------------------------------------------------------- silences

    async def add_silence(self, request: SilenceRequest) -> Silence:
        """Add a silence everywhere; where somebody refuses it, it is taken back.

        Raises:
            PermanentError: it cannot be.
            RetryableError: nobody was reached.
        """
        told = await self.inquiry.all(q.ADD_SILENCE, request, ACT_S, insist=True)
        if told.answers and told.refusals:
            await self.inquiry.each(dict.fromkeys(told.answers, request.id), q.EXPIRE_SILENCE, LOOK_S)
            raise PermanentError("; ".join(dict.fromkeys(map(str, told.refusals.values()))))
        told.raise_unless_some()
        self._owe(f"silence {request.id}", q.ADD_SILENCE, dict.fromkeys(told.silent, request))
        return replace(one_silence(told.answers.values()), remark=self._remark(told, "It does not hold yet for"))

    async def expire_silence(self, silence_id: str) -> Silence:
        """End a silence everywhere.

        Raises:
            PermanentError: there is none of that id.
            RetryableError: nobody was reached.
        """
        told = await self.inquiry.all(q.EXPIRE_SILENCE, silence_id, ACT_S, insist=True)
        told.raise_unless_some()
        self._owe(f"silence {silence_id}", q.EXPIRE_SILENCE, dict.fromkeys(told.silent, silence_id))
        return replace(one_silence(told.answers.values()), remark=self._remark(told, "It still holds for"))

    async def silences(self) -> Sequence[Silence]:
        """Return the silences that hold or will, those that end first at first; counts are sums.

        Raises:
            RetryableError: nobody was reached.
        """
        told = await self.inquiry.all(q.LIST_SILENCES, None, LOOK_S)
        told.raise_unless_some()
        remark = self._not_asked(told)
        found = (replace(one_silence(same), remark=remark) for same in _grouped(told.answers, lambda each: each.id))
        return sorted(found, key=lambda each: each.ends_ns)

    # ------------------------------------------------------------------------------------------------- maintenance

    async def start_maintenance(self, request: MaintenanceRequest) -> MaintenanceWindow:
        """Begin maintenance now, wherever its destinations are.

        Raises:
            PermanentError: it cannot be.
            RetryableError: nobody was reached.
        """
        requests = self._requests(request)
        told = await self.inquiry.each(requests, q.START_MAINTENANCE, ACT_S, insist=True)
        if told.answers and told.refusals:
            await self.inquiry.each(dict.fromkeys(told.answers, request.name), q.END_MAINTENANCE, LOOK_S)
            raise PermanentError("; ".join(dict.fromkeys(map(str, told.refusals.values()))))
        told.raise_unless_some()
        owed = {shard: requests[shard] for shard in told.silent}
        self._owe(f"maintenance {request.name}", q.START_MAINTENANCE, owed, _started_later)
        return replace(one_window(told.answers.values()), remark=self._remark(told, "It does not hold yet for"))

    def _requests(self, request: MaintenanceRequest) -> dict[int, MaintenanceRequest]:
        """Return what each shard is asked: only of its own destinations, where some are named."""
        if not request.destinations:
            return dict.fromkeys(self.inquiry.shards, request)
        by_shard = self.inquiry.places.by_shard(
            name for name in request.destinations if name in self.inquiry.places.configured
        )
        known = {name for names in by_shard.values() for name in names}
        unknown = sorted(set(request.destinations) - known)
        if unknown:
            there_are = ", ".join(self.inquiry.places.configured)
            raise PermanentError(f"there is no destination {unknown[0]!r}; there are: {there_are}")
        return {shard: replace(request, destinations=tuple(names)) for shard, names in by_shard.items()}

    async def end_maintenance(self, name: str) -> MaintenanceWindow:
        """End maintenance now, wherever it holds.

        Raises:
            PermanentError: none of that name is active.
            RetryableError: nobody was reached.
        """
        told = await self.inquiry.all(q.END_MAINTENANCE, name, ACT_S, insist=True)
        told.raise_unless_some()
        self._owe(f"maintenance {name}", q.END_MAINTENANCE, dict.fromkeys(told.silent, name))
        return replace(one_window(told.answers.values()), remark=self._remark(told, "It still holds for"))

    async def maintenance_windows(self) -> Sequence[MaintenanceWindow]:
        """Return what is configured and what was started; counts are sums.

        Raises:
            RetryableError: nobody was reached.
        """
        told = await self.inquiry.all(q.LIST_MAINTENANCE, None, LOOK_S)
        told.raise_unless_some()
        remark = self._not_asked(told)
        return [replace(one_window(same), remark=remark) for same in _grouped(told.answers, lambda each: each.name)]

    # ------------------------------------------------------------------------------------------- what is not reached

    def _remark(self, told: Told[Any], holds: str) -> str:
        whose = self.inquiry.places.words(told.silent)
        if not whose:
            return ""
        minutes = round(OWED_S / 60)
        return f"{holds} {whose}: no replica that has them answers; they are asked on for {minutes} min."

    def _not_asked(self, told: Told[Any]) -> str:
        whose = self.inquiry.places.words({**told.silent, **told.refusals})
        return f"Without what there is for {whose}: no replica that has them answers." if whose else ""

    def _owe(self, subject: str, method: Method[Any, Any], arguments: Mapping[int, Any], later: Later = _same) -> None:
        """Ask on in the background; whatever else was owed of the same silence or window is no more."""
        for task in self._owed.pop(subject, ()):
            task.cancel()
        if arguments:
            self._owed[subject] = [
                self.tasks.create_task(
                    self._ask_on(shard, method, argument, later), name=f"{method.name} is owed to shard {shard}"
                )
                for shard, argument in arguments.items()
            ]

    def let_be(self) -> None:
        """Ask for nothing any more."""
        for subject in list(self._owed):
            self._owe(subject, q.LIST_SILENCES, {})

    async def _ask_on(self, shard: int, method: Method[Any, Any], argument: Any, later: Later) -> None:
        loop = asyncio.get_running_loop()
        first_s = loop.time()
        while (spent_s := loop.time() - first_s) < OWED_S:
            now = later(argument, spent_s)
            if now is None:
                return
            with suppress(RetryableError):
                with suppress(PermanentError):  # it has been done before, or cannot be
                    await self.inquiry.one(shard, method, now, OWED_EVERY_S)
                return
            await asyncio.sleep(max(0.0, first_s + spent_s + OWED_EVERY_S - loop.time()))


def _started_later(request: MaintenanceRequest, spent_s: float) -> MaintenanceRequest | None:
    """Return the maintenance that ends with that which has begun ``spent_s`` ago; None where that is over."""
    return replace(request, for_s=request.for_s - spent_s) if request.for_s - spent_s >= 1 else None


def one_silence(same: Iterable[Silence]) -> Silence:
    """Return what is told of one silence by several shards: the same, with the sum of what it has silenced."""
    told = list(same)
    return replace(
        told[0],
        active=any(each.active for each in told),
        silenced_records=sum(each.silenced_records for each in told),
    )


def one_window(same: Iterable[MaintenanceWindow]) -> MaintenanceWindow:
    """Return what is told of one window by several shards; one that somebody has started comes before a configured."""
    told = sorted(same, key=lambda each: (each.configured, not each.active))
    first = told[0]
    of_all = any(not each.destinations for each in told)
    return replace(
        first,
        active=any(each.active for each in told),
        configured=all(each.configured for each in told),
        destinations=() if of_all else tuple(sorted({name for each in told for name in each.destinations})),
        since_ns=min((each.since_ns for each in told if each.since_ns), default=0),
        until_ns=max(each.until_ns for each in told),
        next_ns=min((each.next_ns for each in told if each.next_ns), default=0),
        held_problems=sum(each.held_problems for each in told),
        held_records=sum(each.held_records for each in told),
        dropped_records=sum(each.dropped_records for each in told),
        unpinged_records=sum(each.unpinged_records for each in told),
    )


def _grouped(answers: Mapping[int, Sequence[T]], key: Callable[[T], str]) -> list[list[T]]:
    found: dict[str, list[T]] = {}
    for told in answers.values():
        for each in told:
            found.setdefault(key(each), []).append(each)
    return list(found.values())
