"""What a person asks of an exporter that is a fleet's: of any replica, and about the whole.

It offers what ``exporters.discord.asked`` offers of a single process. While the fleet is joined ``asking`` is open;
each shard that this replica works on answers while ``answering`` is.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, MutableMapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from otel_discord.component import Host, OnlineResult, StartError, TestResult
from otel_discord.component.dead_letters import DeadLetters
from otel_discord.component.errors import ComponentError
from otel_discord.component.fleet import Fleet, OpensShards, Seat, SharesWork
from otel_discord.component.maintenance import MaintenanceRequest, MaintenanceWindow
from otel_discord.component.silences import Silence, SilenceRequest
from otel_discord.component.watched_exporter import DestinationState, ShownMessage
from otel_discord.exporters.discord.destinations import DEFAULT_NAME
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.exporters.discord.fleet import questions as q
from otel_discord.exporters.discord.fleet.answers import Engine, answers_of
from otel_discord.exporters.discord.fleet.asked_fleet_all_letters import MergedLetters
from otel_discord.exporters.discord.fleet.asked_fleet_inquiry import Inquiry, Places
from otel_discord.exporters.discord.fleet.asked_fleet_letters import AskedLetters, AskedWholeLetters
from otel_discord.exporters.discord.fleet.asked_fleet_mutes import FleetMutes
from otel_discord.exporters.discord.fleet.asked_fleet_owed import Owed
from otel_discord.exporters.discord.fleet.asked_fleet_watching import FarStates
from otel_discord.exporters.discord.fleet.desk_of_questions import answering
from otel_discord.exporters.discord.tombstones import state_key
from otel_discord.signals.alert_event import AlertEvent

LONGEST_S: Final = 55.0
"""For what asks Discord; the front desk waits for a minute."""
WATCHED_AGAIN_S: Final = 10.0


@dataclass(slots=True, kw_only=True)
class _Asking:
    inquiry: Inquiry
    mutes: FleetMutes
    letters: MergedLetters
    far: FarStates
    engines: MutableMapping[int, Engine]


class AskedFleet(DiscordExporter):
    """Answers for the whole exporter while the block of :meth:`asking` runs, else as one that works alone."""

    _asking: _Asking | None = None

    @asynccontextmanager
    async def asking(
        self, fleet: Fleet, *, configured: Collection[str], shard_of: Callable[[str], int | None], has_runs: bool
    ) -> AsyncIterator[None]:
        """Ask the fleet while the block runs.

        Args:
            fleet: this replica's part of it.
            configured: the destinations, in the order of the configuration.
            shard_of: says which shard has a destination, also of one made at run time; None where there is none.
            has_runs: whether destinations are made at run time.
        """
        places = Places(configured=configured, shard_of=shard_of, has_runs=has_runs)
        inquiry, engines = Inquiry(fleet, places), dict[int, Engine]()
        async with asyncio.TaskGroup() as tasks:
            self._asking = asking = _Asking(
                inquiry=inquiry,
                mutes=FleetMutes(inquiry, Owed(inquiry, tasks)),
                letters=MergedLetters({shard: AskedLetters(inquiry, shard) for shard in inquiry.shards}, configured),
                far=FarStates(inquiry, engines),
                engines=engines,
            )
            watching = tasks.create_task(self._watch_others(asking.far), name="how other replicas fare")
            try:
                yield
            finally:
                self._asking = None
                watching.cancel()
                asking.mutes.owed.let_be()

    async def _watch_others(self, far: FarStates) -> None:
        while True:
            try:
                await far.run()
            except Exception:  # what is only shown ends nothing
                self._settings.logger.exception("how other replicas fare cannot be asked")
            await asyncio.sleep(WATCHED_AGAIN_S)

    @asynccontextmanager
    async def answering(self, seat: Seat, engine: DiscordExporter) -> AsyncIterator[None]:
        """Answer what is asked of a shard that this replica has while the block runs, and its engine does.

        What is asked here about that shard goes straight to the engine.
        """
        asking = self._asking
        if asking is None:
            yield
            return
        shard, logger = seat.shard, self._settings.logger
        async with answers_of(engine, shard, lambda other: AskedWholeLetters(asking.inquiry, other), logger) as own:

            async def answer(_: DiscordExporter, body: bytes) -> bytes:
                return await own.answer(body)

            async with answering(seat, engine, answer, logger):
                asking.inquiry.own[shard], asking.engines[shard] = own, engine
                try:
                    yield
                finally:
                    asking.inquiry.own.pop(shard, None)
                    asking.engines.pop(shard, None)

    # ------------------------------------------------------------------------------------------------------- asking

    def dead_letters(self) -> DeadLetters:
        """Return the dead letters of all shards.

        Raises:
            RetryableError: the exporter is not running.
        """
        return self._asking.letters if self._asking is not None else super().dead_letters()

    async def start_maintenance(self, request: MaintenanceRequest) -> MaintenanceWindow:
        """Begin maintenance now."""
        if self._asking is None:
            return await super().start_maintenance(request)
        return await self._asking.mutes.start_maintenance(request)

    async def end_maintenance(self, name: str) -> MaintenanceWindow:
        """End maintenance now."""
        if self._asking is None:
            return await super().end_maintenance(name)
        return await self._asking.mutes.end_maintenance(name)

    async def maintenance_windows(self) -> Sequence[MaintenanceWindow]:
        """Return what is configured and what was started."""
        if self._asking is None:
            return await super().maintenance_windows()
        return await self._asking.mutes.maintenance_windows()

    async def add_silence(self, request: SilenceRequest) -> Silence:
        """Show nothing of what matches until it ends."""
        if self._asking is None:
            return await super().add_silence(request)
        return await self._asking.mutes.add_silence(request)

    async def expire_silence(self, silence_id: str) -> Silence:
        """End a silence now."""
        if self._asking is None:
            return await super().expire_silence(silence_id)
        return await self._asking.mutes.expire_silence(silence_id)

    async def silences(self) -> Sequence[Silence]:
        """Return the silences that hold or will."""
        if self._asking is None:
            return await super().silences()
        return await self._asking.mutes.silences()

    def destination_states(self) -> Sequence[DestinationState]:
        """Return how each destination fares, wherever it is; empty while it is not running."""
        return self._asking.far.destination_states() if self._asking is not None else super().destination_states()

    def recent_messages(self, limit: int = 50) -> Sequence[ShownMessage]:
        """Return the messages that changed last, newest first; empty while it is not running."""
        return self._asking.far.recent_messages(limit) if self._asking is not None else super().recent_messages(limit)

    def firing_alerts(self) -> Sequence[tuple[AlertEvent, Sequence[str]]]:
        """Return the alerts that fire; empty while it is not running."""
        return self._asking.far.firing_alerts() if self._asking is not None else super().firing_alerts()

    async def look_afar(self) -> None:
        """Ask the other replicas how their destinations fare, and wait a little for what they say."""
        if self._asking is not None:
            await self._asking.far.look()

    async def send_test(self, destination: str | None) -> Sequence[TestResult]:
        """Send one message marked as a test to one destination, or to each, from where it is worked on."""
        asking = self._asking
        if asking is None:
            return await super().send_test(destination)
        chosen = [name for name in asking.inquiry.places.configured if destination in {None, name}]
        if not chosen:
            known = ", ".join(asking.inquiry.places.configured)
            return [TestResult(destination or "", False, f"there is no such destination; there are: {known}")]
        timeout_s = min(3 * self._config.timeout + 10.0, LONGEST_S)

        async def send(name: str) -> Sequence[TestResult]:
            shard = asking.inquiry.places.shard_of(name)
            try:
                return await asking.inquiry.one(shard or 0, q.SEND_TEST, name, timeout_s)
            except ComponentError as error:
                return [TestResult(name, False, str(error))]

        by_name = await asyncio.gather(*(send(name) for name in chosen))
        return [result for results in by_name for result in results]

    async def check_online(
        self, host: Host | None = None, *, known: Collection[OnlineResult] = ()
    ) -> Sequence[OnlineResult]:
        """Look at each webhook from where it is worked on, so that one which was given up is used again.

        What could not be looked at has no fingerprint.
        """
        asking = self._asking
        if asking is None:
            opens = self._opens_shards(host) if host is not None else None
            if opens is None:
                return await super().check_online(host, known=known)
            return await self._check_at_rest(opens, known)
        by_shard = asking.inquiry.places.by_shard(asking.inquiry.places.configured)
        arguments = {shard: [each for each in known if each.name in names] for shard, names in by_shard.items()}
        told = await asking.inquiry.each(arguments, q.CHECK_ONLINE, LONGEST_S)
        found = {result.name: result for results in told.answers.values() for result in results}
        for shard, error in {**told.silent, **told.refusals}.items():
            for name in by_shard[shard]:
                found[name] = OnlineResult(name, False, str(error))
        return [found[name] for name in asking.inquiry.places.configured if name in found]

    # ------------------------------------------------------------------------------------------------------ at rest

    def _opens_shards(self, host: Host) -> OpensShards | None:
        """Return the storage, where it is one that a fleet works on."""
        storage = self._back.storage(host)
        if not isinstance(storage, SharesWork) or not storage.is_shared:
            return None
        return storage if isinstance(storage, OpensShards) else None

    async def _check_at_rest(self, storage: OpensShards, known: Collection[OnlineResult]) -> Sequence[OnlineResult]:
        results = await super().check_online(None, known=known)
        keys = [state_key(result.name) for result in results if result.ok]
        try:
            async with storage.open_shards(self._back.owner, self._config.sending_queue.limits()) as queues:
                for queue in queues.values():
                    for key in keys:
                        if await queue.get_state(key) is not None:
                            await queue.set_state(key, None)
        except StartError as error:  # those who work on it look by themselves, now and then
            self._settings.logger.warning("only looked: what the fleet keeps could not be opened: %s", error)
        return results

    @asynccontextmanager
    async def dead_letters_at_rest(self, host: Host) -> AsyncIterator[DeadLetters]:
        """Open the dead letters of all shards while no replica runs; nothing is sent.

        Raises:
            StartError: on entering; a replica works on one of them.
        """
        storage = self._opens_shards(host)
        if storage is None:
            async with super().dead_letters_at_rest(host) as letters:
                yield letters
            return
        names = list(self._config.destinations) or [DEFAULT_NAME]
        async with AsyncExitStack() as stack:
            limits = self._config.sending_queue.limits()
            desks: dict[int, DeadLetters] = {}
            for shard, queue in (
                await stack.enter_async_context(storage.open_shards(self._back.owner, limits))
            ).items():
                office = self._back.open_letters(host, queue, shard)
                stack.callback(office.close)
                desks[shard] = office.desk(names, self._back.bury_orphans(office))
            yield MergedLetters(desks, names)
