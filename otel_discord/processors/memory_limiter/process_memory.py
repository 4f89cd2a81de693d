"""What the process has and may have, asked of the operating system, and how it gives back what it does not need."""

import ctypes
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

import psutil

_CGROUPS: Final = Path("/sys/fs/cgroup")
_OWN_CGROUPS: Final = Path("/proc/self/cgroup")


class Memory(Protocol):
    """What the limiter asks."""

    def used_bytes(self) -> int:
        """Return what the process has in RAM (its resident set)."""
        ...

    def total_bytes(self) -> int:
        """Return what there is for it: the control group's limit, or the machine's memory."""
        ...

    def collect(self) -> None:
        """Collect garbage, and give free memory back to the system."""
        ...


class ProcessMemory:
    """The memory of this process."""

    def __init__(self) -> None:
        self._process = psutil.Process()

    def used_bytes(self) -> int:
        """Return the resident set."""
        return int(self._process.memory_info().rss)

    def total_bytes(self) -> int:
        """Return the least of the control groups' limits and the machine's memory."""
        return min([int(psutil.virtual_memory().total), *cgroup_limits(_read(_OWN_CGROUPS), _CGROUPS)])

    def collect(self) -> None:
        """Collect garbage; where the C library can, let it return free pages, or the resident set would not shrink."""
        gc.unfreeze()  # what was taken for permanent may have become garbage since
        gc.collect()
        if (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
            trim(0)


def cgroup_limits(own: str, root: Path) -> list[int]:
    """Return the limits in bytes of the control groups of a process and of those above them, versions 1 and 2.

    ``own`` is its ``/proc/self/cgroup``, ``root`` where control groups are mounted. Where a container shows only its
    own groups, the paths in ``own`` are not there, and what is at the top holds.
    """
    limits = []
    for file in _limit_files(own, root):
        text = _read(file).strip()
        if text.isdecimal():  # "max" in version 2 is no limit; version 1 has a number above any machine's memory
            limits.append(int(text))
    return limits


def _limit_files(own: str, root: Path) -> Iterator[Path]:
    for line in own.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            base, name = root, "memory.max"
        elif "memory" in controllers.split(","):
            base, name = root / "memory", "memory.limit_in_bytes"
        else:
            continue
        group = base / path.lstrip("/")
        for folder in (group, *group.parents):
            if not folder.is_relative_to(base):
                break
            yield folder / name


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
