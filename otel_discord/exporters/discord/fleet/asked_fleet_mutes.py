"""Silences and maintenance of a whole fleet: applied in every shard, shown once.

Each shard keeps its book with its work, so that a mute outlives who works on the shard. A shard that cannot be reached
is asked on in the background for some minutes; until then the answer says for whom it does not hold yet.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

from otel_discord.component import PermanentError
from otel_discord.component.maintenance import MaintenanceRequest, MaintenanceWindow
from otel_discord.component.silences import Silence, SilenceRequest
from otel_discord.exporters.discord.fleet import questions as q
from otel_discord.exporters.discord.fleet.asked_fleet_inquiry import Inquiry, Told
from otel_discord.exporters.discord.fleet.asked_fleet_mutes_as_one import by_name, one_silence, one_window
from otel_discord.exporters.discord.fleet.asked_fleet_owed import OWED_S, Later, Owed, the_same
from otel_discord.exporters.discord.fleet.questions import Method

ACT_S: Final = 8.0
"""A shard that goes from one replica to another is there again in less. Where a replica has died it takes a lease:
somebody waits for the answer, so such a shard is asked on behind his back."""
LOOK_S: Final = 1.5
"""For lists: who asks shows them beside other things."""
M = TypeVar("M", Silence, MaintenanceWindow)
R = TypeVar("R", SilenceRequest, MaintenanceRequest)


def _started_later(request: MaintenanceRequest, spent_s: float) -> MaintenanceRequest | None:
    """Return the maintenance that ends with that which has begun ``spent_s`` ago; None where that is over."""
    return replace(request, for_s=request.for_s - spent_s) if request.for_s - spent_s >= 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind(Generic[R, M]):
    """How mutes of one kind are asked for, and how what several shards tell of one becomes one."""

    word: str
    begin: Method[R, M]
    end: Method[str, M]
    list: Method[None, list[M]]
    name: Callable[[M], str]
    one: Callable[[Iterable[M]], M]
    begun_later: Later


_SILENCES: Final[_Kind[SilenceRequest, Silence]] = _Kind(
    word="silence",
    begin=q.ADD_SILENCE,
    end=q.EXPIRE_SILENCE,
    list=q.LIST_SILENCES,
    name=lambda silence: silence.id,
    one=one_silence,
    begun_later=the_same,
)
_MAINTENANCE: Final[_Kind[MaintenanceRequest, MaintenanceWindow]] = _Kind(
    word="maintenance",
    begin=q.START_MAINTENANCE,
    end=q.END_MAINTENANCE,
    list=q.LIST_MAINTENANCE,
    name=lambda window: window.name,
    one=one_window,
    begun_later=_started_later,
)


@dataclass(frozen=True, slots=True)
class FleetMutes:
    """``owed`` asks on those who were not reached."""

    inquiry: Inquiry
    owed: Owed

    async def add_silence(self, request: SilenceRequest) -> Silence:
        """Add a silence everywhere; where somebody refuses it, it is taken back.

        Raises:
            PermanentError: it cannot be.
            RetryableError: nobody was reached.
        """
        return await self._begin(_SILENCES, request.id, dict.fromkeys(self.inquiry.shards, request))

    async def expire_silence(self, silence_id: str) -> Silence:
        """End a silence everywhere.

        Raises:
            PermanentError: there is none of that id.
            RetryableError: nobody was reached.
        """
        return await self._end(_SILENCES, silence_id)

    async def silences(self) -> Sequence[Silence]:
        """Return the silences that hold or will, those that end first at first; counts are sums.

        Raises:
            RetryableError: nobody was reached.
        """
        return sorted(await self._all(_SILENCES), key=lambda each: each.ends_ns)

    async def start_maintenance(self, request: MaintenanceRequest) -> MaintenanceWindow:
        """Begin maintenance now, wherever its destinations are; where somebody refuses it, it is taken back.

        Raises:
            PermanentError: it cannot be.
            RetryableError: nobody was reached.
        """
        return await self._begin(_MAINTENANCE, request.name, self._requests(request))

    async def end_maintenance(self, name: str) -> MaintenanceWindow:
        """End maintenance now, wherever it holds.

        Raises:
            PermanentError: none of that name is active.
            RetryableError: nobody was reached.
        """
        return await self._end(_MAINTENANCE, name)

    async def maintenance_windows(self) -> Sequence[MaintenanceWindow]:
        """Return what is configured and what was started; counts are sums.

        Raises:
            RetryableError: nobody was reached.
        """
        return await self._all(_MAINTENANCE)

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

    # -------------------------------------------------------------------------------------------- a mute of any kind

    async def _begin(self, kind: _Kind[R, M], name: str, requests: Mapping[int, R]) -> M:
        told = await self.inquiry.each(requests, kind.begin, ACT_S, insist=True)
        if told.answers and told.refusals:
            await self.inquiry.each(dict.fromkeys(told.answers, name), kind.end, LOOK_S)
            raise PermanentError("; ".join(dict.fromkeys(map(str, told.refusals.values()))))
        told.raise_unless_some()
        silent = {shard: requests[shard] for shard in told.silent}
        self.owed.ask_on(f"{kind.word} {name}", kind.begin, silent, kind.begun_later)
        return replace(kind.one(told.answers.values()), remark=self._remark(told, "It does not hold yet for"))

    async def _end(self, kind: _Kind[R, M], name: str) -> M:
        told = await self.inquiry.all(kind.end, name, ACT_S, insist=True)
        told.raise_unless_some()
        self.owed.ask_on(f"{kind.word} {name}", kind.end, dict.fromkeys(told.silent, name))
        return replace(kind.one(told.answers.values()), remark=self._remark(told, "It still holds for"))

    async def _all(self, kind: _Kind[R, M]) -> list[M]:
        told = await self.inquiry.all(kind.list, None, LOOK_S)
        told.raise_unless_some()
        whose = self.inquiry.places.words({**told.silent, **told.refusals})
        why = "the storage is away" if self.inquiry.fleet.away() else "no replica that has them answers"
        missing = [f"Without what there is for {whose}: {why}."] if whose else []
        return [replace(kind.one(same), remark=_said(same, missing)) for same in by_name(told.answers, kind.name)]

    def _remark(self, told: Told[Any], holds: str) -> str:
        """Return what those say who were asked, and for whom nobody has answered."""
        silent: list[str] = []
        if whose := self.inquiry.places.words(told.silent):
            minutes = round(OWED_S / 60)
            why = "the storage is away" if self.inquiry.fleet.away() else "no replica that has them answers"
            silent = [f"{holds} {whose}: {why}; they are asked on for {minutes} min."]
        return _said(told.answers.values(), silent)


def _said(mutes: Iterable[Silence | MaintenanceWindow], more: Iterable[str]) -> str:
    """Return the remarks of all, each once."""
    return " ".join(dict.fromkeys([*(each.remark for each in mutes if each.remark), *more]))
