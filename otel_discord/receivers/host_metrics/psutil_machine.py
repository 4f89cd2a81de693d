"""The one door of psutil for this receiver: what it says of this machine, as samples."""

import os
import platform
import socket
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import psutil

from otel_discord.receivers.host_metrics.cgroup import memory_within_limit
from otel_discord.receivers.host_metrics.samples import (
    Cpus,
    Disk,
    Host,
    Interface,
    Load,
    Memory,
    Mount,
    OwnProcess,
    Paging,
    Usage,
)

_MODES: Final = {"irq": "interrupt"}
_GUESTS: Final = {"guest": "user", "guest_nice": "nice"}
"""The kernel counts the time of guests in these modes as well."""
_STATES: Final = {
    **dict.fromkeys(("running", "waking"), "running"),
    **dict.fromkeys(("sleeping", "disk-sleep", "idle", "waiting", "parked", "locked"), "sleeping"),
    **dict.fromkeys(("stopped", "tracing-stop", "suspended"), "stopped"),
    **dict.fromkeys(("zombie", "dead"), "defunct"),
}
"""psutil's words, which differ by system, as those of the semantic conventions."""
_OS_TYPES: Final = {"sunos": "solaris"}
_SWAP_PAGE_BYTES: Final = 4096
"""psutil makes bytes of the kernel's page counts with this size, whatever the machine's own is."""


class PsutilMachine:
    """This machine."""

    def __init__(self, *, memory_within_cgroup: bool = False) -> None:
        self._within_cgroup = memory_within_cgroup
        self._process = psutil.Process()

    def host(self) -> Host:
        """Return which machine it is."""
        system = platform.system().lower()
        return Host(socket.gethostname(), _OS_TYPES.get(system, system), psutil.boot_time())

    def cpus(self) -> Cpus:
        """Return the CPUs' times, guests' counted once."""
        times = psutil.cpu_times(percpu=True)
        return Cpus(tuple(_by_mode(each._asdict()) for each in times), psutil.cpu_count(logical=False))

    def memory(self) -> Memory:
        """Return how memory is used: that of the machine, or of this process's group where that is wanted."""
        found = psutil.virtual_memory()
        if self._within_cgroup and (within := memory_within_limit(found.total)) is not None:
            return within
        return Memory(
            total=found.total,
            free=found.free,
            available=found.available,
            buffers=getattr(found, "buffers", None),
            cached=getattr(found, "cached", None),
        )

    def load(self) -> Load:
        """Return the load averages."""
        return Load(*psutil.getloadavg())

    def paging(self) -> Paging:
        """Return how swap is used."""
        found = psutil.swap_memory()
        return Paging(found.used, found.free, found.sin // _SWAP_PAGE_BYTES, found.sout // _SWAP_PAGE_BYTES)

    def mounts(self) -> tuple[Mount, ...]:
        """Return what is mounted."""
        return tuple(
            Mount(each.device, each.mountpoint, each.fstype, each.opts) for each in psutil.disk_partitions(all=True)
        )

    def usage(self, mount: Mount) -> Usage:
        """Ask a file system how full it is."""
        found = psutil.disk_usage(mount.mount_point)
        return Usage(mount, found.used, found.free, max(0, found.total - found.used - found.free))

    def disks(self) -> tuple[Disk, ...]:
        """Return the block devices' counters."""
        found = psutil.disk_io_counters(perdisk=True) or {}
        return tuple(
            Disk(
                device=name,
                read_bytes=each.read_bytes,
                write_bytes=each.write_bytes,
                reads=each.read_count,
                writes=each.write_count,
                io_time_s=_seconds(getattr(each, "busy_time", None)),
            )
            for name, each in found.items()
        )

    def interfaces(self) -> tuple[Interface, ...]:
        """Return the network interfaces' counters."""
        found = psutil.net_io_counters(pernic=True) or {}
        return tuple(
            Interface(
                name=name,
                received_bytes=each.bytes_recv,
                sent_bytes=each.bytes_sent,
                received_packets=each.packets_recv,
                sent_packets=each.packets_sent,
                receive_errors=each.errin,
                send_errors=each.errout,
                receive_dropped=each.dropin,
                send_dropped=each.dropout,
            )
            for name, each in found.items()
        )

    def processes(self) -> Mapping[str, int]:
        """Return how many processes are in each state."""
        states: Counter[str] = Counter()
        for process in psutil.process_iter():
            try:
                states[_STATES.get(process.status(), "unknown")] += 1
            except psutil.Error:  # it has ended, or is not to be seen
                continue
        return states

    def own_process(self) -> OwnProcess:
        """Return what this process uses."""
        process = self._process
        with process.oneshot():
            times, memory = process.cpu_times(), process.memory_info()
            return OwnProcess(
                pid=process.pid,
                executable=process.name(),
                started_s=process.create_time(),
                user_s=times.user,
                system_s=times.system,
                resident_bytes=memory.rss,
                virtual_bytes=memory.vms,
                threads=process.num_threads(),
                open_files=process.num_fds() if hasattr(process, "num_fds") else None,
                available_cpus=_available_cpus(),
            )


def _by_mode(times: Mapping[str, Any]) -> dict[str, float]:
    modes = {_MODES.get(mode, mode): float(seconds) for mode, seconds in times.items() if mode not in _GUESTS}
    for guest, host_mode in _GUESTS.items():
        seconds = float(times.get(guest, 0.0))
        if seconds and host_mode in modes:
            modes[host_mode] = max(0.0, modes[host_mode] - seconds)
            modes[guest] = seconds
    return modes


def _available_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return psutil.cpu_count() or 1


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
