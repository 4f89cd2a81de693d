"""How much memory the service takes, idle and with 10,000 records waiting for a Discord that does not answer."""

import asyncio
from typing import Final

from benchmarks.far_end import HttpClient, connected, service_beside
from benchmarks.figures import Figure, Report, median
from benchmarks.payload import logs_request
from benchmarks.processes import cores, discord_exporter
from benchmarks.sizes import Size
from otel_discord.signals import Severity
from otel_discord.testing.fake_discord import FakeDiscord, Latency, serve_fake_discord

_MIB: Final = 1024 * 1024
_PER_REQUEST: Final = 500
_SILENCE_S: Final = 600.0
_ROUTED_AFTER_S: Final = 0.5
_DROPPED: Final = 30_000
"""So many fill what is kept as evidence."""


def run(size: Size) -> Report:
    """Return resident memory, and what a waiting record takes; the ratio of the latter is to its bytes on the wire."""
    records = size.pick(tiny=1000, full=10_000)
    found = [asyncio.run(_measure(records)) for _ in range(size.pick(tiny=1, full=3))]
    idle, full, per_record = (median(column) for column in zip(*found, strict=True))
    wire_bytes = len(logs_request(_PER_REQUEST).SerializeToString()) / _PER_REQUEST
    return Report(
        [
            Figure(name="memory.idle", value=idle / _MIB, unit="MiB", ratio=idle / _MIB, better="lower"),
            Figure(name="memory.backlog", value=full / _MIB, unit="MiB", ratio=full / _MIB, better="lower"),
            Figure(
                name="memory.per_record",
                value=per_record,
                unit="bytes",
                ratio=per_record / wire_bytes,
                better="lower",
            ),
        ],
        [f"memory: backlog of {records:,} records of {wire_bytes:.0f} bytes on the wire; Discord is silent"],
    )


async def _measure(records: int) -> tuple[float, float, float]:
    own_core, _ = cores()
    fake = FakeDiscord("unlimited", latency=Latency((_SILENCE_S, _SILENCE_S)))
    webhook = fake.add_webhook()
    async with serve_fake_discord(fake) as server:
        exporter = discord_exporter(server.webhook_url(webhook), shutdown_timeout="0s", timeout="600s")
        async with service_beside({"discord": exporter}, core=own_core) as running, connected(running) as client:
            idle = running.process.rss_bytes()
            # What decoding takes for a moment, evidence up to its limit, and the tools of the first masking must not
            # be taken for backlog.
            await _send(client, min(_DROPPED, 3 * records), Severity.INFO)
            await _send(client, _PER_REQUEST, Severity.ERROR)
            await asyncio.sleep(_ROUTED_AFTER_S)
            before = running.process.rss_bytes()
            await _send(client, records, Severity.ERROR)
            await asyncio.sleep(_ROUTED_AFTER_S)
            full = running.process.rss_bytes()
            return idle, full, (full - before) / records


async def _send(client: HttpClient, records: int, severity: int) -> None:
    for first in range(0, records, _PER_REQUEST):
        await client.send(logs_request(_PER_REQUEST, first=first, severity=severity).SerializeToString())
