"""What "on disk before it is acknowledged" costs: ingest, answers, a start and a drain with a large backlog.

Disk and memory are measured in one run, one after the other in turns, so that a noisy neighbour meets both.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

from benchmarks.far_end import HttpClient, connected, service_beside
from benchmarks.figures import Figure, Report, median, quantile
from benchmarks.payload import RECORDS, logs_request
from benchmarks.processes import Service, StandIn, cores, discord_exporter, service, stand_in
from benchmarks.sizes import Size
from otel_discord.discord_api.limits import EMBEDS_PER_MESSAGE
from otel_discord.signals import Severity

AIM_SHARE: Final = 0.6
"""Of the records a second that the queue in memory takes, in requests of 512."""
AIM_ANSWER_P99_MS: Final = 15.0

_NOBODY: Final = f"http://127.0.0.1:9/api/webhooks/100000000000000001/{'a' * 68}"
_CONNECTIONS: Final = 4
_SMALL_PER_S: Final = 200
_MIB: Final = 1024 * 1024
_BACKLOG_PER_REQUEST: Final = 2_000
_DRAINING_S: Final = 20.0
_QUIET_S: Final = 1.0


def run(size: Size) -> Report:
    """Measure ingest (ratio: disk to memory), answers at 200 requests a second, and a backlog of a million."""
    figures = [*_ingest(size), *_answers(size), *_backlog(size.pick(tiny=2 * _BACKLOG_PER_REQUEST, full=1_000_000))]
    return Report(
        figures,
        [
            "durable: ingest is wall time over four connections, Discord away; ratio: to the queue in memory",
            f"durable: answers are those to one record at a time, {_SMALL_PER_S} a second, open loop",
        ],
    )


# ------------------------------------------------------------------------------------------------------ ingest


def _ingest(size: Size) -> Iterator[Figure]:
    for name, records, requests in (
        ("512", RECORDS, size.pick(tiny=8, full=200)),
        ("1", 1, size.pick(tiny=20, full=4_000)),
    ):
        pairs = [
            (asyncio.run(_ingested(records, requests, on_disk=False)), asyncio.run(_ingested(records, requests)))
            for _ in range(size.pick(tiny=1, full=5))
        ]
        memory = median([each for each, _ in pairs])
        share = median([disk / beside for beside, disk in pairs])
        yield Figure(name=f"durable.memory_requests_of_{name}", value=memory, unit="records/s")
        yield Figure(
            name=f"durable.disk_requests_of_{name}",
            value=median([each for _, each in pairs]),
            unit="records/s",
            ratio=share,
        )
        yield Figure(
            name=f"durable.share_requests_of_{name}",
            value=share,
            unit="of memory",
            ratio=share,
            aim=AIM_SHARE if records == RECORDS else None,
        )


async def _ingested(records: int, requests: int, *, on_disk: bool = True) -> float:
    """Return records a second, from the first byte to the last answer."""
    body = logs_request(records, severity=Severity.ERROR).SerializeToString()
    numbers = iter(range(requests))
    async with _open(_NOBODY, on_disk=on_disk) as running:

        async def send() -> None:
            async with connected(running) as client:
                for _ in numbers:
                    await client.send(body)

        started_s = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_CONNECTIONS):
                tasks.create_task(send())
        return records * requests / (time.monotonic() - started_s)


# ----------------------------------------------------------------------------------------------------- answers


def _answers(size: Size) -> Iterator[Figure]:
    requests = size.pick(tiny=20, full=2_000)
    for name, on_disk in (("memory", False), ("disk", True)):
        runs = [asyncio.run(_answer_times_ms(requests, on_disk=on_disk)) for _ in range(size.pick(tiny=1, full=3))]
        for percent in (50, 99):
            yield Figure(
                name=f"durable.answer_{name}.p{percent}",
                value=median([quantile(each, percent / 100) for each in runs]),
                unit="ms",
                better="lower",
                aim=AIM_ANSWER_P99_MS if on_disk and percent == 99 else None,
            )


async def _answer_times_ms(requests: int, *, on_disk: bool) -> list[float]:
    """Return the time from when each request was due to its answer."""
    body = logs_request(1, severity=Severity.ERROR).SerializeToString()
    loop = asyncio.get_running_loop()
    taken: list[float] = []
    async with _open(_NOBODY, on_disk=on_disk) as running:
        free: asyncio.Queue[HttpClient] = asyncio.Queue()
        async with _several(running, 16) as clients, asyncio.TaskGroup() as tasks:
            for client in clients:
                await client.send(body)
                free.put_nowait(client)

            async def ask(due_s: float) -> None:
                client = await free.get()
                await client.send(body)
                taken.append((loop.time() - due_s) * 1000)
                free.put_nowait(client)

            first_s = loop.time()
            for number in range(requests):
                due_s = first_s + number / _SMALL_PER_S
                await asyncio.sleep(max(0.0, due_s - loop.time()))
                tasks.create_task(ask(due_s))
    return taken


@asynccontextmanager
async def _several(running: Service, connections: int) -> AsyncIterator[list[HttpClient]]:
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(connected(running)) for _ in range(connections)]


# ----------------------------------------------------------------------------------------------------- backlog


def _backlog(records: int) -> Iterator[Figure]:
    """Fill a directory while Discord is away, then start on it with Discord there."""
    own_core, other_core = cores()
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(_fill(directory, records))
        with (
            stand_in(core=other_core) as discord,
            _service(discord.webhook_url, directory, core=own_core) as running,
        ):
            yield Figure(name="durable.start_with_backlog", value=running.ready_after_s, unit="s", better="lower")
            first_after_s, rate, peak = _watch_draining(discord, running)
            yield Figure(name="durable.first_message_after", value=first_after_s, unit="s", better="lower")
            yield Figure(name="durable.drained", value=rate, unit="records/s")
            yield Figure(name="durable.memory_while_draining", value=peak / _MIB, unit="MiB", better="lower")


async def _fill(directory: str, records: int) -> None:
    async with _open(_NOBODY, directory=directory) as running, connected(running) as client:
        for first in range(0, records, _BACKLOG_PER_REQUEST):
            request = logs_request(_BACKLOG_PER_REQUEST, first=first, severity=Severity.ERROR)
            await client.send(request.SerializeToString())


def _watch_draining(discord: StandIn, running: Service) -> tuple[float, float, int]:
    ready_s = time.monotonic()
    while not discord.created():
        time.sleep(0.05)
    first_s = last_s = time.monotonic()
    before = last = discord.created()
    peak = 0
    while time.monotonic() < min(first_s + _DRAINING_S, last_s + _QUIET_S):
        peak = max(peak, running.process.rss_bytes())
        created = discord.created()
        if created != last:
            last, last_s = created, time.monotonic()
        time.sleep(0.1)
    rate = (last - before) * EMBEDS_PER_MESSAGE / max(last_s - first_s, 0.1)
    return first_s - ready_s, rate, peak


# ------------------------------------------------------------------------------------------------------- service


@asynccontextmanager
async def _open(webhook_url: str, *, on_disk: bool = True, directory: str = "") -> AsyncIterator[Service]:
    own_core, _ = cores()
    with tempfile.TemporaryDirectory() as fresh:
        exporters, extensions = _sections(webhook_url, (directory or fresh) if on_disk else "")
        async with service_beside(exporters, core=own_core, extensions=extensions) as running:
            yield running


@contextmanager
def _service(webhook_url: str, directory: str, *, core: int) -> Iterator[Service]:
    exporters, extensions = _sections(webhook_url, directory)
    with service(exporters, core=core, extensions=extensions) as running:
        yield running


def _sections(webhook_url: str, directory: str) -> tuple[dict[str, Any], dict[str, Any]]:
    queue: dict[str, Any] = {"queue_size": 2_000_000, "queue_mib": 16_000}
    settings: dict[str, Any] = {"sending_queue": queue, "shutdown_timeout": "0s"}
    if not directory:
        return {"discord": discord_exporter(webhook_url, dead_letters={"directory": ""}, **settings)}, {}
    queue["storage"] = "file_storage"
    return {"discord": discord_exporter(webhook_url, **settings)}, {"file_storage": {"directory": directory}}
