"""Alerts whose beginning a silence or maintenance has dropped: told when that is over, if they fire still.

Nobody else would tell them: who sends alerts says what has changed, or repeats itself after hours. One that ends
meanwhile is forgotten. Kept in the exporter's state, so that a restart forgets none.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.component import ComponentError, ShutdownError, WorkQueue
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.mutes.gate import Gate
from otel_discord.exporters.discord.routing import Router, record_severity
from otel_discord.ottl import LogItem
from otel_discord.signals import LogsBatch
from otel_discord.signals.alert_event import AlertEvent, alert_event

KEY: Final = "silenced_alerts"
MAX_ALERTS: Final = 1_000
"""The one that was kept back first makes room."""
LOOK_EVERY_S: Final = 5.0


@dataclass(slots=True, kw_only=True)
class SilencedAlerts:
    """Of one exporter."""

    gate: Gate
    router: Router
    queue: WorkQueue
    wall_clock: Callable[[], float]
    logger: logging.Logger
    run_of: Callable[[Resource], Destination | None] = lambda _: None
    """Gives the destination of the run that a resource belongs to."""
    _kept: dict[str, ResourceLogs] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def restore(self) -> None:
        """Go on where an earlier run ended.

        Raises:
            RetryableError: the storage cannot be read now.
        """
        stored = await self.queue.get_state(KEY)
        if not stored:
            return
        with suppress(DecodeError):
            for group in ExportLogsServiceRequest.FromString(stored).resource_logs:
                event = alert_event(group.scope_logs[0].log_records[0])
                if event is not None:
                    run = self.run_of(group.resource)
                    self._kept[_key(event, run.name if run is not None else "")] = group
        self._news.set()

    def heard(
        self,
        event: AlertEvent,
        record: LogRecord,
        scope: ScopeLogs,
        resource: ResourceLogs,
        run: str = "",
        *,
        is_kept_back: bool,
    ) -> None:
        """Remember what an alert that fires says where mutes drop it; forget it where it is over, or tells itself."""
        key = _key(event, run)
        if not is_kept_back:
            if self._kept.pop(key, None) is not None:
                self._news.set()
            return
        group = ResourceLogs(resource=resource.resource, schema_url=resource.schema_url)
        group.scope_logs.add(scope=scope.scope, schema_url=scope.schema_url).log_records.append(record)
        if key not in self._kept and len(self._kept) >= MAX_ALERTS:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = group
        self._news.set()

    async def run(self) -> None:
        """Look now and then whether a mute is over, until cancelled."""
        with suppress(ShutdownError):
            while True:
                if not self._kept:
                    await self._news.wait()
                if self._news.is_set():
                    self._news.clear()
                    await self._store()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._news.wait()
                await self._let_go()

    async def _let_go(self) -> None:
        free = [identity for identity, group in self._kept.items() if not self._is_kept_back(group)]
        for identity in free:
            group = self._kept[identity]
            now_ns = int(self.wall_clock() * 1e9)
            batch = LogsBatch(ExportLogsServiceRequest(resource_logs=[group]))
            priority = self.router.priority(record_severity(group.scope_logs[0].log_records[0]))
            try:
                await self.queue.put(batch, priority=priority, accepted_ns=now_ns)
            except ShutdownError:
                raise
            except ComponentError as error:
                self.logger.debug("an alert that was silenced waits for room: %s", error)
                return
            if self._kept.get(identity) is group:
                del self._kept[identity]
            self._news.set()

    def _is_kept_back(self, group: ResourceLogs) -> bool:
        scope = group.scope_logs[0]
        record = scope.log_records[0]
        item = LogItem(record, scope.scope, group.resource, scope, group)
        severity = record_severity(record)
        run = self.run_of(group.resource)
        way = self.router.way(severity, item) if run is None else self.router.way_of_run(run, severity)
        names = [each.name for each in way.destinations]
        passages, _ = self.gate.passages(item, int(self.wall_clock() * 1e9), severity, names)
        return bool(names) and not passages

    async def _store(self) -> None:
        value = ExportLogsServiceRequest(resource_logs=self._kept.values()).SerializeToString() if self._kept else None
        try:
            await self.queue.set_state(KEY, value)
        except ShutdownError:
            raise
        except ComponentError as error:
            self._news.set()
            self.logger.debug("alerts that are silenced cannot be stored now: %s", error)
            await asyncio.sleep(LOOK_EVERY_S)


def _key(event: AlertEvent, run: str) -> str:
    """Return what tells alerts apart: those of different runs may be alike."""
    return f"{run}\x1f{event.identity}" if run else event.identity
