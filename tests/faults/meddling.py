"""Meddling with the service from inside its process: clocks that leap, names that do not resolve, a disk that fails.

A small library is built with the C compiler that is there and loaded by LD_PRELOAD; without a compiler rows that need
it are explained.
"""

import hashlib
import mmap
import os
import shutil
import subprocess
import sys
import tempfile
from enum import IntEnum
from pathlib import Path
from typing import Self

from tests.faults.row import UnplayableError

_SOURCE = Path(__file__).parent / "preload" / "meddle.c"


class Knob(IntEnum):
    """The numbers of the control page, in its order."""

    REALTIME_NS = 0
    MONOTONIC_NS = 1
    DNS_MODE = 2
    DNS_DELAY_MS = 3
    DISK_MODE = 4
    DISK_BYTES = 5
    SYNC_DELAY_US = 6
    SYNC_ERRNO = 7
    SYNC_STALL_MS = 8
    REFUSED = 9
    SYNCS = 10


class Dns(IntEnum):
    """What becomes of names in ``.faults.test``."""

    UNKNOWN = 1
    HERE = 2
    BOTH_FAMILIES = 3


class Disk(IntEnum):
    """What becomes of writes."""

    WELL = 0
    FULL = 1
    FAILS = 2
    READ_ONLY = 3


class Meddling:
    """One service's control page; ``environment`` is what the service is to be started with."""

    def __init__(self, directory: Path, below: Path | None = None) -> None:
        path = directory / "meddling"
        path.write_bytes(bytes(mmap.PAGESIZE))
        with path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.environment = {"LD_PRELOAD": str(library()), "MEDDLE_CONTROL": str(path)}
        if below is not None:
            self.environment["MEDDLE_DIRECTORY"] = str(below)

    def __getitem__(self, knob: Knob) -> int:
        return int.from_bytes(self._page[knob * 8 : knob * 8 + 8], sys.byteorder, signed=True)

    def __setitem__(self, knob: Knob, value: int) -> None:
        self._page[knob * 8 : knob * 8 + 8] = int(value).to_bytes(8, sys.byteorder, signed=True)

    def leap(self, *, wall_s: float = 0.0, monotonic_s: float = 0.0) -> Self:
        """Let clocks jump, from where they are now."""
        self[Knob.REALTIME_NS] += int(wall_s * 1e9)
        self[Knob.MONOTONIC_NS] += int(monotonic_s * 1e9)
        return self


def library() -> Path:
    """Return the library, built once for each version of its source.

    Raises:
        UnplayableError: there is no compiler, or it is not Linux.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if sys.platform != "linux" or compiler is None:
        raise UnplayableError("needs Linux and a C compiler")
    version = hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:16]
    built = Path(tempfile.gettempdir()) / f"otel-discord-meddle-{os.getuid()}-{version}.so"
    if not built.exists():
        own = built.with_suffix(f".{os.getpid()}")
        command = [compiler, "-shared", "-fPIC", "-O1", "-w", "-o", str(own), str(_SOURCE), "-ldl"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if result.returncode:
            raise UnplayableError(f"the C compiler fails: {result.stderr.strip()[:200]}")
        own.replace(built)
    return built
