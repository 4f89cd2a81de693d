"""What the process itself costs: uptime, CPU seconds, memory, without any package for it."""

import os
import resource
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from otel_discord.component.instrument_list import INSTRUMENTS
from otel_discord.component.instruments import gauge

_STATM: Final = Path("/proc/self/statm")


def memory_rss_bytes() -> int:
    """Return the memory in RAM; where there is no ``/proc``, the largest it has been."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return largest if sys.platform == "darwin" else largest * 1024


def observe_process(meter: Meter, *, started_s: float) -> AbstractContextManager[None]:
    """Show the process's metrics while the block runs; ``started_s`` is ``time.monotonic()`` at the start."""
    _observable_counter(meter, "otelcol_process_uptime", lambda: time.monotonic() - started_s)
    _observable_counter(meter, "otelcol_process_cpu_seconds", time.process_time)
    return gauge(meter, "otelcol_process_memory_rss").watch(memory_rss_bytes, {})


def _observable_counter(meter: Meter, name: str, read: Callable[[], float]) -> None:
    def observe(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(read())]

    spec = INSTRUMENTS[name]
    meter.create_observable_counter(name, [observe], unit=spec.unit, description=spec.description)
