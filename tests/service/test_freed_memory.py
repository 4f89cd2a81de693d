"""The C library keeps freed memory: in a process of its own, since the setting holds for a whole process."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from otel_discord.service.freed_memory import keep_freed_memory

if sys.argv[1] == "keep":
    assert keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(100):
    pieces = [bytes(100_000) for _ in range(40)]
    del pieces
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the switch is glibc's")
def test_pages_are_not_taken_away_and_given_again() -> None:
    def page_faults(what: str) -> int:
        done = subprocess.run([sys.executable, "-c", PROGRAM, what], capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert page_faults("keep") < page_faults("give back") / 5
