"""A storm: a million errors of fifty messages over gRPC from four clients, to one channel of a Discord with limits.

Not only how quick it is: the counts that the channel shows at the end must be those that were sent, and the run fails
where they are not, where Discord had to say 429, or where a message is not kept within its limits.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

from benchmarks.far_end import service_beside, until
from benchmarks.figures import Figure, Report
from benchmarks.processes import Process, cores, started
from benchmarks.sizes import Size
from benchmarks.storm_client import FATALS, TEMPLATES, words
from otel_discord.testing.fake_discord import FakeDiscord, serve_fake_discord
from otel_discord.testing.fake_discord.oracles import records_shown

AIM_FIRST_SIGHT_S: Final = 2.0
AIM_FATAL_S: Final = 1.0
AIM_GROWTH_MIB: Final = 50.0
AIM_MESSAGES: Final = 50
_QUIET_S: Final = 90.0


def run(size: Size) -> Report:
    """Measure one storm."""
    return asyncio.run(_storm(size.pick(tiny=20_000, full=1_000_000)))


async def _storm(records: int) -> Report:
    own_core, other = cores()
    fake = FakeDiscord("default")
    webhook = fake.add_webhook()
    async with serve_fake_discord(fake) as server:
        exporter = {
            "webhook_url": server.webhook_url(webhook),
            "endpoint": f"{server.webhook_url(webhook).partition('/api/')[0]}/api/v10",
            "allow_insecure_endpoint": True,
        }
        async with service_beside({"discord": exporter}, core=own_core) as running:
            arguments = ["-m", "benchmarks.storm_client", "--port", str(running.grpc_port), "--records", str(records)]
            starting = started(arguments, core=other)
            client = await asyncio.to_thread(starting.__enter__)
            try:
                await asyncio.to_thread(client.wait_for, "^warm", timeout_s=300.0)
                before_bytes, before_cpu_s = running.process.rss_bytes(), running.process.cpu_s()
                client.say("go")
                peak = asyncio.create_task(_peak_bytes(running.process))
                line = await asyncio.to_thread(client.wait_for, "^sent (.*)", timeout_s=600.0)
                cpu_s = running.process.cpu_s() - before_cpu_s
                told = json.loads(line[1])
                expected = told["accepted"] + FATALS
                await until(lambda: records_shown(fake.messages) == expected, timeout_s=_QUIET_S)
                peak.cancel()
                growth = max(running.process.rss_bytes(), await peak)
            finally:
                await asyncio.to_thread(starting.__exit__, None, None, None)
    _check(fake)
    return _report(fake, told, growth=growth - before_bytes, cpu_s=cpu_s)


async def _peak_bytes(process: Process) -> int:
    peak = 0
    try:
        while True:
            peak = max(peak, process.rss_bytes())
            await asyncio.sleep(0.05)
    except asyncio.CancelledError:
        return peak


def _check(fake: FakeDiscord) -> None:
    limited = [each for each in fake.exchanges if each.status == 429]
    if limited or fake.violations:
        raise RuntimeError(f"{len(limited)} answers 429, violations {fake.violations[:3]}")


def _report(fake: FakeDiscord, told: Mapping[str, Any], *, growth: int, cpu_s: float) -> Report:
    shown_s: dict[str, float] = {}
    for entry in fake.journal:
        if entry.kind == "created":
            for embed in entry.json.get("embeds", []):
                for template in range(TEMPLATES):
                    for mark in ("FATAL ", ""):
                        if f"{mark}{words(template)}" in embed.get("title", ""):
                            shown_s.setdefault(f"{mark}{words(template)}", entry.at_s)
                            break
    first = [shown_s[words(int(t))] - at_s for t, at_s in told["first"].items()]
    fatal = [shown_s[f"FATAL {words(int(n))}"] - at_s for n, at_s in told["fatal"].items()]
    took_s = told["ended_s"] - told["started_s"]
    edits = sum(entry.kind == "edited" for entry in fake.journal)
    figures = [
        Figure(name="storm.accepted", value=told["accepted"] / took_s, unit="records/s"),
        Figure(name="storm.per_core", value=told["accepted"] / cpu_s, unit="records/s and core", better="higher"),
        Figure(name="storm.messages", value=len(fake.messages), unit="messages", better="lower", aim=AIM_MESSAGES),
        Figure(name="storm.edits", value=edits, unit="edits"),
        Figure(name="storm.first_sight", value=max(first), unit="s", better="lower", aim=AIM_FIRST_SIGHT_S),
        Figure(name="storm.fatal", value=max(fatal), unit="s", better="lower", aim=AIM_FATAL_S),
        Figure(name="storm.memory_growth", value=growth / 2**20, unit="MiB", better="lower", aim=AIM_GROWTH_MIB),
    ]
    notes = [f"storm: {told['accepted']:,} records, every one counted once in the channel; no 429, no violation"]
    return Report(figures, notes)
