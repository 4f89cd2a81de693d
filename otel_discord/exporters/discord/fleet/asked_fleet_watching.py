"""What other replicas tell of their shards, kept for those who look and wait for nothing.

The others are asked every two seconds, as long as somebody looks.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from otel_discord.component.fleet import Fleet
from otel_discord.component.watched_exporter import DestinationState, Health, ShownMessage
from otel_discord.exporters.discord.fleet import questions as q
from otel_discord.exporters.discord.fleet.alerts_told import told_alert
from otel_discord.exporters.discord.fleet.answers import Engine
from otel_discord.exporters.discord.fleet.asked_fleet_inquiry import Inquiry
from otel_discord.exporters.discord.fleet.questions import Method
from otel_discord.exporters.discord.fleet.replica_names import short_name
from otel_discord.signals.alert_event import AlertEvent

EVERY_S: Final = 2.0
LOOKED_FOR_S: Final = 15.0
"""So long after a look the others are asked on."""
TRUE_FOR_S: Final = 15.0
"""What somebody has told so long ago is not shown any more."""
ANSWER_S: Final = 5.0
LOOK_S: Final = 1.5
"""How long :meth:`FarStates.look` waits."""
STORAGE_IS_AWAY: Final = "the storage is away: nothing is sent"
MESSAGES: Final = 25
"""Of each shard."""


@dataclass(frozen=True, slots=True)
class Fares:
    """How a shard of another replica fares. ``at_s`` is loop time."""

    at_s: float
    replica: str
    states: Sequence[DestinationState]
    alerts: Sequence[tuple[AlertEvent, Sequence[str]]]


@dataclass(slots=True)
class FarStates:
    """Of one exporter on one replica. ``engines`` are those that this replica runs."""

    inquiry: Inquiry
    engines: Mapping[int, Engine]
    _fares: dict[int, Fares] = field(default_factory=dict)
    _messages: dict[int, tuple[float, Sequence[ShownMessage]]] = field(default_factory=dict)
    _fares_until_s: float = 0.0
    _messages_until_s: float = 0.0
    _looked: asyncio.Event = field(default_factory=asyncio.Event)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _asked_s: float = float("-inf")

    # ----------------------------------------------------------------------------------------------------- asking

    async def run(self) -> None:
        """Ask the others while somebody looks, until cancelled."""
        while True:
            self._looked.clear()
            now_s = asyncio.get_running_loop().time()
            if now_s >= max(self._fares_until_s, self._messages_until_s):
                await self._looked.wait()
            await self._ask_for_fares()
            if now_s < self._messages_until_s:
                await self._ask(q.MESSAGES, MESSAGES, self._keep_messages)
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Ask the others how they fare, unless that was just done; wait for the answers a little."""
        self._note_look()
        if asyncio.get_running_loop().time() < self._asked_s + EVERY_S:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self._ask_for_fares()

    async def _ask_for_fares(self) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        async with self._asking:
            if self._asked_s < began_s:  # nobody has done so while this waited for its turn
                await self._ask(q.FARES, None, self._keep_fares)
                self._asked_s = loop.time()

    async def _ask(self, method: Method[Any, Any], argument: Any, keep: Callable[[int, Any], None]) -> None:
        async def ask(shard: int) -> None:
            told = await self.inquiry.each({shard: argument}, method, ANSWER_S)
            for answer in told.answers.values():
                keep(shard, answer)

        far = [shard for shard in self.inquiry.shards if shard not in self.engines]
        await _all(ask(shard) for shard in far)

    def _keep_fares(self, shard: int, told: q.Fares) -> None:
        alerts: list[tuple[AlertEvent, Sequence[str]]] = []
        for each in told.alerts:
            with suppress(ValueError, TypeError):  # of another version
                alerts.append(told_alert(each))
        now_s = asyncio.get_running_loop().time()
        self._fares[shard] = Fares(now_s, self.inquiry.fleet.seats().get(shard, ""), told.states, alerts)

    def _keep_messages(self, shard: int, told: list[ShownMessage]) -> None:
        self._messages[shard] = asyncio.get_running_loop().time(), told

    def _note_look(self) -> None:
        self._fares_until_s = asyncio.get_running_loop().time() + LOOKED_FOR_S
        self._looked.set()

    # ----------------------------------------------------------------------------------------- what is known already

    def destination_states(self) -> Sequence[DestinationState]:
        """Return every destination in the order of the configuration, then those made at run time."""
        self._note_look()
        fleet = self.inquiry.fleet
        living = [each.name for each in fleet.replicas()]
        several = len(living) > 1
        found: dict[str, DestinationState] = {}
        for shard, fares in self._known().items():
            replica = short_name(fares.replica, living) if several else ""
            for state in fares.states:
                if self.inquiry.places.shard_of(state.name) in {shard, None}:
                    found[state.name] = replace(state, replica=replica)
        for name in self.inquiry.places.configured:
            if name not in found:
                shard_of_it = self.inquiry.places.shard_of(name)
                who = fleet.seats().get(shard_of_it, "") if several and shard_of_it is not None else ""
                replica = short_name(who, living)
                found[name] = DestinationState(name=name, health=Health.UNKNOWN, replica=replica)
        order = list(self.inquiry.places.configured)
        states = [found.pop(name) for name in order] + list(found.values())
        return [without_storage(state) for state in states] if fleet.away() else states

    def firing_alerts(self) -> Sequence[tuple[AlertEvent, Sequence[str]]]:
        """Return the alerts that fire, those that began first first, each once with all destinations that show it."""
        self._note_look()
        return merged_alerts(fares.alerts for fares in self._known().values())

    def recent_messages(self, limit: int) -> Sequence[ShownMessage]:
        """Return the messages that changed last, newest first."""
        loop_s = asyncio.get_running_loop().time()
        self._messages_until_s = loop_s + LOOKED_FOR_S
        self._note_look()
        found = [message for engine in self.engines.values() for message in engine.recent_messages(limit)]
        for shard, (at_s, messages) in self._messages.items():
            if shard not in self.engines and loop_s < at_s + TRUE_FOR_S:
                found += messages
        return sorted(found, key=changed_ns, reverse=True)[:limit]

    def _known(self) -> dict[int, Fares]:
        now_s = asyncio.get_running_loop().time()
        known = {
            shard: fares
            for shard, fares in self._fares.items()
            if shard not in self.engines and now_s < fares.at_s + TRUE_FOR_S
        }
        self_name = own_name(self.inquiry.fleet)
        for shard, engine in self.engines.items():
            known[shard] = Fares(now_s, self_name, engine.destination_states(), engine.firing_alerts())
        return dict(sorted(known.items()))


def without_storage(state: DestinationState) -> DestinationState:
    """Return how a destination fares while the storage is away: nobody sends, whatever was true before."""
    health = Health.WAITING if state.health in (Health.OK, Health.MUTED) else state.health
    remark = "the storage is away: how it fares is not known" if health is Health.UNKNOWN else STORAGE_IS_AWAY
    return replace(state, health=health, remark=remark)


def own_name(fleet: Fleet) -> str:
    """Return the name of this replica."""
    return next((each.name for each in fleet.replicas() if each.is_self), "")


def merged_alerts(
    of_each: Iterable[Iterable[tuple[AlertEvent, Sequence[str]]]],
) -> Sequence[tuple[AlertEvent, Sequence[str]]]:
    """Return alerts of several shards, each once, those that began first first."""
    found: dict[str, tuple[AlertEvent, list[str]]] = {}
    for alerts in of_each:
        for event, where in alerts:
            _, places = found.setdefault(event.identity, (event, []))
            places += [name for name in where if name not in places]
    return sorted(found.values(), key=lambda pair: (pair[0].started_ns, pair[0].name))


def changed_ns(message: ShownMessage) -> int:
    """Return when a message changed last."""
    return max((step.at_ns for step in message.journey), default=0)


async def _all(works: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*works)
