"""How this process is: since when it runs, what it takes up. Only of the standard library."""

import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

_imported_s: Final = time.monotonic()
_KIB: Final = 1024


def system_figures() -> dict[str, Any]:
    """Return ``process.uptime`` (seconds), ``process.thread.count`` and, where it is known, ``process.memory.usage``.

    Memory is bytes in RAM now (Linux), else ``process.memory.peak``, the most there were.
    """
    figures: dict[str, Any] = {
        "process.uptime": round(_uptime_s(), 1),
        "process.thread.count": threading.active_count(),
    }
    resident = _resident_bytes()
    if resident:
        figures["process.memory.usage"] = resident
    elif peak := _peak_bytes():
        figures["process.memory.peak"] = peak
    return figures


def duration_text(seconds: float) -> str:
    """Return the two largest units of a duration: ``3 d 4 h``, ``12 min 5 s``."""
    left = max(0, int(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number or (unit == "s" and not parts):
            parts.append(f"{number} {unit}")
        elif parts:
            break
    return " ".join(parts[:2])


def size_text(size_bytes: int) -> str:
    """Return a size in the unit that people read: ``84 MiB``, ``1.5 GiB``."""
    if size_bytes < _KIB**2:
        return f"{size_bytes / _KIB:.0f} KiB"
    if size_bytes < _KIB**3:
        return f"{size_bytes / _KIB**2:.0f} MiB"
    return f"{size_bytes / _KIB**3:.1f} GiB"


def _uptime_s() -> float:
    """Return the age of the process; where the system does not tell, of this module."""
    try:
        import os

        started_ticks = int(Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
        up_s = float(Path("/proc/uptime").read_text(encoding="utf-8").split()[0])
        return max(0.0, up_s - started_ticks / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError, AttributeError):
        return time.monotonic() - _imported_s


def _resident_bytes() -> int:
    try:
        import os

        pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0


def _peak_bytes() -> int:
    try:
        import resource
    except ImportError:  # not on Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * _KIB
