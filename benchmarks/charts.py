"""What a chart costs: planned, drawn, and what matplotlib takes once. One core, CPU time."""

import math
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Final

from benchmarks.calibration import python_ms
from benchmarks.figures import Figure, Report, median
from benchmarks.sizes import Size
from otel_discord.exporters.discord.charts import plan_chart
from otel_discord.signals.alert_event import AlertEvent, AlertState

_NS: Final = 1_000_000_000
_FIRST: Final = """
import time
import psutil
from otel_discord.exporters.discord.charts import ChartPlan
from otel_discord.exporters.discord.charts.shapes import Spot
process = psutil.Process()
before, started_s = process.memory_info().rss, time.process_time()
from otel_discord.exporters.discord.charts.drawing import draw
draw(ChartPlan(lines=[[Spot(0, 0), Spot(1, 1)]]))
taken_ms = (time.process_time() - started_s) * 1000
for _ in range(20):
    draw(ChartPlan(lines=[[Spot(0, 0), Spot(1, 1)]]))
print(taken_ms, (process.memory_info().rss - before) / 2**20)
"""


def run(size: Size) -> Report:
    """Return milliseconds per plan and per chart, and what the first chart of a process takes."""
    from otel_discord.exporters.discord.charts.drawing import draw

    event = _alert()
    plan = plan_chart(event)
    if plan is None:
        raise AssertionError("the alert has a series")
    draw(plan)
    count = size.pick(tiny=1, full=60)
    plans, drawings, loops = [], [], []
    for _ in range(count):
        loops.append(python_ms())
        plans.append(_taken_ms(lambda: plan_chart(event)))
        drawings.append(_taken_ms(lambda: draw(plan)))
    loop_ms = median(loops)
    first_ms, memory_mib = _first()
    return Report(
        [
            _figure("charts.plan", median(plans), loop_ms),
            _figure("charts.draw", median(drawings), loop_ms),
            _figure("charts.first", first_ms, loop_ms),
            Figure(name="charts.memory", value=memory_mib, unit="MiB", ratio=memory_mib, better="lower"),
        ],
        [f"charts: {len(event.series)} points, {len(draw(plan)):,} bytes; the first loads matplotlib"],
    )


def _figure(name: str, taken_ms: float, loop_ms: float) -> Figure:
    return Figure(name=name, value=taken_ms, unit="CPU-ms", ratio=taken_ms / loop_ms, better="lower")


def _taken_ms(work: Callable[[], object]) -> float:
    started_s = time.process_time()
    work()
    return (time.process_time() - started_s) * 1000


def _first() -> tuple[float, float]:
    command = [sys.executable, "-c", _FIRST]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    taken_ms, memory_mib = told.split()
    return float(taken_ms), float(memory_mib)


def _alert() -> AlertEvent:
    series = [(at * 5 * _NS, 200 + 50 * math.sin(at) + (1000 if at > 80 else 0)) for at in range(120)]
    return AlertEvent(
        name="QueueTooDeep",
        state=AlertState.RESOLVED,
        series=series,
        threshold="> 1000",
        started_ns=90 * 5 * _NS,
        ended_ns=110 * 5 * _NS,
    )
