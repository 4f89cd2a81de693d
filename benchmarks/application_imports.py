"""What ``import otel_discord.sdk`` adds for an application that has the SDK imported already."""

import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from benchmarks.figures import median

_SDK: Final = "import opentelemetry.sdk._logs, opentelemetry.sdk._logs.export, opentelemetry._logs"
_OURS: Final = {
    "import": "import otel_discord.sdk",
    "names": "import otel_discord.sdk; otel_discord.sdk.DiscordHandler; otel_discord.sdk.DiscordLogExporter",
}
_MARK: Final = "import time: mark"
_LINE: Final = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \| +(\S+)$", re.MULTILINE)


def added_ms(what: str, repetitions: int) -> float:
    """Return the median of the time that it takes after the SDK: of the ``import``, or with its ``names`` used too."""
    clock = "import time; began = time.perf_counter()"
    program = "\n".join([_SDK, clock, _OURS[what], "print((time.perf_counter() - began) * 1000)"])
    return median([float(_output([], program)[0]) for _ in range(repetitions)])


def added_modules() -> list[tuple[str, float]]:
    """Return the modules that its import and names bring after the SDK, with own milliseconds, longest first.

    Python's own measuring (``-X importtime``) makes each take longer than it does.
    """
    program = "\n".join([_SDK, f"import sys; print({_MARK!r}, file=sys.stderr)", _OURS["names"]])
    return parsed(_output(["-X", "importtime"], program)[1])


def parsed(importtime: str) -> list[tuple[str, float]]:
    """Return modules and own milliseconds of what Python wrote after the mark, longest first."""
    _, _, ours = importtime.partition(_MARK)
    found = [(module, int(microseconds) / 1000) for microseconds, module in _LINE.findall(ours)]
    return sorted(found, key=lambda each: -each[1])


def _output(options: Sequence[str], program: str) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, *options, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout, done.stderr
