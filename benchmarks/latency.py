"""How long one record takes when nothing else is going on: from the client's send to the message's arrival."""

import asyncio
import random
from collections.abc import Sequence
from functools import partial
from typing import Final

from benchmarks.calibration import python_ms
from benchmarks.far_end import connected, service_beside, until
from benchmarks.figures import Figure, Report, median, quantile
from benchmarks.payload import logs_request
from benchmarks.processes import cores, discord_exporter
from benchmarks.sizes import Size
from otel_discord.signals import Severity
from otel_discord.testing.fake_discord import FakeDiscord, serve_fake_discord

AIM_OVER_WINDOW_MS: Final = 25.0

_WINDOWS_MS: Final = (50, 0)
_PAUSE_S: Final = (0.005, 0.05)
_SEED: Final = 1


def run(size: Size) -> Report:
    """Measure p50 and p99 for each flush window; the ratio is the time beyond the window, in calibration loops."""
    figures = []
    for window_ms in _WINDOWS_MS:
        runs = [
            (python_ms(), asyncio.run(_latencies_ms(window_ms, size.pick(tiny=5, full=200))))
            for _ in range(size.pick(tiny=1, full=3))
        ]
        figures += [_figure(window_ms, percent, runs) for percent in (50, 99)]
    return Report(figures, ["latency: ratio is the time beyond the window, in units of a fixed loop of Python"])


def _figure(window_ms: int, percent: int, runs: Sequence[tuple[float, Sequence[float]]]) -> Figure:
    values = [quantile(latencies, percent / 100) for _, latencies in runs]
    ratios = [max(value - window_ms, 0.1) / loop_ms for value, (loop_ms, _) in zip(values, runs, strict=True)]
    return Figure(
        name=f"latency.window_{window_ms}ms.p{percent}",
        value=median(values),
        unit="ms",
        ratio=median(ratios),
        better="lower",
        aim=window_ms + AIM_OVER_WINDOW_MS if percent == 99 else None,
    )


async def _latencies_ms(window_ms: int, records: int) -> list[float]:
    own_core, _ = cores()
    dice = random.Random(_SEED)
    fake = FakeDiscord("unlimited")
    webhook = fake.add_webhook()
    async with serve_fake_discord(fake) as server:
        exporter = discord_exporter(
            server.webhook_url(webhook), sending_queue={"batch": {"flush_timeout": f"{window_ms}ms"}}
        )
        async with service_beside({"discord": exporter}, core=own_core) as running, connected(running) as client:
            taken = []
            for number in range(records + 1):
                body = logs_request(1, first=number, severity=Severity.ERROR).SerializeToString()
                sent_s = await client.send(body)
                await until(partial(_has_more_than, fake, number))
                arrived = fake.messages[-1]
                if f"record {number}:" not in "\n".join(arrived.texts()):
                    raise RuntimeError(f"record {number} did not arrive in its turn")
                taken.append((arrived.arrived_at_s - sent_s) * 1000)
                await asyncio.sleep(dice.uniform(*_PAUSE_S))
            return taken[1:]  # the first opens the connection to Discord


def _has_more_than(fake: FakeDiscord, messages: int) -> bool:
    return len(fake.messages) > messages
