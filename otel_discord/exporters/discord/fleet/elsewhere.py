"""Puts what a shard cannot show into the queues of the shards that can, as if it came in."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.component.fleet import Fleet, Part
from otel_discord.exporters.discord.fleet.splitting import Splitter, highest_of
from otel_discord.exporters.discord.lane import patiently
from otel_discord.exporters.discord.sourced.elsewhere import Parts
from otel_discord.exporters.discord.sourced.marks import mark_taken
from otel_discord.exporters.discord.sourced.names import shard_of_run
from otel_discord.signals import LogsBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetElsewhere:
    """Of one replica; an :class:`~otel_discord.exporters.discord.sourced.elsewhere.Elsewhere`."""

    fleet: Fleet
    splitter: Splitter
    logger: logging.Logger

    def anew(self, batch: LogsBatch) -> Parts:
        """Return where records go as if they came in now and belonged to no run."""
        if self.splitter.leads_nowhere(batch):
            return {}
        return {shard: share.batch for shard, share in self.splitter.split(batch).items()}

    def back(self, batch: LogsBatch, run: str) -> Parts:
        """Return the way to the shard of a run."""
        request = ExportLogsServiceRequest()
        request.CopyFrom(batch.request)
        for of_resource in request.resource_logs:
            mark_taken(of_resource.resource, run)
        return {shard_of_run(run, self.splitter.shards): LogsBatch(request)}

    def to(self, destination: str, batch: LogsBatch) -> Parts:
        """Return the way to the shard of a configured destination."""
        return {self.splitter.shard_of[destination]: batch}

    async def put(self, parts: Sequence[Parts], accepted_ns: int) -> None:
        """Store all of this in one step, with patience.

        Raises:
            ShutdownError: the fleet is closed.
        """
        requests: dict[int, ExportLogsServiceRequest] = {}
        for shard, batch in (pair for each in parts for pair in each.items()):
            requests.setdefault(shard, ExportLogsServiceRequest()).resource_logs.extend(batch.request.resource_logs)
        if not requests:
            return
        whole = {shard: self._part(LogsBatch(request), accepted_ns) for shard, request in requests.items()}
        await patiently(lambda: self.fleet.put(whole), self.logger, "what another replica is to show")

    def _part(self, batch: LogsBatch, accepted_ns: int) -> Part:
        return Part(batch, self.splitter.router.priority(highest_of(batch)), accepted_ns)
