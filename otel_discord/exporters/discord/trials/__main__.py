"""The process of a trial: takes the configuration, then one frame after the other, and answers each that it outlives.

It ends when nobody asks any more; what it is asked goes nowhere.
"""

import logging
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from otel_discord.exporters.discord.trials import wire
from otel_discord.exporters.discord.trials.rehearsal import Rehearsal


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """Rehearse until there is nothing more to read."""
    logger = logging.getLogger("otel_discord.trial")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    length = int.from_bytes(asked.read(4), "big")
    rehearsal = Rehearsal(wire.read(asked.read(length)), logger)
    answers.write(wire.ALIVE)
    answers.flush()
    while len(head := asked.read(wire.HEAD_BYTES)) == wire.HEAD_BYTES:
        kind, payload_bytes, accepted_ns = wire.head(head)
        rehearsal.play(kind, asked.read(payload_bytes), accepted_ns)
        answers.write(wire.ALIVE)
        answers.flush()


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # who asks decides when it is over
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):  # where memory is short, this one is to go
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    serve(sys.stdin.buffer, sys.stdout.buffer)
