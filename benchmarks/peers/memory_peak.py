"""How much a process grew at most since a moment, watched from outside (Linux)."""

import contextlib
import re
import threading
from pathlib import Path
from typing import Final

_EVERY_S: Final = 0.05
_MIB_KB: Final = 1024


class MemoryPeak:
    """Watches from its making until ``stop``; the process may end meanwhile."""

    def __init__(self, pid: int) -> None:
        self._directory = Path(f"/proc/{pid}")
        with contextlib.suppress(OSError):  # without it an earlier peak would count
            (self._directory / "clear_refs").write_text("5")
        self._start_kb = self._read("VmRSS") or 0
        self._peak_kb = self._start_kb
        self._stopped = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def stop(self) -> float:
        """Return by how many MiB it has grown at most."""
        self._stopped.set()
        self._watcher.join(5)
        return max(0, self._peak_kb - self._start_kb) / _MIB_KB

    def _watch(self) -> None:
        while not self._stopped.wait(_EVERY_S):
            if (peak_kb := self._read("VmHWM")) is None:
                return
            self._peak_kb = max(self._peak_kb, peak_kb)

    def _read(self, name: str) -> int | None:
        try:
            found = re.search(rf"{name}:\s+(\d+) kB", (self._directory / "status").read_text())
        except OSError:
            return None
        return int(found[1]) if found else None
