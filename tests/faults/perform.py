"""Plays rows and says how they ended."""

import tempfile
import time
from pathlib import Path

from tests.faults.row import Result, Row, UnplayableError, Verdict
from tests.faults.stage import opened_stage


async def perform(row: Row, directory: Path, *, seed: int, whole: bool) -> Result:
    """Play a row once; whatever goes wrong is its result."""
    started_s = time.monotonic()

    def result(verdict: Verdict, figures: str = "", why: str = "") -> Result:
        return Result(row.number, verdict, figures, why, time.monotonic() - started_s)

    try:
        async with opened_stage(directory, seed=seed + row.number, whole=whole, **row.stage) as stage:
            await row.play(stage)
            if stage.live_s is not None:
                stage.note(f"live after {max(stage.live_s, 0.1):.1f} s")
            return result(Verdict.GREEN, ", ".join(stage.figures), "; ".join(stage.remarks))
    except UnplayableError as reason:
        return result(Verdict.EXPLAINED, why=str(reason))
    except Exception as error:  # noqa: BLE001 - a row's failure is what it found
        words = str(error) or type(error).__name__
        return result(Verdict.RED, why=words)


async def perform_in_passing(row: Row, *, seed: int, whole: bool) -> Result:
    """Play a row in a directory that goes away."""
    with tempfile.TemporaryDirectory(prefix=f"fault-{row.number}-") as directory:
        return await perform(row, Path(directory), seed=seed, whole=whole)
