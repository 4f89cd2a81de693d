"""How long the command and the service take to start, and which imports that time goes to."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from benchmarks.calibration import python_ms
from benchmarks.figures import Figure, Report, median
from benchmarks.processes import cores, discord_exporter, service
from benchmarks.sizes import Size

AIM_READY_S: Final = 1.0

_UNREACHABLE: Final = f"http://127.0.0.1:9/api/webhooks/100000000000000001/{'a' * 68}"
_SHOWN_IMPORTS: Final = 8
_IMPORT_LINE: Final = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\w+)")


def run(size: Size) -> Report:
    """Measure medians of wall time; the ratio is in calibration loops."""
    repetitions = size.pick(tiny=1, full=10)
    version_s, version_ratio = _repeat(_version_s, repetitions)
    ready_s, ready_ratio = _repeat(_ready_s, repetitions)
    figures = [
        Figure(name="startup.version", value=version_s, unit="s", ratio=version_ratio, better="lower"),
        Figure(name="startup.ready", value=ready_s, unit="s", ratio=ready_ratio, better="lower", aim=AIM_READY_S),
    ]
    return Report(figures, [f"startup: imports, own time by package: {', '.join(_import_times())}"])


def _repeat(measure: Callable[[], float], times: int) -> tuple[float, float]:
    values, ratios = [], []
    if times > 1:
        measure()  # fills the file cache
    for _ in range(times):
        value = measure()
        values.append(value)
        ratios.append(value * 1000 / python_ms())
    return median(values), median(ratios)


def _version_s() -> float:
    started_s = time.monotonic()
    subprocess.run([sys.executable, "-m", "otel_discord", "--version"], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started_s


def _ready_s() -> float:
    own_core, _ = cores()
    with service(_exporters(), core=own_core) as running:
        return running.ready_after_s


def _exporters() -> dict[str, Any]:
    return {"discord": discord_exporter(_UNREACHABLE)}


def _import_times() -> Sequence[str]:
    """Return the packages whose own modules take longest to import, with milliseconds (with the cost of measuring)."""
    modules = ["otel_discord.cli.commands", "otel_discord.service.run", "otel_discord.exporters.discord.exporter"]
    modules += ["otel_discord.receivers.otlp.receiver", "otel_discord.receivers.otlp.grpc"]
    program = f"import {', '.join(modules)}"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program], check=True, capture_output=True, text=True
    )
    of_package: dict[str, int] = {}
    for microseconds, package in _IMPORT_LINE.findall(done.stderr):
        of_package[package] = of_package.get(package, 0) + int(microseconds)
    slowest = sorted(of_package.items(), key=lambda item: -item[1])[:_SHOWN_IMPORTS]
    return [f"{package} {microseconds // 1000} ms" for package, microseconds in slowest]
