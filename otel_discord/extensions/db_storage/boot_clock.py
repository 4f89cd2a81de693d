"""The machine's clock that runs on while the process, or the machine, is paused."""

import time


def boot_clock_s() -> float:
    """Return seconds since some moment in the past; they never go back."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
