"""Every metric that can come: name, unit, kind, and which scraper makes it. Pure.

Source: OpenTelemetry semantic conventions, system and process metrics; the load averages are named as the Collector's
hostmetrics receiver names them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Kind(Enum):
    """Which OTLP type a metric has."""

    GAUGE = "gauge"
    UP_DOWN_COUNTER = "up_down_counter"
    """A cumulative sum that may fall."""
    COUNTER = "counter"
    """A cumulative sum that rises."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a metric is."""

    scraper: str
    unit: str
    kind: Kind
    description: str


_GAUGE, _UP_DOWN, _COUNTER = Kind.GAUGE, Kind.UP_DOWN_COUNTER, Kind.COUNTER

METRICS: Final[Mapping[str, Definition]] = {
    "system.cpu.time": Definition("cpu", "s", _COUNTER, "Seconds each logical CPU spent in each mode."),
    "system.cpu.utilization": Definition("cpu", "1", _GAUGE, "Share of the last interval that each mode had."),
    "system.cpu.logical.count": Definition("cpu", "{cpu}", _UP_DOWN, "Logical CPUs."),
    "system.cpu.physical.count": Definition("cpu", "{cpu}", _UP_DOWN, "Cores."),
    "system.cpu.load_average.1m": Definition("load", "{thread}", _GAUGE, "Load over one minute."),
    "system.cpu.load_average.5m": Definition("load", "{thread}", _GAUGE, "Load over five minutes."),
    "system.cpu.load_average.15m": Definition("load", "{thread}", _GAUGE, "Load over fifteen minutes."),
    "system.memory.usage": Definition("memory", "By", _UP_DOWN, "Memory by state."),
    "system.memory.utilization": Definition("memory", "1", _GAUGE, "Share of memory by state."),
    "system.memory.limit": Definition("memory", "By", _UP_DOWN, "Memory there is."),
    "system.memory.linux.available": Definition("memory", "By", _UP_DOWN, "Memory to be had without swapping."),
    "system.paging.usage": Definition("paging", "By", _UP_DOWN, "Swap by state."),
    "system.paging.utilization": Definition("paging", "1", _GAUGE, "Share of swap by state."),
    "system.paging.operations": Definition("paging", "{operation}", _COUNTER, "Pages read from swap and written."),
    "system.filesystem.usage": Definition("filesystem", "By", _UP_DOWN, "Bytes of a file system by state."),
    "system.filesystem.utilization": Definition("filesystem", "1", _GAUGE, "Used share of what users may have."),
    "system.filesystem.limit": Definition("filesystem", "By", _UP_DOWN, "Size of a file system."),
    "system.disk.io": Definition("disk", "By", _COUNTER, "Bytes read and written."),
    "system.disk.operations": Definition("disk", "{operation}", _COUNTER, "Reads and writes."),
    "system.disk.io_time": Definition("disk", "s", _COUNTER, "Time with something to do."),
    "system.network.io": Definition("network", "By", _COUNTER, "Bytes received and sent."),
    "system.network.packet.count": Definition("network", "{packet}", _COUNTER, "Packets received and sent."),
    "system.network.packet.dropped": Definition("network", "{packet}", _COUNTER, "Packets dropped without an error."),
    "system.network.errors": Definition("network", "{error}", _COUNTER, "Errors in receiving and sending."),
    "system.process.count": Definition("processes", "{process}", _UP_DOWN, "Processes by state."),
    "process.cpu.time": Definition("process", "s", _COUNTER, "CPU time of this process by mode."),
    "process.cpu.utilization": Definition("process", "1", _GAUGE, "CPU of this process, as share of all CPUs."),
    "process.memory.usage": Definition("process", "By", _UP_DOWN, "Memory of this process in RAM."),
    "process.memory.virtual": Definition("process", "By", _UP_DOWN, "Memory that this process has asked for."),
    "process.thread.count": Definition("process", "{thread}", _UP_DOWN, "Threads of this process."),
    "process.unix.file_descriptor.count": Definition(
        "process", "{file_descriptor}", _UP_DOWN, "Files that this process has open."
    ),
    "process.uptime": Definition("process", "s", _GAUGE, "Age of this process."),
}

SCRAPERS: Final = tuple(dict.fromkeys(definition.scraper for definition in METRICS.values()))
