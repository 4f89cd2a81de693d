"""What is read from the machine: plain numbers, seconds and bytes. Counters count since the machine started."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Cpus:
    """For each logical CPU, seconds by mode (``user``, ``system``, ``idle``, …); modes do not overlap."""

    times: tuple[Mapping[str, float], ...]
    physical_count: int | None


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes. ``buffers`` and ``cached`` are None where the system does not tell them."""

    total: int
    free: int
    available: int
    buffers: int | None
    cached: int | None


@dataclass(frozen=True, slots=True)
class Load:
    """Mean number of threads that run or want to, over three times."""

    one_minute: float
    five_minutes: float
    fifteen_minutes: float


@dataclass(frozen=True, slots=True)
class Paging:
    """Swap in bytes, and pages read from it and written to it."""

    used: int
    free: int
    pages_in: int
    pages_out: int


@dataclass(frozen=True, slots=True)
class Mount:
    """A file system where it is mounted."""

    device: str
    mount_point: str
    type: str
    options: str

    @property
    def mode(self) -> str:
        """``ro`` or ``rw``."""
        return "ro" if "ro" in self.options.split(",") else "rw"


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes of a file system; ``reserved`` is free for root alone."""

    mount: Mount
    used: int
    free: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Disk:
    """Counters of a block device."""

    device: str
    read_bytes: int
    write_bytes: int
    reads: int
    writes: int
    io_time_s: float | None
    """Time in which it had something to do; None where the system does not tell it."""


@dataclass(frozen=True, slots=True)
class Interface:
    """Counters of a network interface."""

    name: str
    received_bytes: int
    sent_bytes: int
    received_packets: int
    sent_packets: int
    receive_errors: int
    send_errors: int
    receive_dropped: int
    send_dropped: int


@dataclass(frozen=True, slots=True)
class OwnProcess:
    """This process."""

    pid: int
    executable: str
    started_s: float
    """Unix time."""
    user_s: float
    system_s: float
    resident_bytes: int
    virtual_bytes: int
    threads: int
    open_files: int | None
    available_cpus: int
    """Logical CPUs that it may use."""


@dataclass(frozen=True, slots=True)
class Host:
    """Which machine it is. ``started_s`` is Unix time."""

    name: str
    os_type: str
    """``linux``, ``darwin``, …: the semantic conventions' words."""
    started_s: float


class Machine(Protocol):
    """Reads samples. Each call may block, for ever with a file system that does not answer, so it is made in a thread.

    Each raises OSError, or another exception, where the system has no such thing.
    """

    def host(self) -> Host:
        """Return which machine it is."""
        ...

    def cpus(self) -> Cpus:
        """Return the CPUs' times."""
        ...

    def memory(self) -> Memory:
        """Return how memory is used."""
        ...

    def load(self) -> Load:
        """Return the load averages."""
        ...

    def paging(self) -> Paging:
        """Return how swap is used."""
        ...

    def mounts(self) -> tuple[Mount, ...]:
        """Return what is mounted, without asking the file systems."""
        ...

    def usage(self, mount: Mount) -> Usage:
        """Ask a file system how full it is."""
        ...

    def disks(self) -> tuple[Disk, ...]:
        """Return the block devices' counters."""
        ...

    def interfaces(self) -> tuple[Interface, ...]:
        """Return the network interfaces' counters."""
        ...

    def processes(self) -> Mapping[str, int]:
        """Return how many processes are in each state."""
        ...

    def own_process(self) -> OwnProcess:
        """Return what this process uses."""
        ...
